import type { ErrorCode } from '../protocol/errors';

/**
 * What the views of a call may see and ask for. `Calls` and `Devices` implement these; the views know nothing else, so
 * each can be shown and tested with a hand-written stand-in.
 */

export type CallStage =
  /** No call, or one that this person is not in. */
  | { at: 'idle' }
  /** Somebody calls. `hasPicture`: they show their camera or their screen. */
  | { at: 'asked'; by: string; hasPicture: boolean }
  /** Nobody has come yet. `isRinging`: it rings at the other side, so their page has heard of it. */
  | { at: 'calling'; isRinging: boolean }
  | { at: 'talking' };

/** How the last call ended, to be read for a moment. */
export type CallEnd = 'declined' | 'no-answer' | 'hung-up' | 'missed';

/** `none`: nothing measured yet. */
export type Quality = 'none' | 'good' | 'weak-own' | 'weak-theirs' | 'weak';

/** What stands one tap behind the quality's word. Null where the browser does not say. */
export type CallFigures = {
  readonly rttMs: number | null;
  readonly jitterMs: number | null;
  /** Parts of 1, over the last seconds. */
  readonly lostIn: number | null;
  readonly lostOut: number | null;
  readonly bitsInPerS: number | null;
  readonly bitsOutPerS: number | null;
  readonly picture: {
    readonly width: number;
    readonly height: number;
    readonly framesPerS: number;
    readonly codec: string;
  } | null;
  readonly ownPicture: {
    readonly width: number;
    readonly height: number;
    readonly framesPerS: number;
    readonly codec: string;
  } | null;
  /** Frames that did not open. */
  readonly refused: number;
};

export type CallPerson = {
  readonly id: string;
  readonly name: string;
  readonly isYou: boolean;
  readonly isMuted: boolean;
  /** Speaking just now. */
  readonly isSpeaking: boolean;
  readonly link: 'connecting' | 'connected' | 'reconnecting';
  /** What there is to show and play; null where they send none. */
  readonly camera: MediaStream | null;
  readonly screen: MediaStream | null;
  /** Microphone and the sound of a shared screen; null for this person. */
  readonly sounds: readonly MediaStream[];
  readonly quality: Quality;
};

export type ScreenContent = 'text' | 'motion';

export interface CallView {
  readonly stage: CallStage;
  /** This person first. Only those who are in the call. */
  readonly people: readonly CallPerson[];
  readonly lastEnd: { readonly how: CallEnd; readonly by: string } | null;
  /** What went wrong with a microphone, a camera or a screen; the call itself goes on. */
  readonly trouble: ErrorCode | null;
  /** Whether pictures and sound are sealed with the link's key once more; false where a browser cannot. */
  readonly isSealed: boolean;
  readonly isMuted: boolean;
  readonly hasCamera: boolean;
  readonly isSharing: boolean;
  readonly screenContent: ScreenContent;
  readonly isSavingData: boolean;
  /** Muted, and heard while the space bar is held down. */
  readonly isPushToTalk: boolean;
  readonly devices: DevicesView;
  accept(wishes: { camera: boolean }): void;
  decline(): void;
  hangUp(): void;
  setMuted(on: boolean): void;
  setCamera(on: boolean): void;
  /** Opens the browser's own choice of a screen, window or tab. */
  setSharing(on: boolean): void;
  setScreenContent(content: ScreenContent): void;
  setSavingData(on: boolean): void;
  setPushToTalk(on: boolean): void;
  /** 0 to 1, now: meters ask with every frame that they draw. */
  levelOf(id: string): number;
  figures(id: string): Promise<CallFigures>;
  dismissTrouble(): void;
}

/** `id` is the browser's; `''` is whatever the system uses. */
export type Device = { readonly id: string; readonly label: string };
export type DeviceKind = 'microphone' | 'camera' | 'speaker';
export type SoundProcessing = {
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly autoGainControl: boolean;
};

export interface DevicesView {
  /** What is plugged in now, each list with the system's own choice (`''`) first; empty before permission was given. */
  readonly listed: Readonly<Record<DeviceKind, readonly Device[]>>;
  readonly chosen: Readonly<Record<DeviceKind, string>>;
  choose(kind: DeviceKind, id: string): void;
  readonly processing: SoundProcessing;
  setProcessing(patch: Partial<SoundProcessing>): void;
  /** The browser can send sound to another speaker (`setSinkId`). */
  readonly canChooseSpeaker: boolean;
  /** Null where the browser offers no blurred background by itself. */
  readonly isBlurred: boolean | null;
  setBlurred(on: boolean): void;
  /** The check before a meeting: starts the microphone and the camera for nobody but this page. */
  readonly preview: {
    readonly camera: MediaStream | null;
    readonly level: () => number;
    readonly trouble: ErrorCode | null;
  } | null;
  startPreview(): void;
  stopPreview(): void;
}
