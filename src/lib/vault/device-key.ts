import { createDataKey } from '../crypto/sealed-record';
import { ParleyError } from '../protocol/errors';
import { randomId, type VaultId } from '../protocol/ids';
import { DATA_KEY } from './data-key';
import type { Database, DeviceKey, KeySlot } from './schema';

/** `id` tells keys apart, which handles that cannot be exported do not. */
export async function createDeviceKey(): Promise<DeviceKey> {
  return { id: randomId<VaultId>(), key: await createDataKey() };
}

/**
 * The device's key (section 12), made on first use. Of two windows that start together the first to put it there wins
 * for both: looking and putting are one transaction. Throws `vault/locked` where it has a lock and no other window has
 * opened it, `vault/unreadable` for anything but a key.
 */
export async function deviceKeyOf(database: Database): Promise<DeviceKey> {
  const existing = await database.get('keys', DATA_KEY);
  if (existing !== undefined) return opened(existing);
  // Made before the transaction, which would end while it waits for WebCrypto.
  const made = await createDeviceKey();
  const transaction = database.transaction('keys', 'readwrite');
  const there = await transaction.store.get(DATA_KEY);
  if (there === undefined) await transaction.store.put(made, DATA_KEY);
  await transaction.done;
  return opened(there ?? made);
}

async function opened(slot: KeySlot): Promise<DeviceKey> {
  if ('box' in slot) {
    const { unlockedKey } = await import('./unlocked');
    return checked(await unlockedKey(slot));
  }
  return checked(slot);
}

function checked(slot: DeviceKey): DeviceKey {
  const isKey =
    slot.key instanceof CryptoKey && slot.key.algorithm.name === 'AES-GCM' && !slot.key.extractable;
  if (!isKey) throw new ParleyError('vault/unreadable');
  return slot;
}
