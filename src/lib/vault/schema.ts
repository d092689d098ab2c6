import type { DBSchema, IDBPDatabase } from 'idb';
import * as z from 'zod/mini';
import type { SealedRecord } from '../crypto/sealed-record';
import { fromBase64url, toBase64url, type Bytes } from '../protocol/bytes';
import type { FileId, MeetingId, ParticipantId, VaultId } from '../protocol/ids';

/**
 * What IndexedDB holds (section 12): random handles, revisions and ciphertext. Everything that says something about a
 * person or a meeting is inside the ciphertext.
 */
export const VERSION = 2;

/** `revision` counts a record's writes, so that two windows never undo each other's. */
export type Row = { id: string; revision: number; sealed: SealedRecord };

/**
 * The device's data key: a handle that cannot be exported, and a random name for it. `before` names the key whose
 * records were all moved to this one, for windows that still have that.
 */
export type DeviceKey = { id: string; key: CryptoKey; before?: string };

/** A passkey's share of a lock: the data key, sealed under the key made from its PRF output for `salt`. */
export type PasskeyLock = { credential: Bytes; salt: Bytes; sealed: SealedRecord };

/**
 * The data key of a locked device (section 12, levels b and c): in a box that only the passphrase opens, and beside it
 * perhaps sealed for a passkey. What else stands here has to be known while it is locked.
 */
export type LockedKey = {
  id: string;
  before?: string;
  box: Bytes;
  passkey: PasskeyLock | null;
  /** Of nobody doing anything in any window; 0: only when the last window closes. */
  lockAfterMinutes: number;
  /** Since the last right one. Slows down whoever tries at this screen. */
  wrongTries: number;
  lastTryAtMs: number;
};

export type KeySlot = DeviceKey | LockedKey;

export interface VaultSchema extends DBSchema {
  keys: { key: string; value: KeySlot };
  meetings: { key: string; value: Row };
  profile: { key: string; value: Row };
  /** What was said, for the meetings whose conversation is kept. Ids begin with the meeting's handle. */
  history: { key: string; value: Row };
}

/** Those of sealed records: everything but the key. */
export const STORES = ['meetings', 'profile', 'history'] as const;
export type SealedStore = (typeof STORES)[number];

export type Database = IDBPDatabase<VaultSchema>;

/** One step for each version that was ever released. */
export function upgrade(database: Database, from: number): void {
  if (from < 1) {
    database.createObjectStore('keys');
    database.createObjectStore('meetings', { keyPath: 'id' });
    database.createObjectStore('profile', { keyPath: 'id' });
  }
  if (from < 2) database.createObjectStore('history', { keyPath: 'id' });
}

// Zod compiles parsers with `new Function` unless told not to; the content security policy forbids that.
z.config({ jitless: true });

export const id = <T extends string>() =>
  z.pipe(
    z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/)),
    z.transform((text) => text as T),
  );
const bytes = z.pipe(
  z.string(),
  z.transform((text) => fromBase64url(text)),
);
export const timeMs = z.number().check(z.gte(0));

const acceptedFile = z.object({
  file: id<FileId>(),
  size: z.number().check(z.int(), z.gte(0)),
  name: z.string(),
  mediaType: z.string(),
  participant: id<ParticipantId>(),
  isWhole: z.boolean(),
});

/** The inside of a `meetings` record, as JSON. */
export const meetingSchema = z.object({
  vaultId: id<VaultId>(),
  meetingId: id<MeetingId>(),
  role: z.enum(['host', 'guest']),
  /** The person's own name for it; `''` is the name made from its id. */
  name: z.string(),
  /** The link's secret and the host's key, sealed once more by the session worker under this meeting's handle. */
  sealedKeys: z.object({ v: z.literal(1), iv: bytes, ciphertext: bytes }),
  policy: z.object({ lobby: z.boolean(), relayOnly: z.boolean(), sealMedia: z.boolean() }),
  /** Who this person is to the other end, before and after a reload. */
  participant: id<ParticipantId>(),
  createdAtMs: timeMs,
  openedAtMs: timeMs,
  /** Whom the safety words were compared with. */
  verified: z.array(id<ParticipantId>()),
  /** Files on their way that the person agreed to receive. */
  acceptedFiles: z.array(acceptedFile),
  wantsNotice: z.boolean(),
  /** How the service worker knows a push message of this meeting, and when the server was last asked to send them. */
  told: z._default(z.nullable(z.object({ tag: z.string(), atMs: z.nullable(timeMs) })), null),
  /** What is said stays on this device. Off unless the person switched it on for this meeting. */
  keepsHistory: z._default(z.boolean(), false),
  isRetired: z.boolean(),
});

/** `''` is the system's own choice; else an id that the browser made for this site alone. */
const deviceSchema = z.object({
  microphone: z.string(),
  camera: z.string(),
  speaker: z.string(),
  /** What the browser does to the microphone's sound. */
  processing: z.object({
    echoCancellation: z.boolean(),
    noiseSuppression: z.boolean(),
    autoGainControl: z.boolean(),
  }),
});

export const profileSchema = z.object({
  name: z.string(),
  /** Every meeting goes through a relay unless told otherwise. */
  hidesAddress: z._default(z.boolean(), false),
  devices: z._default(deviceSchema, {
    microphone: '',
    camera: '',
    speaker: '',
    processing: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  }),
  /** When a backup was last saved; `null`: never. */
  backedUpAtMs: z._default(z.nullable(timeMs), null),
  /** The person said no to putting the app on the home screen. */
  hidesInstallHint: z._default(z.boolean(), false),
});

export type SavedMeeting = z.infer<typeof meetingSchema>;
export type AcceptedFile = z.infer<typeof acceptedFile>;
export type Profile = z.infer<typeof profileSchema>;

/** JSON with bytes as base64url: what the schemas read back. */
export function toJson(value: object): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part instanceof Uint8Array ? toBase64url(part) : part,
  );
}
