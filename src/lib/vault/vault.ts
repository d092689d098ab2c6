import { openDB } from 'idb';
import { fromUtf8, utf8 } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import type { MeetingId, VaultId } from '../protocol/ids';
import { createDataKey, openRecord, sealRecord } from '../crypto/sealed-record';
import {
  DATABASE,
  meetingSchema,
  profileSchema,
  toJson,
  upgrade,
  VERSION,
  type Database,
  type Profile,
  type Row,
  type SavedMeeting,
  type VaultSchema,
} from './schema';

export type { AcceptedFile, Profile, SavedMeeting } from './schema';

type SealedStore = 'meetings' | 'profile';
type Parser<T> = { parse(value: unknown): T };

const DATA_KEY = 'data';
const PROFILE_ID = 'self';
const NO_PROFILE: Profile = { name: '' };
/** Another window can win a write this often in a row only if something writes without end. */
const MAX_TRIES = 8;

/** What this device keeps (section 12): sealed record by record under a key that the device does not give out. */
export class Vault {
  /** For the session worker, which seals the keys themselves. */
  readonly dataKey: CryptoKey;
  readonly #database: Database;
  readonly #channel = new BroadcastChannel('parley.vault');
  readonly #listeners = new Set<() => void>();

  private constructor(database: Database, dataKey: CryptoKey) {
    this.#database = database;
    this.dataKey = dataKey;
    this.#channel.onmessage = () => this.#changed();
  }

  /** Throws `vault/unavailable` where the browser keeps nothing for this site. */
  static async open(): Promise<Vault> {
    try {
      const database = await openDB<VaultSchema>(DATABASE, VERSION, { upgrade });
      return new Vault(database, await dataKeyOf(database));
    } catch (cause) {
      throw new ParleyError('vault/unavailable', { cause });
    }
  }

  close(): void {
    this.#channel.close();
    this.#database.close();
  }

  /** Called when a record changed, here or in another window. The answer ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** All that open, and how many did not: one spoilt record does not hide the rest. */
  async meetings(): Promise<{ meetings: SavedMeeting[]; unreadable: number }> {
    const rows = await this.#database.getAll('meetings');
    const opened = await Promise.allSettled(rows.map((row) => this.#read('meetings', row, meetingSchema)));
    const meetings = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    return { meetings, unreadable: rows.length - meetings.length };
  }

  /** `null`: not on this device. Throws `vault/unreadable`. */
  async meeting(vaultId: VaultId): Promise<SavedMeeting | null> {
    const row = await this.#database.get('meetings', vaultId);
    return row === undefined ? null : this.#read('meetings', row, meetingSchema);
  }

  async findByMeeting(meetingId: MeetingId, role: SavedMeeting['role']): Promise<SavedMeeting | null> {
    const { meetings } = await this.meetings();
    return meetings.find((one) => one.meetingId === meetingId && one.role === role) ?? null;
  }

  save(meeting: SavedMeeting): Promise<void> {
    return this.#write('meetings', meeting.vaultId, () => Promise.resolve(meeting));
  }

  /** Changes some fields of what is there at that moment. Throws `vault/not-found`. */
  update(vaultId: VaultId, patch: Partial<SavedMeeting>): Promise<void> {
    return this.#write('meetings', vaultId, async (row) => {
      if (row === undefined) throw new ParleyError('vault/not-found');
      return { ...(await this.#read('meetings', row, meetingSchema)), ...patch };
    });
  }

  /** Gone from this device, keys and all. */
  async forget(vaultId: VaultId): Promise<void> {
    await this.#database.delete('meetings', vaultId);
    this.#announce();
  }

  async profile(): Promise<Profile> {
    const row = await this.#database.get('profile', PROFILE_ID);
    return row === undefined ? NO_PROFILE : this.#read('profile', row, profileSchema);
  }

  setProfile(profile: Profile): Promise<void> {
    return this.#write('profile', PROFILE_ID, () => Promise.resolve(profile));
  }

  /** Everything: meetings, name, and the key, without which no copy of the records opens either. */
  async erase(): Promise<void> {
    const transaction = this.#database.transaction(['keys', 'meetings', 'profile'], 'readwrite');
    await Promise.all([
      transaction.objectStore('meetings').clear(),
      transaction.objectStore('profile').clear(),
      transaction.objectStore('keys').clear(),
      transaction.done,
    ]);
    this.#announce();
  }

  async #read<T>(store: SealedStore, { id, sealed }: Row, schema: Parser<T>): Promise<T> {
    try {
      return schema.parse(JSON.parse(fromUtf8(await openRecord(this.dataKey, store, id, sealed))));
    } catch (cause) {
      throw new ParleyError('vault/unreadable', { cause });
    }
  }

  /**
   * Sealing cannot happen inside a transaction, which ends while it waits. So: read, seal, and write only if nobody
   * wrote in between; else once more from what is there now.
   */
  async #write(
    store: SealedStore,
    id: string,
    make: (row: Row | undefined) => Promise<SavedMeeting | Profile>,
  ): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const before = await this.#database.get(store, id);
      const plaintext = utf8(toJson(await make(before)));
      const sealed = await sealRecord(this.dataKey, store, id, plaintext);
      const revision = (before?.revision ?? 0) + 1;
      const transaction = this.#database.transaction(store, 'readwrite');
      const now = await transaction.store.get(id);
      const isUnchanged = now?.revision === before?.revision;
      if (isUnchanged) await transaction.store.put({ id, revision, sealed });
      await transaction.done;
      if (!isUnchanged) continue;
      return this.#announce();
    }
    throw new ParleyError('vault/unavailable');
  }

  #announce(): void {
    // Says that something changed, and nothing of what.
    this.#channel.postMessage(null);
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** The data key, made on first use. Of two windows that start together, the first to add it wins for both. */
async function dataKeyOf(database: Database): Promise<CryptoKey> {
  const existing = await database.get('keys', DATA_KEY);
  if (existing !== undefined) return existing;
  const made = await createDataKey();
  const transaction = database.transaction('keys', 'readwrite');
  const key = (await transaction.store.get(DATA_KEY)) ?? made;
  if (key === made) await transaction.store.put(made, DATA_KEY);
  await transaction.done;
  return key;
}
