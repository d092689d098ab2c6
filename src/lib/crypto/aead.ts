import type { Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';

/** AES-256-GCM with a 12-byte nonce and a 16-byte tag after the ciphertext: the one cipher of the protocol. */

export const KEY_BYTES = 32;
export const IV_BYTES = 12;
export const TAG_BYTES = 16;

export type AeadUsage = 'encrypt' | 'decrypt';

/** A handle that cannot be exported. */
export function importAeadKey(raw: Bytes, usages: AeadUsage[] = ['encrypt', 'decrypt']): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, usages);
}

/** The handle takes the bytes' place: they are overwritten. */
export async function takeAeadKey(raw: Bytes, usages?: AeadUsage[]): Promise<CryptoKey> {
  const key = await importAeadKey(raw, usages);
  raw.fill(0);
  return key;
}

/** The nonce of one message: the iv XOR its number, over the last 8 bytes (section 7, RFC 9605 section 4.4.3). */
export function nonceOf(iv: Bytes, number: bigint): Bytes {
  const nonce = iv.slice();
  const view = new DataView(nonce.buffer);
  const at = IV_BYTES - 8;
  view.setBigUint64(at, view.getBigUint64(at) ^ number);
  return nonce;
}

export async function seal(key: CryptoKey, iv: Bytes, aad: Bytes, plaintext: Bytes): Promise<Bytes> {
  const params = { name: 'AES-GCM', iv, additionalData: aad };
  return new Uint8Array(await crypto.subtle.encrypt(params, key, plaintext));
}

/** Throws `crypto/open-failed` for every cause. */
export async function open(key: CryptoKey, iv: Bytes, aad: Bytes, ciphertext: Bytes): Promise<Bytes> {
  const params = { name: 'AES-GCM', iv, additionalData: aad };
  return new Uint8Array(await orOpenFailed(() => crypto.subtle.decrypt(params, key, ciphertext)));
}

/** Nothing outside may tell one failed check from another (section 13); the cause is for a debugger only. */
export async function orOpenFailed<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw cause instanceof ParleyError && cause.code === 'crypto/open-failed'
      ? cause
      : new ParleyError('crypto/open-failed', { cause });
  }
}
