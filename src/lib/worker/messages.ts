import type { Bytes } from '../protocol/bytes';
import type { ErrorCode, WireCode } from '../protocol/errors';
import type { Admission, Description, Policy } from '../protocol/handshake';
import type { FileId, MeetingId, ParticipantId, PeerId, VaultId } from '../protocol/ids';
import type { MediaSource } from '../protocol/media';
import type { FileEnd, NegotiationMessage, TalkMessage } from '../protocol/message';
import type { SafetyWord } from '../crypto/safety-words';
import type { SealedRecord } from '../crypto/sealed-record';

/**
 * Everything that passes between the page and the session worker. The worker holds every key; none has a field here.
 * (`dataKey` is a handle of the vault that cannot be exported, and the invite link is what the page shows on purpose.)
 *
 * A *connection* is one handshake and one RTCPeerConnection; its name is the handshake's tag (`protocol/envelope.ts`).
 */
export type ConnectionTag = string;

/** A data channel on its way to the worker: the channel itself, or a port where a browser cannot transfer one. */
export type ChannelHandle = RTCDataChannel | MessagePort;

/** Where the worker keeps what it may hand out only sealed. */
export type VaultPlace = { dataKey: CryptoKey; vaultId: VaultId };

/** A record of the vault as it lies there. */
export type SealedRow = { id: string; sealed: SealedRecord };
export type SealedRows = { meetings: SealedRow[]; profile: SealedRow[]; history: SealedRow[] };
/** Which saved meeting lies where. */
export type KnownMeeting = { meetingId: string; role: string; vaultId: string };

/**
 * A backup once opened: records as JSON values, not checked yet. The meetings' keys are sealed again under this device's
 * key, each for the handle its record has.
 */
export type OpenedBackup = {
  exportedAtMs: number;
  profile: unknown;
  meetings: unknown[];
  history: { id: string; value: unknown }[];
};

/** What the page says of one sender's or receiver's frames; the frames themselves it never sees sealed or opened. */
export type TransformOptions = {
  connection: ConnectionTag;
  direction: 'send' | 'receive';
  source: MediaSource;
};

/** Calls with an answer. */
export type Calls = {
  /** A new meeting of one's own: invents its key and secret. */
  'create-meeting': {
    input: { vault: VaultPlace };
    output: { meetingId: MeetingId; fragment: string; sealedKeys: SealedRecord };
  };
  /** A link that was opened, typed or scanned. */
  'open-fragment': { input: { fragment: string }; output: { meetingId: MeetingId } };
  /** The keys in hand, for the vault. */
  'seal-keys': { input: { vault: VaultPlace }; output: { sealedKeys: SealedRecord } };
  /** A meeting from the vault; the link's fragment comes back, to be shown or copied. */
  'open-saved': {
    input: { vault: VaultPlace; sealedKeys: SealedRecord };
    output: { meetingId: MeetingId; fragment: string };
  };
  /** Same id, same host key, new secret: every earlier link fails at message 1 (section 2). */
  'new-secret': { input: { vault: VaultPlace }; output: { fragment: string; sealedKeys: SealedRecord } };
  /**
   * A new data key under a passphrase and, if `prf` is there, under a passkey's answer too; the vault moves to it by
   * `reseal`. `passphrase` is the one secret that a person types into the page.
   */
  'make-lock': {
    input: { passphrase: string; prf: Bytes | null };
    output: { key: CryptoKey; box: Bytes; passkey: SealedRecord | null };
  };
  'open-lock': { input: { passphrase: string; box: Bytes }; output: { key: CryptoKey } };
  'open-passkey': { input: { prf: Bytes; sealed: SealedRecord }; output: { key: CryptoKey } };
  /** Every record under another data key. One that does not open stays as it is. */
  reseal: { input: { from: CryptoKey; to: CryptoKey; rows: SealedRows }; output: { rows: SealedRows } };
  /** `passphrase` is null for a file that anybody can read. */
  'write-backup': {
    input: { dataKey: CryptoKey; rows: SealedRows; passphrase: string | null; nowMs: number };
    output: { file: Blob };
  };
  'read-backup': {
    /** `handles`: every one that is taken here, of meetings that open and of others. */
    input: {
      file: Blob;
      passphrase: string | null;
      dataKey: CryptoKey;
      known: KnownMeeting[];
      handles: string[];
    };
    output: OpenedBackup;
  };
  /** Deletes received files that are still here. */
  'drop-received': { input: { files: FileId[] | 'all' }; output: null };
  /** Names the meeting in a push message; the server is told it too. */
  'push-tag': { input: object; output: { tag: string } };
  'sign-claim': { input: { nonce: string }; output: { publicKey: string; signature: string } };
  'sign-retire': {
    input: { timeMs: number };
    output: { publicKey: string; signature: string };
  };
  /** Ends a connection once what was said last is out; answered when nothing more will leave. */
  'close-connection': { input: { connection: ConnectionTag }; output: null };
  /** The same for all of them: the page is done. */
  'shut-down': { input: object; output: null };
  /** Makes room for an accepted file; `from` is how many whole records of it are already here. */
  'receive-file': {
    input: { connection: ConnectionTag; file: FileId; size: number };
    output: { from: number };
  };
  /** A file that arrived whole, for the person to save. It stays in the worker's store until `drop-file`. */
  'read-file': { input: { file: FileId }; output: { contents: Blob } };
};

