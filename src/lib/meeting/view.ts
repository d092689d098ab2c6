import type { SafetyWord } from '../crypto/safety-words';
import type { ErrorCode } from '../protocol/errors';
import type { Policy } from '../protocol/handshake';
import type { CallView, DevicesView } from '../calls/view';
import type { ConnectionFacts } from '../doctor/facts';
import type { ImportPlan } from '../vault/backup';
import type { LockState } from '../vault/lock';

/**
 * What the views may see and ask for. The classes that hold the state implement these interfaces; the views know
 * nothing else, so each can be shown and tested with a hand-written stand-in.
 */

export type Stage =
  | { at: 'opening' }
  /** A guest before Join. `hostPresent` is null until the server has answered. */
  | { at: 'joining'; hostPresent: boolean | null }
  | { at: 'waiting'; reason: 'host-away' | 'lobby' | 'connecting' }
  | { at: 'here' }
  /** `code` is null when the person left by their own wish. */
  | { at: 'ended'; code: ErrorCode | null };

/** How packets travel to one person. `rttMs` is null until it has been measured. */
export type PathInfo = { kind: 'direct' | 'relayed'; transport: 'UDP' | 'TCP' | 'TLS'; rttMs: number | null };

export type Person = {
  id: string;
  name: string;
  isHost: boolean;
  isYou: boolean;
  link: 'connecting' | 'connected' | 'reconnecting' | 'gone';
  path: PathInfo | null;
  safetyWords: readonly SafetyWord[] | null;
  verified: 'no' | 'now' | 'earlier';
  isTyping: boolean;
};

/** Someone who asks to be let in. */
export type Knocker = { id: string; name: string; text: string };

export interface MeetingView {
  readonly stage: Stage;
  readonly role: 'host' | 'guest';
  readonly name: string;
  readonly ownName: string;
  /** Only a relay is used, so that the other side never learns this person's network address. */
  readonly hidesAddress: boolean;
  readonly inviteLink: string | null;
  /** The link came with `%23` for `#`: a mail or chat service has seen the secret (section 1). */
  readonly wasRewritten: boolean;
  readonly people: readonly Person[];
  readonly waitingRoom: readonly Knocker[];
  readonly policy: Policy;
  readonly wantsNotice: boolean;
  readonly signaling: 'connecting' | 'websocket' | 'server-sent events' | 'offline';
  readonly trouble: ErrorCode | null;
  readonly isSaved: boolean;
  readonly call: CallsView;
  readonly history: HistoryView;
  readonly serverLog: ServerLogView;
  join(name: string, wishes: { remember: boolean; hideAddress: boolean }): void;
  leave(): void;
  retire(): void;
  admit(id: string): void;
  turnAway(id: string): void;
  /** A host's; what it says of connections and calls counts from the next one on. */
  setPolicy(patch: Partial<Policy>): void;
  setNotice(on: boolean): void;
  makeNewLink(): void;
  rename(name: string): void;
  setOwnName(name: string): void;
  markVerified(id: string): void;
  dismissTrouble(): void;
  /** What is known of the way to the other side, or of looking for it, at this moment. */
  connectionFacts(): Promise<ConnectionFacts>;
}

/** Calls of a meeting, most of which is loaded when somebody wants one. */
export interface CallsView {
  /** Null until then. */
  readonly view: CallView | null;
  /** Asks everybody who is there, or comes to the call that goes on. */
  start(kind: 'voice' | 'video' | 'screen'): void;
  /** Microphone, camera and speaker, for the check before the meeting. */
  devices(): Promise<DevicesView>;
}

/** What is said, kept on this device if the person wishes so for this meeting. */
export interface HistoryView {
  readonly isKept: boolean;
  /** Off deletes what was kept. */
  set(isKept: boolean): void;
  /** Names of files that came before this page was opened. */
  readonly files: readonly { name: string; fromName: string; atMs: number }[];
}

/** A saved meeting as Home lists it. */
export type MeetingItem = {
  vaultId: string;
  name: string;
  role: 'host' | 'guest';
  status: 'host-here' | 'nobody-here' | 'you-are-host' | 'offline' | 'retired';
  wantsNotice: boolean;
};

/** What a host is asked before it is done. */
export type HostQuestion = 'rename' | 'new-link' | 'retire';

/** What the server writes down, as far as people must be told of it. */
export interface ServerLogView {
  /** Full addresses; they are told for as long as that lasts. */
  readonly isDebug: boolean;
}

export interface HomeView {
  readonly serverLog: ServerLogView;
  readonly items: readonly MeetingItem[];
  readonly isLoading: boolean;
  readonly trouble: ErrorCode | null;
  /** There are meetings that only this device can host, and no recent backup of them. */
  readonly isBackupDue: boolean;
  /** There is something to keep at hand, and nobody said no. */
  readonly wantsInstallHint: boolean;
  hideInstallHint(): void;
  start(): void;
  destroy(): void;
  rename(vaultId: string, name: string): void;
  /** Rejects with `ui/copy-failed` when the clipboard refuses. */
  copyLink(vaultId: string): Promise<void>;
  setNotice(vaultId: string, on: boolean): void;
  newLink(vaultId: string): void;
  retire(vaultId: string): void;
  forget(vaultId: string): void;
}

/** How well what is kept here is kept. */
export type Keeping = {
  meetings: number;
  backedUpAtMs: number | null;
  /** The browser promised not to delete it by itself. */
  isPersistent: boolean;
  /** There are meetings that only this device can host, and no recent backup of them. */
  isBackupDue: boolean;
};

/** Lock and backup. Everything rejects with a ParleyError when it does not work. */
export interface DeviceView {
  /** Null until it was looked at. */
  readonly lock: LockState | null;
  readonly keeping: Keeping | null;
  /** Puts a lock on, or another one. With a passkey the passphrase is for the day when that is lost. */
  setLock(wishes: { passphrase: string; withPasskey: boolean }): Promise<void>;
  removeLock(): Promise<void>;
  /** 0: only when the last window closes. */
  setLockAfter(minutes: number): Promise<void>;
  lockNow(): void;
  /** Without a passphrase anybody can read the file. */
  saveBackup(passphrase: string | null): Promise<void>;
  /** For one's own other device, with words of its own. */
  backupToMove(): Promise<{ backup: File; passphrase: string }>;
  needsPassphrase(file: Blob): Promise<boolean>;
  readBackup(file: Blob, passphrase: string | null): Promise<ImportPlan>;
  persist(): Promise<boolean>;
}

/** What changes something here answers whether that was kept. */
export interface SettingsView {
  /** Null until the vault has been opened: before that nothing here can be changed. */
  readonly device: DeviceView | null;
  readonly name: string;
  setName(name: string): Promise<boolean>;
  readonly hidesAddress: boolean;
  setHidesAddress(on: boolean): Promise<boolean>;
  /** How much the server writes down; null while it has not answered. */
  readonly logMode: 'normal' | 'off' | 'debug' | null;
  forgetEverything(): Promise<boolean>;
}
