import { fromBase64url, toBase64url, type Bytes } from './bytes';
import { ParleyError } from './errors';

/** 16 bytes as 22 base64url characters: the form in which ids are compared, stored and sent. */
declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

/** A meeting, which is also its host's key: `H("parley1 id" | publicKey)[0..16]` (section 2). */
export type MeetingId = Id<'meeting'>;
/** One socket at the server, random, gone with the socket (section 3). */
export type PeerId = Id<'peer'>;
/** One person in one meeting, known to the two ends only: what makes them the same person after a reload. */
export type ParticipantId = Id<'participant'>;
/** One chat message. */
export type MessageId = Id<'message'>;
/** One offered file (section 8). */
export type FileId = Id<'file'>;
/** One call: whoever starts it names it. */
export type CallId = Id<'call'>;
/** A saved meeting on this device, random; says nothing about the meeting (section 12). */
export type VaultId = Id<'vault'>;

type AnyId = MeetingId | PeerId | ParticipantId | MessageId | FileId | CallId | VaultId;

export const ID_BYTES = 16;

export function toId<T extends AnyId>(bytes: Uint8Array): T {
  if (bytes.length !== ID_BYTES) throw new ParleyError('protocol/malformed');
  return toBase64url(bytes) as T;
}

/** Canonical base64url of exactly 16 bytes, or `protocol/malformed`. */
export function parseId<T extends AnyId>(text: string): T {
  return toId<T>(fromBase64url(text));
}

export function idBytes(id: AnyId): Bytes {
  return fromBase64url(id);
}

export function randomId<T extends AnyId>(): T {
  return toId<T>(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
}
