import type { DBSchema, IDBPDatabase } from 'idb';
import * as z from 'zod/mini';
import type { SealedRecord } from '../crypto/sealed-record';
import { fromBase64url, toBase64url } from '../protocol/bytes';
import type { FileId, MeetingId, ParticipantId, VaultId } from '../protocol/ids';

/**
 * What IndexedDB holds (section 12): random handles, revisions and ciphertext. Everything that says something about a
 * person or a meeting is inside the ciphertext.
 */
export const DATABASE = 'parley';
export const VERSION = 1;

/** `revision` counts a record's writes, so that two windows never undo each other's. */
export type Row = { id: string; revision: number; sealed: SealedRecord };

/** The device's data key: a handle that cannot be exported, and a random name for it. */
export type DeviceKey = { id: string; key: CryptoKey };

export interface VaultSchema extends DBSchema {
  keys: { key: string; value: DeviceKey };
  meetings: { key: string; value: Row };
  profile: { key: string; value: Row };
}

export type Database = IDBPDatabase<VaultSchema>;

/** One step for each version that was ever released. */
export function upgrade(database: Database, from: number): void {
  if (from < 1) {
    database.createObjectStore('keys');
    database.createObjectStore('meetings', { keyPath: 'id' });
    database.createObjectStore('profile', { keyPath: 'id' });
  }
}

// Zod compiles parsers with `new Function` unless told not to; the content security policy forbids that.
z.config({ jitless: true });

const id = <T extends string>() =>
  z.pipe(
    z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/)),
    z.transform((text) => text as T),
  );
const bytes = z.pipe(
  z.string(),
  z.transform((text) => fromBase64url(text)),
);
const timeMs = z.number().check(z.gte(0));

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
});

export type SavedMeeting = z.infer<typeof meetingSchema>;
export type AcceptedFile = z.infer<typeof acceptedFile>;
export type Profile = z.infer<typeof profileSchema>;

/** JSON with bytes as base64url: what `meetingSchema` reads back. */
export function toJson(value: SavedMeeting | Profile): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part instanceof Uint8Array ? toBase64url(part) : part,
  );
}
