/**
 * Every way Parley can fail, as codes. Words for people live in `ui/words.ts` and nowhere else.
 *
 * `null` means "not there"; a thrown ParleyError means "broken or hostile".
 */
export const ERROR_CODES = [
  /** The text is not a meeting link: length, alphabet, padding, check or version (section 1). */
  'link/malformed',
  /** A cryptographic check failed. One code for every cause, so that nothing outside can tell which (section 13). */
  'crypto/open-failed',
  /** Bytes from outside do not have the shape of their schema. */
  'protocol/malformed',
  /** A message that is right in itself came when the state machine cannot take it. */
  'protocol/unexpected',
  /** A session description is not one that Parley sends (fingerprints, sections, sizes). */
  'description/refused',
  /** A record counter reached its end: a new handshake is needed (section 7). */
  'record/exhausted',
  /** No server answered, neither by WebSocket nor by server-sent events. */
  'signaling/unreachable',
  /** The server is there and cannot do it now: what it stands on is not. */
  'signaling/unavailable',
  /** The server took the message for one beyond its limits. */
  'signaling/rate-limited',
  /** Another window of the same host took the meeting over. */
  'signaling/superseded',
  /** The server refused a host's proof of its key. */
  'signaling/claim-refused',
  /** No such meeting: never opened by its host here, or long unused. */
  'meeting/not-found',
  /** The host retired the meeting for good. */
  'meeting/retired',
  /** The host made a new link; this one opens nothing any more. */
  'meeting/replaced',
  /** As many people as the meeting holds are already there. */
  'meeting/full',
  /** The host turned the guest away. */
  'meeting/denied',
  /** The two ends have no protocol version in common. */
  'meeting/incompatible',
  /** The handshake keeps failing in a way a healthy network does not cause. */
  'meeting/tampered',
  /** No direct or relayed path between the two browsers. */
  'peer/ice-failed',
  /** Only a relay may be used, and this server has none. */
  'peer/no-relay',
  /** Neither yes nor no for far longer than a healthy network takes. */
  'peer/slow',
  /** The browser lacks something without which there is no meeting. */
  'browser/unsupported',
  /** The page came over http from another machine, where a browser gives out no keys (Secure Contexts §1). */
  'browser/insecure',
  /** The meeting is open in another window of this browser, which leads. */
  'meeting/elsewhere',
  /** What this device keeps is locked, and nobody has unlocked it in this window. */
  'vault/locked',
  /** Not the passphrase that the lock or the backup was made with. */
  'vault/wrong-passphrase',
  /** Several wrong passphrases: the next is looked at only after a while. */
  'vault/too-many-tries',
  /** The passkey was not used, or this browser or key cannot unlock with one (WebAuthn PRF). */
  'vault/passkey-failed',
  /** The device has no room left for what is to be kept. */
  'vault/full',
  /** The vault's key or records cannot be read on this device. */
  'vault/unreadable',
  /** The browser keeps no data for this site (private window, blocked storage). */
  'vault/unavailable',
  /** A saved meeting that is not on this device. */
  'vault/not-found',
  /** The file is no backup of Parley, or of a later version. */
  'backup/malformed',
  /** It is one, and its bytes are not those that were written. */
  'backup/damaged',
  /** It asks for more memory or time to open than any backup that Parley makes. */
  'backup/too-costly',
  /** What is on this device changed since the import was looked at. */
  'backup/outdated',
  /** No room left for the file on this device. */
  'file/no-room',
  /** The file could not be read at the sender's side any more. */
  'file/unreadable',
  /** The received bytes are not those that the sender announced. */
  'file/damaged',
  /** The receiver's storage refused a write. */
  'file/write-failed',
  /** The person or the browser's settings did not allow the microphone, the camera or the screen. */
  'media/not-allowed',
  /** No microphone or camera is connected. */
  'media/no-device',
  /** Another program holds the microphone or the camera. */
  'media/busy',
  /** This browser cannot show a screen to others. */
  'media/no-screen',
  /** One of the two browsers cannot seal pictures and sound, and the meeting demands it. */
  'media/not-sealed',
  /** The operating system's share or copy function refused. */
  'ui/copy-failed',
  /** A fault of our own. */
  'internal/fault',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** The one error class. `message` is the code: never a secret, never words. */
export class ParleyError extends Error {
  override readonly name = 'ParleyError';
  readonly code: ErrorCode;
  constructor(code: ErrorCode, options?: { cause?: unknown }) {
    super(code, options);
    this.code = code;
  }
}

/** The code of anything thrown; what is not ours is a fault of our own. */
export function codeOf(thrown: unknown): ErrorCode {
  return thrown instanceof ParleyError ? thrown.code : 'internal/fault';
}

/** The codes that travel between client and server and between peers (section 13); the index is the byte on the wire. */
export const WIRE_CODES = [
  'bad-link',
  'not-found',
  'host-away',
  'full',
  'denied',
  'retired',
  'replaced',
  'incompatible',
  'tampered',
  'rate-limited',
  'superseded',
  'unavailable',
] as const;

export type WireCode = (typeof WIRE_CODES)[number];

/** What a wire code means on this side. `host-away` is a state, not an error, and has no entry. */
export const ERROR_OF_WIRE: Record<Exclude<WireCode, 'host-away'>, ErrorCode> = {
  'bad-link': 'link/malformed',
  'not-found': 'meeting/not-found',
  full: 'meeting/full',
  denied: 'meeting/denied',
  retired: 'meeting/retired',
  replaced: 'meeting/replaced',
  incompatible: 'meeting/incompatible',
  tampered: 'meeting/tampered',
  'rate-limited': 'signaling/rate-limited',
  superseded: 'signaling/superseded',
  unavailable: 'signaling/unavailable',
};
