import type * as z from 'zod/mini';
import type { MeetingId } from '../lib/protocol/ids';
import type { inputs } from '../lib/protocol/signaling';

/** A device that asked to be told of a meeting with the app closed, as it asked. */
export type Subscription = z.infer<typeof inputs.tell>;

export type SubscriptionBounds = { readonly perMeeting: number; readonly all: number };

/**
 * The devices that asked to be told. They are kept beside the meetings, and like them through every restart. Times are
 * milliseconds since 1970.
 */
export type Subscriptions = {
  /**
   * One device is told of one meeting as one of both: asked again, the newer word counts, for TOLD_DAYS from now. What is
   * new and beyond a bound is refused: `full` is the meeting (its hosts and its guests have a bound each), `no-room` all.
   */
  keep(
    subscription: Subscription,
    bounds: SubscriptionBounds,
    nowMs: number,
  ): Promise<'kept' | 'full' | 'no-room'>;
  /** Whom to tell now: those of that role whose time is not over, and who were not told within QUIET_MS. They count as told. */
  take(id: MeetingId, role: Subscription['role'], nowMs: number): Promise<Subscription[]>;
  remove(id: MeetingId, endpoint: string): Promise<void>;
  /** The device is gone, from all meetings. */
  removeDevice(endpoint: string): Promise<void>;
  /** Drops those whose time is over, and the times that are of no more use. */
  sweep(nowMs: number): Promise<void>;
};

/** Long enough for a meeting once a month; who does not come back to the app is told no more. */
export const TOLD_DAYS = 30;

/** A host on a bad network comes and goes: one notice of that is news, the next is noise. */
export const QUIET_MS = 10 * 60_000;
