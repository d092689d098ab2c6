import { ParleyError } from '../protocol/errors';
import { randomId, type FileId, type VaultId } from '../protocol/ids';
import { DATA_KEY } from './data-key';
import { withDatabase } from './database';
import { createDeviceKey } from './device-key';
import { askPasskey, makePasskey } from './passkey';
import type { DeviceKey, KeySlot, LockedKey, PasskeyLock } from './schema';
import { holdKey, tellLockAfter } from './unlocked';
import { eraseAll, type Vault } from './vault';
import { changeSlot, readRows, swapRows } from './whole';
import type { SessionClient } from '../worker/client';

/** What the lock is like, as far as it may be known without opening it. */
export type LockState =
  { kind: 'none' } | { kind: 'locked'; hasPasskey: boolean; lockAfterMinutes: number; waitMs: number };

/** The first few are slips of the finger; then each wrong one doubles the wait. */
const FREE_TRIES = 5;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 300_000;

/** Reads only what lies outside the lock. Throws `vault/unavailable`. */
export function lockState(now: () => number = Date.now): Promise<LockState> {
  return withDatabase(async (database) => {
    const slot = await database.get('keys', DATA_KEY);
    if (slot === undefined || !('box' in slot)) return { kind: 'none' };
    const { passkey, lockAfterMinutes } = slot;
    return { kind: 'locked', hasPasskey: passkey !== null, lockAfterMinutes, waitMs: waitOf(slot, now()) };
  });
}

/**
 * From now on every window of this browser can read what is kept here, until it is locked again.
 * Throws `vault/wrong-passphrase`, `vault/too-many-tries`, `vault/unreadable`.
 */
export function unlock(passphrase: string, now: () => number = Date.now): Promise<void> {
  return withDatabase(async (database) => {
    // Counted before it is tried: closing the window in between wins nothing.
    const before = asLocked(
      await changeSlot(database, (slot) => {
        const locked = asLocked(slot);
        if (waitOf(locked, now()) > 0) throw new ParleyError('vault/too-many-tries');
        return { ...locked, wrongTries: locked.wrongTries + 1, lastTryAtMs: now() };
      }),
    );
    const { key } = await withWorker((session) => session.call('open-lock', { passphrase, box: before.box }));
    await changeSlot(database, (slot) => ({ ...asLocked(slot), wrongTries: 0 }));
    holdKey({ id: before.id, key }, before.lockAfterMinutes);
  });
}

/** Throws `vault/passkey-failed`. */
export function unlockWithPasskey(): Promise<void> {
  return withDatabase(async (database) => {
    const { id, passkey, lockAfterMinutes } = asLocked(await database.get('keys', DATA_KEY));
    if (passkey === null) throw new ParleyError('vault/passkey-failed');
    const prf = await askPasskey(passkey);
    const { key } = await withWorker((session) =>
      session.call('open-passkey', { prf, sealed: passkey.sealed }),
    );
    holdKey({ id, key }, lockAfterMinutes);
  });
}

/**
 * Puts a lock on this device, or another one. The records move to a new key, so that nothing that was ever written for
 * the old one opens them. With a passkey the passphrase is the way back when that is lost.
 */
export async function setLock(
  vault: Vault,
  { passphrase, withPasskey, lockAfterMinutes }: LockWishes,
): Promise<void> {
  const made = withPasskey ? await makePasskey() : null;
  const { key, box, passkey } = await withWorker((session) =>
    session.call('make-lock', { passphrase, prf: made?.prf ?? null }),
  );
  const share: PasskeyLock | null =
    made !== null && passkey !== null
      ? { credential: made.credential, salt: made.salt, sealed: passkey }
      : null;
  const slot: LockedKey = {
    id: randomId<VaultId>(),
    box,
    passkey: share,
    lockAfterMinutes,
    wrongTries: 0,
    lastTryAtMs: 0,
  };
  // Before the others look for it.
  holdKey({ id: slot.id, key }, lockAfterMinutes);
  await move(vault, slot, key);
}

export type LockWishes = { passphrase: string; withPasskey: boolean; lockAfterMinutes: number };

/** Whoever can use this browser can read it again. */
export async function removeLock(vault: Vault): Promise<void> {
  const open: DeviceKey = await createDeviceKey();
  await move(vault, open, open.key);
}

export async function setLockAfter(vault: Vault, lockAfterMinutes: number): Promise<void> {
  await changeSlot(vault.inside.database, (slot) => ({ ...asLocked(slot), lockAfterMinutes }));
  tellLockAfter(lockAfterMinutes);
}

/** For whoever lost the passphrase: everything that is kept here is deleted, and no passphrase is asked for it. */
export function forgetLocked(): Promise<void> {
  return withDatabase(async (database) => {
    await eraseAll(database);
    await dropReceived('all');
  });
}

/** Received files lie beside the records, and go with them. */
export async function dropReceived(files: FileId[] | 'all'): Promise<void> {
  if (files.length > 0) await withWorker((session) => session.call('drop-received', { files }));
}

async function move(vault: Vault, slot: KeySlot, key: CryptoKey): Promise<void> {
  const before = await readRows(vault);
  const { deviceKey: from } = vault.inside;
  const { rows } = await withWorker((session) =>
    session.call('reseal', { from: from.key, to: key, rows: before }),
  );
  await swapRows(vault, before, { rows, key: { slot: { ...slot, before: from.id }, key } });
}

function waitOf({ wrongTries, lastTryAtMs }: LockedKey, nowMs: number): number {
  if (wrongTries < FREE_TRIES) return 0;
  const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (wrongTries - FREE_TRIES), LONGEST_WAIT_MS);
  // A clock that was put back makes nobody wait longer than that.
  return Math.min(Math.max(0, lastTryAtMs + waitMs - nowMs), waitMs);
}

function asLocked(slot: KeySlot | undefined): LockedKey {
  if (slot === undefined || !('box' in slot)) throw new ParleyError('vault/not-found');
  return slot;
}

/** One job, and the worker's memory is gone with it. */
export async function withWorker<T>(job: (session: SessionClient) => Promise<T>): Promise<T> {
  const { SessionClient } = await import('../worker/client');
  const session = new SessionClient(() => undefined);
  try {
    return await job(session);
  } finally {
    session.close();
  }
}
