import { ParleyError } from '../protocol/errors';
import type { MeetingId, VaultId } from '../protocol/ids';
import { DATA_KEY } from './data-key';
import { available, openDatabase } from './database';
import { createDeviceKey, deviceKeyOf } from './device-key';
import { openRow, openRows, sealRow, type Shelf } from './rows';
import {
  meetingSchema,
  profileSchema,
  type Database,
  STORES,
  type DeviceKey,
  type Profile,
  type Row,
  type SavedMeeting,
  type SealedStore,
} from './schema';

export type { AcceptedFile, Profile, SavedMeeting } from './schema';

/** What the vault's other parts work with. */
export type Inside = {
  readonly database: Database;
  readonly deviceKey: DeviceKey;
  /** Other records or another key: everybody looks again. */
  changed(key: DeviceKey): void;
};
/** What a meeting is, and where it lies, never changes. */
export type MeetingPatch = Partial<Omit<SavedMeeting, 'vaultId' | 'meetingId' | 'role'>>;
/** What a write found: its own row, and which rows there were. */
type Seen = { row: Row | undefined; ids: string[] };

const PROFILE_ID = 'self';
/** Of somebody who has said nothing about themselves yet. */
export const NO_PROFILE: Profile = profileSchema.parse({ name: '' });
/** Every lost try is another write that won, so only writing without end comes this far. */
const MAX_TRIES = 100;

/**
 * What this device keeps (section 12): sealed record by record under a key that the device does not give out. Every
 * method throws `vault/unavailable` where the browser's storage refuses.
 */
export class Vault {
  readonly #database: Database;
  /** `null` once closed. */
  #channel: BroadcastChannel | null;
  readonly #listeners = new Set<() => void>();
  #deviceKey: DeviceKey;

  private constructor(database: Database, deviceKey: DeviceKey) {
    this.#database = database;
    this.#deviceKey = deviceKey;
    this.#channel = new BroadcastChannel('parley.vault');
    this.#channel.onmessage = () => this.#heard();
  }

  /**
   * Throws `vault/unavailable` where the browser keeps nothing for this site, `vault/locked` where nobody has unlocked
   * it, `vault/unreadable` without its key.
   */
  static open(): Promise<Vault> {
    return available(async () => {
      const database = await openDatabase();
      try {
        return new Vault(database, await deviceKeyOf(database));
      } catch (fault) {
        database.close();
        throw fault;
      }
    });
  }

  /** For the session worker, which seals the meetings' keys itself. */
  get dataKey(): CryptoKey {
    return this.#deviceKey.key;
  }

  close(): void {
    this.#channel?.close();
    this.#channel = null;
    this.#listeners.clear();
    this.#database.close();
  }

