import { ParleyError } from '../protocol/errors';
import { DATA_KEY } from './data-key';
import { available } from './database';
import { STORES, type Database, type KeySlot, type Row, type SealedStore } from './schema';
import type { Vault } from './vault';

/** Everything in the vault at once, for locks and backups. */

/** Every record as it lies here. */
export type Rows = Record<SealedStore, Row[]>;
/** What takes the place of what is there: rows by their ids, and perhaps another key with its slot. */
export type Swap = {
  rows: Record<SealedStore, Omit<Row, 'revision'>[]>;
  key?: { slot: KeySlot; key: CryptoKey };
};

/** At one moment. */
export function readRows(vault: Vault): Promise<Rows> {
  return available(async () => {
    const transaction = vault.inside.database.transaction(STORES);
    const [meetings, profile, history] = await Promise.all(
      STORES.map((store) => transaction.objectStore(store).getAll()),
    );
    return { meetings: meetings ?? [], profile: profile ?? [], history: history ?? [] };
  });
}

/**
 * All at once or nothing, and only if nothing changed since `before` was read: else `backup/outdated`. With a key the
 * rows must be sealed under it, all of them.
 */
export async function swapRows(vault: Vault, before: Rows, { rows, key }: Swap): Promise<void> {
  const { inside } = vault;
  const { database, deviceKey } = inside;
  await available(async () => {
    const transaction = database.transaction(['keys', ...STORES], 'readwrite');
    const now = await Promise.all(STORES.map((store) => transaction.objectStore(store).getAll()));
    const slot = await transaction.objectStore('keys').get(DATA_KEY);
    const isSame = slot?.id === deviceKey.id && STORES.every((s, i) => isAs(before[s], now[i] ?? []));
    if (!isSame) throw new ParleyError('backup/outdated');
    const puts = STORES.flatMap((store) => {
      const revisions = new Map(before[store].map(({ id, revision }) => [id, revision]));
      return rows[store].map((row) =>
        transaction.objectStore(store).put({ ...row, revision: (revisions.get(row.id) ?? 0) + 1 }),
      );
    });
    const slotPut = key && transaction.objectStore('keys').put(key.slot, DATA_KEY);
    await Promise.all([...puts, slotPut, transaction.done]);
  });
  inside.changed(key === undefined ? deviceKey : { id: key.slot.id, key: key.key });
}

/** What stands beside a lock, in one transaction. Answers the slot as it was. Throws `vault/not-found` without a key. */
export async function changeSlot(database: Database, change: (slot: KeySlot) => KeySlot): Promise<KeySlot> {
  const transaction = database.transaction('keys', 'readwrite');
  const before = await transaction.store.get(DATA_KEY);
  if (before === undefined) throw new ParleyError('vault/not-found');
  await Promise.all([transaction.store.put(change(before), DATA_KEY), transaction.done]);
  return before;
}

function isAs(before: readonly Row[], now: readonly Row[]): boolean {
  return (
    before.length === now.length &&
    before.every(({ id, revision }, index) => now[index]?.id === id && now[index].revision === revision)
  );
}
