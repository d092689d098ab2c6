import { fromBase64url, toBase64url, utf8, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { asObject, parseJson, type Json } from '../protocol/json';
import { openRecord, sealRecord, type SealedRecord } from '../crypto/sealed-record';
import { KEYS_STORE } from './meeting-keys';
import type { SealedRow } from './messages';

/** A record's inside. The vault knows what else is in it; here only where a meeting's keys lie. */

export async function openJson(key: CryptoKey, store: string, { id, sealed }: SealedRow): Promise<Json> {
  return parseJson(await openRecord(key, store, id, sealed));
}

export async function sealJson(key: CryptoKey, store: string, id: string, value: Json): Promise<SealedRow> {
  return { id, sealed: await sealRecord(key, store, id, utf8(JSON.stringify(value))) };
}

/** The keys in a meeting's record: sealed once more under its handle. */
export function openKeys(key: CryptoKey, vaultId: string, sealedKeys: unknown): Promise<Bytes> {
  const { v, iv, ciphertext } = asObject(sealedKeys);
  const sealed = { v, iv: bytesOf(iv), ciphertext: bytesOf(ciphertext) } as SealedRecord;
  return openRecord(key, KEYS_STORE, vaultId, sealed);
}

export async function sealKeys(key: CryptoKey, vaultId: string, keys: Bytes): Promise<Json> {
  const { v, iv, ciphertext } = await sealRecord(key, KEYS_STORE, vaultId, keys);
  return { v, iv: toBase64url(iv), ciphertext: toBase64url(ciphertext) };
}

export function bytesOf(value: unknown): Bytes {
  return fromBase64url(textOf(value));
}

export function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new ParleyError('protocol/malformed');
  return value;
}