  /** Called when a record changed, here or in another window. The answer ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** All that open, and how many did not: one spoilt record does not hide the rest. */
  async meetings(): Promise<{ meetings: SavedMeeting[]; unreadable: number }> {
    const rows = await available(() => this.#database.getAll('meetings'));
    const meetings = await openRows(this.#meetings, rows);
    return { meetings, unreadable: rows.length - meetings.length };
  }

  /** `null`: not on this device. Throws `vault/unreadable`. */
  async meeting(vaultId: VaultId): Promise<SavedMeeting | null> {
    const row = await available(() => this.#database.get('meetings', vaultId));
    return row === undefined ? null : openRow(this.#meetings, row);
  }

  async findByMeeting(meetingId: MeetingId, role: SavedMeeting['role']): Promise<SavedMeeting | null> {
    const { meetings } = await this.meetings();
    return meetings.find((one) => one.meetingId === meetingId && one.role === role) ?? null;
  }

  /**
   * Puts a meeting here, or writes over it under its handle. One meeting in one role is never here twice: where another
   * window saved it under another handle, nothing is written and that record is given back, to go on with.
   */
  async save(meeting: SavedMeeting): Promise<SavedMeeting> {
    let kept = meeting;
    await this.#write('meetings', meeting.vaultId, async (row) => {
      const twin = row === undefined ? await this.findByMeeting(meeting.meetingId, meeting.role) : null;
      kept = twin ?? meeting;
      return twin === null ? meeting : null;
    });
    return kept;
  }

  /** Changes some fields of what is there at that moment. Throws `vault/not-found`, `vault/unreadable`. */
  update(vaultId: VaultId, patch: MeetingPatch): Promise<void> {
    return this.#write('meetings', vaultId, async (row) => {
      if (row === undefined) throw new ParleyError('vault/not-found');
      return { ...(await openRow(this.#meetings, row)), ...patch };
    });
  }

  /** Gone from this device, keys and conversation and all. */
  async forget(vaultId: VaultId): Promise<void> {
    await available(async () => {
      const transaction = this.#database.transaction(['meetings', 'history'], 'readwrite');
      await Promise.all([
        transaction.objectStore('meetings').delete(vaultId),
        transaction.objectStore('history').delete(historyOf(vaultId)),
        transaction.done,
      ]);
    });
    this.#announce();
  }

  async profile(): Promise<Profile> {
    const row = await available(() => this.#database.get('profile', PROFILE_ID));
    return row === undefined ? NO_PROFILE : openRow(this.#profile, row);
  }

  /** What is not named stays as it is. */
  setProfile(patch: Partial<Profile>): Promise<void> {
    return this.#write('profile', PROFILE_ID, async (row) => ({
      ...(row === undefined ? NO_PROFILE : await openRow(this.#profile, row)),
      ...patch,
    }));
  }

  /** Everything: meetings, name, and the key, without which no copy of the records opens either. */
  async erase(): Promise<void> {
    this.#deviceKey = await eraseAll(this.#database);
    this.#announce();
  }

  /** For what is loaded apart: locks and backups (whole.ts), kept conversations (history.ts). */
  get inside(): Inside {
    return {
      database: this.#database,
      deviceKey: this.#deviceKey,
      changed: (key) => {
        this.#deviceKey = key;
        this.#announce();
      },
    };
  }

  #heard(): void {
    const changed = () => this.#changed();
    // Without the new key whoever reads next is told so.
    this.#followKey().then(changed, changed);
  }

  /** Another window moved every record to another key, and has it open. */
  async #followKey(): Promise<void> {
    if (this.#channel === null) return;
    const slot = await available(() => this.#database.get('keys', DATA_KEY));
    if (slot === undefined || slot.id === this.#deviceKey.id || slot.before !== this.#deviceKey.id) return;
    this.#deviceKey = await deviceKeyOf(this.#database);
  }

  get #meetings(): Shelf<SavedMeeting> {
    return { key: this.dataKey, store: 'meetings', schema: meetingSchema };
  }
  get #profile(): Shelf<Profile> {
    return { key: this.dataKey, store: 'profile', schema: profileSchema };
  }

  /**
   * Sealing cannot happen inside a transaction, which ends while it waits. So: read, seal, and write only if nobody
   * wrote in between; else once more from what is there now. `make` answers `null` for nothing to write.
   */
  async #write(
    store: SealedStore,
    id: string,
    make: (row: Row | undefined) => Promise<SavedMeeting | Profile | null>,
  ): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const before = await available(() => this.#look(store, id));
      const value = await make(before.row);
      if (value === null) return;
      const deviceKey = this.#deviceKey;
      const sealed = await sealRow({ key: deviceKey.key, store }, id, value);
      const next = { ...sealed, revision: (before.row?.revision ?? 0) + 1 };
      if (await available(() => this.#put(store, next, before, deviceKey))) return this.#announce();
    }
    throw new ParleyError('vault/unavailable');
  }

  async #look(store: SealedStore, id: string): Promise<Seen> {
    const transaction = this.#database.transaction(store);
    const [ids, row] = await Promise.all([transaction.store.getAllKeys(), transaction.store.get(id)]);
    return { row, ids };
  }

  /** One transaction. A change wants its row as it was; an addition wants that nothing else was added. */
  async #put(store: SealedStore, next: Row, before: Seen, deviceKey: DeviceKey): Promise<boolean> {
    const transaction = this.#database.transaction(['keys', store], 'readwrite');
    const rows = transaction.objectStore(store);
    const [key, ids, row] = await Promise.all([
      transaction.objectStore('keys').get(DATA_KEY),
      rows.getAllKeys(),
      rows.get(next.id),
    ]);
    const isSame =
      row?.revision === before.row?.revision && (row !== undefined || String(ids) === String(before.ids));
    // Another window erased everything: what is sealed under the old key would never open again.
    const isErased = key?.id !== deviceKey.id;
    if (isSame && !isErased) await rows.put(next);
    await transaction.done;
    if (isErased) throw new ParleyError('vault/unavailable');
    return isSame;
  }

  #announce(): void {
    // Says that something changed, and nothing of what.
    this.#channel?.postMessage(null);
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Needs no key: whoever lost the passphrase can start afresh. */
export async function eraseAll(database: Database): Promise<DeviceKey> {
  const fresh = await createDeviceKey();
  await available(async () => {
    const transaction = database.transaction(['keys', ...STORES], 'readwrite');
    await Promise.all([
      ...STORES.map((store) => transaction.objectStore(store).clear()),
      transaction.objectStore('keys').put(fresh, DATA_KEY),
      transaction.done,
    ]);
  });
  return fresh;
}

/** Every id that begins with the handle and a stroke; `0` is the character after it. */
export const historyOf = (vaultId: VaultId): IDBKeyRange =>
  IDBKeyRange.bound(`${vaultId}/`, `${vaultId}0`, false, true);
