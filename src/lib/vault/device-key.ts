import { createDataKey } from '../crypto/sealed-record';
import { ParleyError } from '../protocol/errors';
import { randomId, type VaultId } from '../protocol/ids';
import type { Database, DeviceKey } from './schema';

/** The one name in the `keys` store. */
export const DATA_KEY = 'data';

/** `id` tells keys apart, which handles that cannot be exported do not. */
export async function createDeviceKey(): Promise<DeviceKey> {
  return { id: randomId<VaultId>(), key: await createDataKey() };
}

/**
 * The device's key (section 12, level a), made on first use. Of two windows that start together the first to put it
 * there wins for both: looking and putting are one transaction. Throws `vault/unreadable` for anything but a key.
 */
export async function deviceKeyOf(database: Database): Promise<DeviceKey> {
  const existing = await database.get('keys', DATA_KEY);
  if (existing !== undefined) return checked(existing);
  // Made before the transaction, which would end while it waits for WebCrypto.
  const made = await createDeviceKey();
  const transaction = database.transaction('keys', 'readwrite');
  const there = await transaction.store.get(DATA_KEY);
  if (there === undefined) await transaction.store.put(made, DATA_KEY);
  await transaction.done;
  return checked(there ?? made);
}

function checked(stored: DeviceKey): DeviceKey {
  const isKey =
    stored.key instanceof CryptoKey && stored.key.algorithm.name === 'AES-GCM' && !stored.key.extractable;
  if (!isKey) throw new ParleyError('vault/unreadable');
  return stored;
}
