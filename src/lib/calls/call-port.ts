import type { MediaSource } from '../protocol/media';
import type { CallMessage } from '../protocol/message';
import type { Tuning } from '../peer/media-sections';

/** How a call reaches one person, for as long as one connection lasts. */
export type CallPort = {
  talk(message: CallMessage): void;
  /** Makes room for pictures and sound, sealed or, where both agreed that they cannot, not. May be said again. */
  prepare(isSealed: boolean): void;
  send(source: MediaSource, track: MediaStreamTrack | null, tuning: Tuning): void;
  onTrack(listener: (source: MediaSource, track: MediaStreamTrack) => void): void;
  statistics(): Promise<RTCStatsReport>;
  /** Frames that did not open so far. */
  refused(): number;
};
