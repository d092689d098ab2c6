import type { MeetingId } from '../lib/protocol/ids';
import type { Subscriptions } from './subscriptions';

/** Of a meeting that is live, the day on which it was last hosted. */
export type Standing = 'unknown' | 'retired' | number;

/**
 * What is kept of meetings when every socket is gone: that an id was hosted here, when last, and whether its host
 * retired it; and the devices that asked to be told of it. Nothing else about a meeting is ever written down (SERVER,
 * privacy). What resolves is durable. What cannot be done now (a full disk, a store that is away) throws the refusal
 * `unavailable`, and was not done.
 */
export type Registry = {
  /** Exactly one query whatever the answer, so that its time tells nothing. */
  standingOf(id: MeetingId): Promise<Standing>;
  /** The host proved itself on this day. Makes the row, or moves its day; does nothing to a retired meeting. */
  hosted(id: MeetingId, day: number): Promise<void>;
  /** For good: a tombstone without days stays, so that no copy of the key brings the link back. Nobody is told any more. */
  retire(id: MeetingId): Promise<void>;
  /** Drops the meetings last hosted before that day; tombstones stay. */
  sweep(beforeDay: number): Promise<void>;
  readonly subscriptions: Subscriptions;
  /** Whether it could be asked just now. */
  isReady(): Promise<boolean>;
  close(): void;
};

/** A link unused for a season is forgotten; the next claim makes it anew. */
export const KEPT_DAYS = 90;
const DAY_MS = 24 * 3_600_000;

/** Days since 1970 in UTC: as precise as anything that stays on disk gets. */
export const dayOf = (nowMs: number): number => Math.floor(nowMs / DAY_MS);
