import { fromUtf8, utf8 } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { openRecord, sealRecord } from '../crypto/sealed-record';
import { toJson, type Row, type SealedStore } from './schema';

/** A sealed record's inside is JSON that its schema reads. */

type Parser<T> = { parse(value: unknown): T };
/** Which key, of which store, and what is in it. */
export type Shelf<T> = { key: CryptoKey; store: SealedStore; schema: Parser<T> };

/** Throws `vault/unreadable`: another key, another place, another shape. */
export async function openRow<T>({ key, store, schema }: Shelf<T>, { id, sealed }: Row): Promise<T> {
  try {
    return schema.parse(JSON.parse(fromUtf8(await openRecord(key, store, id, sealed))));
  } catch (cause) {
    throw new ParleyError('vault/unreadable', { cause });
  }
}

/** Those that open: one spoilt record does not hide the rest. */
export async function openRows<T>(shelf: Shelf<T>, rows: readonly Row[]): Promise<T[]> {
  const opened = await Promise.allSettled(rows.map((row) => openRow(shelf, row)));
  return opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

export async function sealRow(
  { key, store }: Pick<Shelf<unknown>, 'key' | 'store'>,
  id: string,
  value: object,
): Promise<Omit<Row, 'revision'>> {
  return { id, sealed: await sealRecord(key, store, id, utf8(toJson(value))) };
}
