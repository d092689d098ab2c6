import { openDB } from 'idb';
import { ParleyError } from '../protocol/errors';
import { DATABASE } from './exists';
import { upgrade, VERSION, type Database, type VaultSchema } from './schema';

export function openDatabase(): Promise<Database> {
  return openDB<VaultSchema>(DATABASE, VERSION, {
    upgrade,
    // A window with a newer version waits for this one to let go.
    blocking: (_now, _wanted, event) => (event.target as IDBDatabase).close(),
  });
}

/** For one errand. Throws `vault/unavailable`. */
export function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
  return available(async () => {
    const database = await openDatabase();
    try {
      return await work(database);
    } finally {
      database.close();
    }
  });
}

/** Whatever storage refuses with (blocked, closed, evicted), it is not there; except that it may be full. */
export async function available<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ParleyError) throw cause;
    const isFull = cause instanceof DOMException && cause.name === 'QuotaExceededError';
    throw new ParleyError(isFull ? 'vault/full' : 'vault/unavailable', { cause });
  }
}
