import { concat, utf8, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { IV_BYTES, open, seal } from './aead';

/**
 * What lies on this device (section 12): AES-256-GCM under the vault's data key, a random 12-byte iv each time,
 * AAD = `utf8(store) | 0 | utf8(record id) | 0 | v(1)`, so that a record opens only where it was put.
 */
export type SealedRecord = { v: 1; iv: Bytes; ciphertext: Bytes };

const VERSION = 1;

/** A key that cannot be exported, only stored as it is. */
export function createDataKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

export async function sealRecord(
  key: CryptoKey,
  store: string,
  recordId: string,
  plaintext: Bytes,
): Promise<SealedRecord> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  return { v: VERSION, iv, ciphertext: await seal(key, iv, aadOf(store, recordId), plaintext) };
}

/** Throws `crypto/open-failed`. */
export async function openRecord(
  key: CryptoKey,
  store: string,
  recordId: string,
  { v, iv, ciphertext }: SealedRecord,
): Promise<Bytes> {
  if (v !== VERSION || iv.length !== IV_BYTES) throw new ParleyError('crypto/open-failed');
  return open(key, iv, aadOf(store, recordId), ciphertext);
}

const aadOf = (store: string, recordId: string): Bytes =>
  concat(utf8(store), Uint8Array.of(0), utf8(recordId), Uint8Array.of(0, VERSION));