export type CallName = keyof Calls;

export type Command =
  | { type: 'call'; number: number; call: { [N in CallName]: { name: N } & Calls[N]['input'] }[CallName] }
  /** Makes the next handshake's keys now and, once the own peer id is known, its message 1. */
  | { type: 'prepare'; ownPeer: PeerId | null }
  /** A guest's first step; message 1 comes back as an `envelope` event. */
  | {
      type: 'knock';
      connection: ConnectionTag;
      ownPeer: PeerId;
      participant: ParticipantId;
      name: string;
      text: string;
      relayOnly: boolean;
    }
  /** What a host answers newcomers with from now on. */
  | { type: 'host'; policy: Policy; relayOnly: boolean }
  /** An envelope from the server; `from: null` is the meeting's host. */
  | { type: 'envelope'; from: PeerId | null; bytes: Bytes }
  /** The offer or answer that was asked for; `channel` names the talk channel handed over before. */
  | { type: 'described'; connection: ConnectionTag; description: Description; channel: number }
  | { type: 'admission'; connection: ConnectionTag; admission: Admission }
  /** Later descriptions and candidates. Over the server while the channel is not open or the path is silent. */
  | { type: 'negotiate'; connection: ConnectionTag; message: NegotiationMessage; overServer: boolean }
  | { type: 'talk'; connection: ConnectionTag; message: TalkMessage }
  /** A talk channel, in the same task in which it was made. */
  | { type: 'talk-channel'; channel: number; handle: ChannelHandle }
  /** A file channel: one's own for `file`, or the other side's (`null`: its preamble names the file). */
  | { type: 'file-channel'; connection: ConnectionTag; file: FileId | null; handle: ChannelHandle }
  | { type: 'send-file'; connection: ConnectionTag; file: FileId; source: Blob; from: number }
  /** The receiver stored that many records: the window moves (sender only). */
  | { type: 'file-window'; file: FileId; records: number }
  | { type: 'pause-file'; file: FileId; isPaused: boolean }
  /** Stops work on it and keeps what is stored. */
  | { type: 'stop-file'; file: FileId }
  /** Stops work on it and deletes what is stored. */
  | { type: 'drop-file'; file: FileId }
  /** Looks at every path now: the page woke, or the network changed. */
  | { type: 'check-paths' };

export type WorkerEvent =
  | { type: 'answer'; number: number; output: Calls[CallName]['output'] }
  | { type: 'failure'; number: number; code: ErrorCode }
  /** To a newcomer whose message 1 did not open. */
  | { type: 'refuse'; to: PeerId | null; bytes: Bytes }
  /** To be sent through the server. */
  | { type: 'envelope'; connection: ConnectionTag; bytes: Bytes }
  /** A host's: message 1 of a newcomer opened. An offer is wanted now unless there is a lobby. */
  | { type: 'knocked'; connection: ConnectionTag; from: PeerId; wantsOffer: boolean }
  /** A record from this connection came through another socket than before. */
  | { type: 'moved'; connection: ConnectionTag; from: PeerId | null }
  /** A host's: message 3 opened, the newcomer is who holds the link. */
  | {
      type: 'arrived';
      connection: ConnectionTag;
      participant: ParticipantId;
      name: string;
      text: string;
      safetyWords: SafetyWord[];
    }
  /** A guest's: message 2 opened and it is the meeting's host. */
  | { type: 'met'; connection: ConnectionTag; policy: Policy; safetyWords: SafetyWord[] }
  | { type: 'admission'; connection: ConnectionTag; admission: Admission }
  /** Guarded. */
  | { type: 'negotiation'; connection: ConnectionTag; message: NegotiationMessage }
  | { type: 'open'; connection: ConnectionTag }
  | { type: 'talk'; connection: ConnectionTag; message: TalkMessage }
  | {
      type: 'path';
      connection: ConnectionTag;
      standing: 'alive' | 'doubtful' | 'dead';
      rttMs: number | null;
    }
  /** The other end says it can't go on. Unauthenticated: for words only. */
  | { type: 'refused'; connection: ConnectionTag; code: WireCode }
  /** An envelope that should have opened did not. Nothing changed; the true one may still come. */
  | { type: 'unopened'; connection: ConnectionTag }
  | { type: 'closed'; connection: ConnectionTag; code: ErrorCode | null }
  /** Pictures and pieces of sound that did not open so far, at most once a second. */
  | { type: 'frames-refused'; connection: ConnectionTag; count: number }
  | { type: 'want-file-channel'; connection: ConnectionTag; file: FileId }
  /** Records sent or stored so far. */
  | { type: 'file-progress'; file: FileId; records: number }
  /** All records stored and the root agrees (receiver). */
  | { type: 'file-received'; file: FileId }
  | { type: 'file-failed'; file: FileId; reason: FileEnd };
