import type { Bytes } from '../protocol/bytes';
import { concat } from '../protocol/bytes';

/** SHA-256, HMAC and HKDF (RFC 2104, RFC 5869): `H`, `Extract` and `X` of the protocol. */

export const HASH_BYTES = 32;
const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const;

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** A key that signs and never leaves WebCrypto again. */
export function importHmacKey(key: Bytes): Promise<CryptoKey> {
  // WebCrypto refuses an empty key; HMAC pads with zeros, so one block of zeros is the same key (RFC 2104 section 2).
  const raw = key.length === 0 ? new Uint8Array(HASH_BYTES) : key;
  return crypto.subtle.importKey('raw', raw, HMAC, false, ['sign']);
}

export async function hmac(key: Bytes | CryptoKey, data: Bytes): Promise<Bytes> {
  const handle = key instanceof Uint8Array ? await importHmacKey(key) : key;
  return new Uint8Array(await crypto.subtle.sign('HMAC', handle, data));
}

/** HKDF-Extract. Either side may be empty. */
export const extract = (salt: Bytes, ikm: Bytes): Promise<Bytes> => hmac(salt, ikm);

/** HKDF-Expand, at most 255 * 32 bytes. `key` is the 32 bytes of an Extract or a handle on them. */
export async function expand(key: Bytes | CryptoKey, info: Bytes, lengthBytes: number): Promise<Bytes> {
  const blocks = Math.ceil(lengthBytes / HASH_BYTES);
  if (blocks > 255) throw new RangeError('HKDF-Expand gives at most 255 blocks');
  const handle = key instanceof Uint8Array ? await importHmacKey(key) : key;
  const out = new Uint8Array(blocks * HASH_BYTES);
  let block: Bytes = new Uint8Array(0);
  for (let i = 0; i < blocks; i++) {
    block = await hmac(handle, concat(block, info, Uint8Array.of(i + 1)));
    out.set(block, i * HASH_BYTES);
  }
  return out.slice(0, lengthBytes);
}

/** Extract and Expand in one call of WebCrypto: what the join path uses. `ikm` must not be empty. */
export async function hkdf(
  salt: Bytes,
  ikm: Bytes,
  info: Bytes,
  lengthBytes: number,
  hash: 'SHA-256' | 'SHA-512' = 'SHA-256',
): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', ikm, 'HKDF', false, ['deriveBits']);
  const params = { name: 'HKDF', hash, salt, info };
  return new Uint8Array(await crypto.subtle.deriveBits(params, key, lengthBytes * 8));
}
