import { concat, utf8, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { IV_BYTES, KEY_BYTES, nonceOf, open, seal, TAG_BYTES, takeAeadKey, type AeadUsage } from './aead';
import { hkdf } from './hash';

/**
 * One sealed picture or piece of sound (section 9): SFrame (RFC 9605) with suite 5, AES_256_GCM_SHA512_128, behind the
 * few bytes that a packetizer must be able to read:
 *
 *   0            p                            n-16       n
 *   | clear (p)  | header (1 to 17) | ciphertext | tag (16) |
 *                '---- SFrame (RFC 9605 section 4.2) -------'
 *
 * AAD = header | clear, so what stands in the clear cannot be changed either. nonce = salt XOR counter.
 */
const SUITE = 5;
/** Frames that may come late or out of order, per key. Everything older, and everything seen, is refused. */
const WINDOW = 1024;
/** Long before GCM's bounds for one key; at 30 frames a second that is four years. */
const MAX_FRAMES = 2 ** 32;

export type FrameKey = { kid: number; key: CryptoKey; salt: Bytes };

/** RFC 9605 section 4.4.2. Overwrites `baseKey`. */
export async function frameKey(baseKey: Bytes, kid: number, usages: AeadUsage[]): Promise<FrameKey> {
  const derive = (label: string, lengthBytes: number): Promise<Bytes> => {
    const suffix = new Uint8Array(10);
    const view = new DataView(suffix.buffer);
    view.setBigUint64(0, BigInt(kid));
    view.setUint16(8, SUITE);
    const info = concat(utf8(`SFrame 1.0 Secret ${label} `), suffix);
    return hkdf(new Uint8Array(0), baseKey, info, lengthBytes, 'SHA-512');
  };
  const [raw, salt] = await Promise.all([derive('key', KEY_BYTES), derive('salt', IV_BYTES)]);
  baseKey.fill(0);
  return { kid, key: await takeAeadKey(raw, usages), salt };
}

/** Counts from 0 and seals with each number once. */
export class FrameSealer {
  readonly #key: FrameKey;
  #next: number;

  /** `next` is other than 0 only in tests. */
  constructor(key: FrameKey, next = 0) {
    this.#key = key;
    this.#next = next;
  }

  /** The first `clearBytes` of the frame stay readable. Throws `record/exhausted`. */
  async seal(frame: Bytes, clearBytes: number): Promise<Bytes> {
    if (this.#next >= MAX_FRAMES) throw new ParleyError('record/exhausted');
    const counter = BigInt(this.#next++);
    const header = encodeHeader(BigInt(this.#key.kid), counter);
    const clear = frame.slice(0, clearBytes);
    const iv = nonceOf(this.#key.salt, counter);
    const sealed = await seal(this.#key.key, iv, concat(header, clear), frame.slice(clearBytes));
    return concat(clear, header, sealed);
  }
}

/**
 * Opens each frame once. One that was opened before, or is older than the window, is `null`: browsers send packets again
 * to probe a network, and a replay is worth no more. Whatever else is wrong, it throws `crypto/open-failed` and nothing
 * changes.
 */
export class FrameOpener {
  readonly #key: FrameKey;
  /** The newest counter that was opened with each remainder by the window's width. */
  readonly #opened = new Float64Array(WINDOW).fill(-1);
  #newest = -1;

  constructor(key: FrameKey) {
    this.#key = key;
  }

  async open(sealed: Bytes, clearBytes: number): Promise<Bytes | null> {
    const header = decodeHeader(sealed.subarray(clearBytes));
    if (header === null || header.kid !== BigInt(this.#key.kid) || header.counter >= MAX_FRAMES) refuse();
    const counter = Number(header.counter);
    if (!this.#isNew(counter)) return null;
    const bodyAt = clearBytes + header.lengthBytes;
    if (sealed.length < bodyAt + TAG_BYTES) refuse();
    const clear = sealed.slice(0, clearBytes);
    const aad = concat(sealed.slice(clearBytes, bodyAt), clear);
    const iv = nonceOf(this.#key.salt, header.counter);
    const frame = await open(this.#key.key, iv, aad, sealed.slice(bodyAt));
    // The same frame may have been on its way through here twice.
    if (!this.#isNew(counter)) return null;
    this.#opened[counter % WINDOW] = counter;
    this.#newest = Math.max(this.#newest, counter);
    return concat(clear, frame);
  }

  #isNew(counter: number): boolean {
    return counter > this.#newest - WINDOW && (this.#opened[counter % WINDOW] ?? counter) < counter;
  }
}

/**
 * `X(1) | K(3) | Y(1) | C(3) | KID (0 to 8) | CTR (0 to 8)`: a number below 8 stands in its three bits; otherwise they
 * say how many bytes it takes, less one (RFC 9605 section 4.3).
 */
export function encodeHeader(kid: bigint, counter: bigint): Bytes {
  const [kidBits, kidBytes] = encodeNumber(kid);
  const [counterBits, counterBytes] = encodeNumber(counter);
  return concat(Uint8Array.of((kidBits << 4) | counterBits), kidBytes, counterBytes);
}

/** `null` where there is none, or one that is longer than it need be. */
export function decodeHeader(
  bytes: Uint8Array,
): { kid: bigint; counter: bigint; lengthBytes: number } | null {
  const [config] = bytes;
  if (config === undefined) return null;
  const kid = decodeNumber(config >> 4, bytes, 1);
  if (kid === null) return null;
  const counter = decodeNumber(config & 0x0f, bytes, kid.endAt);
  return counter === null ? null : { kid: kid.value, counter: counter.value, lengthBytes: counter.endAt };
}

/** The four bits of the config byte, and the bytes that follow. */
function encodeNumber(value: bigint): [bits: number, bytes: Bytes] {
  if (value < 8n) return [Number(value), new Uint8Array(0)];
  const whole = new Uint8Array(8);
  new DataView(whole.buffer).setBigUint64(0, value);
  const bytes = whole.slice(whole.findIndex((byte) => byte !== 0));
  return [0x08 | (bytes.length - 1), bytes];
}

function decodeNumber(bits: number, bytes: Uint8Array, at: number): { value: bigint; endAt: number } | null {
  if ((bits & 0x08) === 0) return { value: BigInt(bits), endAt: at };
  const endAt = at + (bits & 0x07) + 1;
  const digits = bytes.subarray(at, endAt);
  if (endAt > bytes.length || digits[0] === 0) return null;
  const value = digits.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return value < 8n ? null : { value, endAt };
}

function refuse(): never {
  throw new ParleyError('crypto/open-failed');
}
