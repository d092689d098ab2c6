import { utf8, type Bytes } from '../protocol/bytes';
import { codeOf, ParleyError } from '../protocol/errors';
import { KEY_BYTES, takeAeadKey } from '../crypto/aead';
import { expand, extract } from '../crypto/hash';
import { openBox, sealBox } from '../crypto/passphrase-box';
import { openRecord, sealRecord, type SealedRecord } from '../crypto/sealed-record';
import type { Calls, SealedRow, SealedRows } from './messages';
import { openJson, openKeys, sealJson, sealKeys } from './sealed-json';

type LockCall = {
  [N in 'make-lock' | 'open-lock' | 'open-passkey' | 'reseal']: { name: N } & Calls[N]['input'];
}['make-lock' | 'open-lock' | 'open-passkey' | 'reseal'];

/** The lock of this device (section 12): its data key as bytes is here only, and only for as long as a job takes. */
export async function lockJob(call: LockCall): Promise<Calls[LockCall['name']]['output']> {
  switch (call.name) {
    case 'make-lock':
      return makeLock(call.passphrase, call.prf);
    case 'open-lock':
      return { key: await takeAeadKey(await openedBox(call.passphrase, call.box)) };
    case 'open-passkey':
      return { key: await takeAeadKey(await openedByPasskey(call.prf, call.sealed)) };
    case 'reseal':
      return { rows: await reseal(call.from, call.to, call.rows) };
  }
}

async function makeLock(passphrase: string, prf: Bytes | null): Promise<Calls['make-lock']['output']> {
  const raw = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const box = await sealBox('lock', passphrase, raw);
  const passkey = prf === null ? null : await sealRecord(await passkeyKey(prf), 'keys', 'passkey', raw);
  return { key: await takeAeadKey(raw), box, passkey };
}

/** What the lock on the disk holds is broken, not typed wrong: `vault/unreadable`. */
async function openedBox(passphrase: string, box: Bytes): Promise<Bytes> {
  try {
    return await openBox('lock', passphrase, box);
  } catch (cause) {
    if (codeOf(cause) === 'vault/wrong-passphrase') throw cause;
    throw new ParleyError('vault/unreadable', { cause });
  }
}

async function openedByPasskey(prf: Bytes, sealed: SealedRecord): Promise<Bytes> {
  try {
    return await openRecord(await passkeyKey(prf), 'keys', 'passkey', sealed);
  } catch (cause) {
    throw new ParleyError('vault/passkey-failed', { cause });
  }
}

/** `X(Extract("parley1", PRF output), "parley1 passkey", 32)`. */
async function passkeyKey(prf: Bytes): Promise<CryptoKey> {
  const raw = await expand(await extract(utf8('parley1'), prf), utf8('parley1 passkey'), KEY_BYTES);
  prf.fill(0);
  return takeAeadKey(raw);
}

async function reseal(from: CryptoKey, to: CryptoKey, rows: SealedRows): Promise<SealedRows> {
  const moved = (store: keyof SealedRows) =>
    Promise.all(rows[store].map((row) => moveRow(from, to, store, row)));
  const [meetings, profile, history] = await Promise.all([
    moved('meetings'),
    moved('profile'),
    moved('history'),
  ]);
  return { meetings, profile, history };
}

async function moveRow(from: CryptoKey, to: CryptoKey, store: string, row: SealedRow): Promise<SealedRow> {
  try {
    const value = await openJson(from, store, row);
    if (store === 'meetings') {
      value['sealedKeys'] = await sealKeys(to, row.id, await openKeys(from, row.id, value['sealedKeys']));
    }
    return await sealJson(to, store, row.id, value);
  } catch (cause) {
    // A record that was spoilt before: it is counted as unreadable, before and after.
    if (cause instanceof ParleyError) return row;
    throw cause;
  }
}
