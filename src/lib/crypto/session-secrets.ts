import { concat, utf8, type Bytes } from '../protocol/bytes';
import { idBytes, type FileId } from '../protocol/ids';
import { MEDIA_SOURCES, type MediaSource } from '../protocol/media';
import { IV_BYTES, KEY_BYTES, takeAeadKey, type AeadUsage } from './aead';
import { expand, extract, importHmacKey, sha256 } from './hash';
import type { Split } from './noise';
import { safetyWords, type SafetyWord } from './safety-words';
import { frameKey, type FrameKey } from './sframe';

export type Purpose = 'signal' | 'chat' | 'file' | 'media';
/** From initiator to responder, or back. */
export type Direction = 'i2r' | 'r2i';
export const opposite = (direction: Direction): Direction => (direction === 'i2r' ? 'r2i' : 'i2r');
export type SessionKey = { key: CryptoKey; iv: Bytes };

const DIRECTION_BYTE: Record<Direction, number> = { i2r: 0, r2i: 1 };

/**
 * What all keys inside the connection are bound to (section 5): `H(fingerprint of I | fingerprint of R)`, each the 32
 * bytes of a DTLS certificate's SHA-256. Where DTLS ends anywhere else, nothing opens.
 */
export function contextOf(fingerprintI: Bytes, fingerprintR: Bytes): Promise<Bytes> {
  return sha256(concat(fingerprintI, fingerprintR));
}

/** All keys of one finished handshake: `M = Extract(h, k1 | k2)`, kept where nothing can read it out. */
export class SessionSecrets {
  readonly #m: CryptoKey;
  readonly #h: Bytes;

  private constructor(m: CryptoKey, h: Bytes) {
    this.#m = m;
    this.#h = h;
  }

  /** Overwrites `k1` and `k2`. */
  static async from({ h, k1, k2 }: Split): Promise<SessionSecrets> {
    const ikm = concat(k1, k2);
    const m = await extract(h, ikm);
    for (const secret of [k1, k2, ikm]) secret.fill(0);
    const key = await importHmacKey(m);
    m.fill(0);
    return new SessionSecrets(key, h);
  }

  /** `keysFor` in both directions, named as the end that sends in `own` sees them. */
  async bothWays(
    purpose: Purpose,
    own: Direction,
    ctx: Bytes,
  ): Promise<{ send: SessionKey; receive: SessionKey }> {
    const keys = (direction: Direction) => this.keysFor(purpose, direction, ctx);
    const [send, receive] = await Promise.all([keys(own), keys(opposite(own))]);
    return { send, receive };
  }

  /**
   * `key = X(M, "parley1 <purpose>" | 0 | direction(1) | ctx, 32)` and `iv = X(M, "parley1 <purpose> iv" | ..., 12)`.
   * Inside the connection `ctx` is `contextOf`; before there is one it is empty.
   */
  async keysFor(
    purpose: Purpose,
    direction: Direction,
    ctx: Bytes,
    usages?: AeadUsage[],
  ): Promise<SessionKey> {
    const [key, iv] = await Promise.all([
      this.#key(info(purpose, direction, ctx), usages),
      expand(this.#m, info(`${purpose} iv`, direction, ctx), IV_BYTES),
    ]);
    return { key, iv };
  }

  /** Section 8: `X(M, "parley1 file" | 0 | direction(1) | ctx | fid(16) | attempt(16), 32)`. */
  fileKey(
    direction: Direction,
    ctx: Bytes,
    file: FileId,
    attempt: Bytes,
    usages?: AeadUsage[],
  ): Promise<CryptoKey> {
    return this.#key(info('file', direction, concat(ctx, idBytes(file), attempt)), usages);
  }

  /**
   * Section 9: base key `X(M, "parley1 media" | 0 | direction(1) | ctx | stream(1), 32)`; the key id is
   * `epoch * 4 + stream`, and the epoch is 0 in version 1.
   */
  async mediaKey(
    direction: Direction,
    ctx: Bytes,
    source: MediaSource,
    usages: AeadUsage[],
  ): Promise<FrameKey> {
    const stream = MEDIA_SOURCES.indexOf(source);
    const label = info('media', direction, concat(ctx, Uint8Array.of(stream)));
    return frameKey(await expand(this.#m, label, KEY_BYTES), stream, usages);
  }

  /** The four words of this session, the same at both ends (section 6). */
  safetyWords(randomI: Bytes, randomR: Bytes): Promise<SafetyWord[]> {
    return safetyWords(this.#h, randomI, randomR);
  }

  async #key(label: Bytes, usages?: AeadUsage[]): Promise<CryptoKey> {
    return takeAeadKey(await expand(this.#m, label, KEY_BYTES), usages);
  }
}

function info(label: string, direction: Direction, ctx: Bytes): Bytes {
  return concat(utf8(`parley1 ${label}`), Uint8Array.of(0, DIRECTION_BYTE[direction]), ctx);
}
