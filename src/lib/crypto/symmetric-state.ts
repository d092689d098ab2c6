import { concat, utf8, type Bytes } from '../protocol/bytes';
import { importAeadKey, IV_BYTES, KEY_BYTES, open, seal } from './aead';
import { expand, extract, HASH_BYTES, hkdf, sha256 } from './hash';

/**
 * SymmetricState and CipherState of the Noise specification, revision 34, sections 5.1 and 5.2, for AESGCM and SHA256.
 * Method names are the specification's. Nothing here catches: whoever runs a message works on a `copy()` and keeps it
 * only if all of the message held.
 */

const EMPTY: Bytes = new Uint8Array(0);

/** `0(4) | n(8)`, section 12.4. */
export function noiseNonce(n: number): Bytes {
  const nonce = new Uint8Array(IV_BYTES);
  new DataView(nonce.buffer).setBigUint64(4, BigInt(n));
  return nonce;
}

export class SymmetricState {
  #ck: Bytes;
  #h: Bytes;
  /** `null` until the first MixKey: what is sent before it goes in clear (section 5.1). */
  #k: Bytes | null = null;
  #n = 0;

  private constructor(ck: Bytes, h: Bytes) {
    this.#ck = ck;
    this.#h = h;
  }

  /** InitializeSymmetric: a name longer than a hash is hashed. */
  static async initialize(protocolName: string): Promise<SymmetricState> {
    const name = utf8(protocolName);
    const h =
      name.length > HASH_BYTES ? await sha256(name) : concat(name, new Uint8Array(HASH_BYTES - name.length));
    return new SymmetricState(h.slice(), h);
  }

  copy(): SymmetricState {
    const copy = new SymmetricState(this.#ck.slice(), this.#h);
    copy.#k = this.#k?.slice() ?? null;
    copy.#n = this.#n;
    return copy;
  }

  /** The handshake hash so far. */
  get h(): Bytes {
    return this.#h;
  }

  /** MixKey. `ikm` is overwritten. */
  async mixKey(ikm: Bytes): Promise<void> {
    const out = await hkdf(this.#ck, ikm, EMPTY, 2 * HASH_BYTES);
    ikm.fill(0);
    this.#setKeys(out, KEY_BYTES);
  }

  async mixHash(data: Bytes): Promise<void> {
    this.#h = await sha256(concat(this.#h, data));
  }

  /** MixKeyAndHash, for the psk token (section 9.2). */
  async mixKeyAndHash(psk: Bytes): Promise<void> {
    const out = await hkdf(this.#ck, psk, EMPTY, 3 * HASH_BYTES);
    await this.mixHash(out.slice(HASH_BYTES, 2 * HASH_BYTES));
    this.#setKeys(out, 2 * HASH_BYTES);
  }

  async encryptAndHash(plaintext: Bytes): Promise<Bytes> {
    const key = await this.#nextKey(['encrypt']);
    const ciphertext = key === null ? plaintext : await seal(key, noiseNonce(this.#n++), this.#h, plaintext);
    await this.mixHash(ciphertext);
    return ciphertext;
  }

  /** Throws `crypto/open-failed`. */
  async decryptAndHash(ciphertext: Bytes): Promise<Bytes> {
    const key = await this.#nextKey(['decrypt']);
    const plaintext = key === null ? ciphertext : await open(key, noiseNonce(this.#n++), this.#h, ciphertext);
    await this.mixHash(ciphertext);
    return plaintext;
  }

  /** Whether EncryptAndHash seals by now, and so adds a tag. */
  get hasKey(): boolean {
    return this.#k !== null;
  }

  /** Split: `k1` is the initiator's, `k2` the responder's. The chaining key is gone afterwards. */
  async split(): Promise<{ k1: Bytes; k2: Bytes }> {
    const prk = await extract(this.#ck, EMPTY);
    const out = await expand(prk, EMPTY, 2 * HASH_BYTES);
    prk.fill(0);
    this.destroy();
    const keys = { k1: out.slice(0, HASH_BYTES), k2: out.slice(HASH_BYTES) };
    out.fill(0);
    return keys;
  }

  /** Overwrites every key. */
  destroy(): void {
    this.#ck.fill(0);
    this.#k?.fill(0);
  }

  async #nextKey(usages: Array<'encrypt' | 'decrypt'>): Promise<CryptoKey | null> {
    return this.#k === null ? null : importAeadKey(this.#k, usages);
  }

  #setKeys(out: Bytes, keyAt: number): void {
    this.destroy();
    this.#ck = out.slice(0, HASH_BYTES);
    this.#k = out.slice(keyAt, keyAt + KEY_BYTES);
    this.#n = 0;
    out.fill(0);
  }
}
