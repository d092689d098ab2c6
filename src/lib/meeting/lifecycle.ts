import type { ErrorCode } from '../protocol/errors';

/**
 * One meeting on one page, from its opening to its end. How it stands with the other person is the peer's own table
 * (`peer/lifecycle.ts`); this one says whether there is a meeting to be in at all.
 *
 *   opening ──opened as host──────────────▶ inside ──left, retired, refused, taken over──▶ ended
 *      │                                      ▲                                             ▲
 *      ├──opened as guest──▶ joining ──join───┘                                             │
 *      └──link or vault broken──────────────────────────────────────────────────────────────┘
 */
export type MeetingState =
  /** Somebody with a link may say their name and press Join before keys and vault are open; `wantsIn` remembers it. */
  | { at: 'opening'; hasLink: boolean; wantsIn: boolean }
  /** A guest who has seen whose meeting it is, and has told nobody anything (section 1). */
  | { at: 'joining' }
  /** `hasMet`: there was somebody, so what was said stays in view while a connection is rebuilt. */
  | { at: 'inside'; role: 'host' | 'guest'; hasMet: boolean }
  /** `null`: by one's own wish. */
  | { at: 'ended'; code: ErrorCode | null };

export type MeetingEvent =
  | { type: 'opened'; role: 'host' | 'guest' }
  | { type: 'join' }
  /** Messages pass with somebody. */
  | { type: 'met' }
  /** The person at the other end left, and is not on the way back. */
  | { type: 'parted' }
  | { type: 'leave' }
  /** The host's own deed: the server has confirmed it, and the key is gone from this device. */
  | { type: 'retired' }
  /** Something ended it: the host, the server, a broken link. */
  | { type: 'ended'; code: ErrorCode };

export type MeetingEffect =
  /** The host proves the key and is there for whoever comes. */
  | { type: 'enter' }
  /** What a guest can do before Join. */
  | { type: 'prepare' }
  | { type: 'knock' }
  | { type: 'save' }
  /** Say goodbye and let go of every connection. */
  | { type: 'part' }
  /** Keep it, marked as over. */
  | { type: 'mark-retired' };

export type MeetingStep = { state: MeetingState; effects: MeetingEffect[] };

/** A guest who has pressed Join. */
const INSIDE: MeetingState = { at: 'inside', role: 'guest', hasMet: false };
const GO_IN: MeetingEffect[] = [{ type: 'knock' }, { type: 'save' }];

export function next(state: MeetingState, event: MeetingEvent): MeetingStep {
  if (state.at === 'ended') return { state, effects: [] };
  switch (event.type) {
    case 'opened':
      if (state.at !== 'opening') return { state, effects: [] };
      if (event.role === 'host') {
        return { state: { at: 'inside', role: 'host', hasMet: false }, effects: [{ type: 'enter' }] };
      }
      return state.wantsIn
        ? { state: INSIDE, effects: [{ type: 'prepare' }, ...GO_IN] }
        : { state: { at: 'joining' }, effects: [{ type: 'prepare' }] };
    case 'join':
      if (state.at === 'opening') return { state: { ...state, wantsIn: state.hasLink }, effects: [] };
      return state.at === 'joining' ? { state: INSIDE, effects: GO_IN } : { state, effects: [] };
    case 'met':
    case 'parted':
      return state.at === 'inside'
        ? { state: { ...state, hasMet: event.type === 'met' }, effects: [] }
        : { state, effects: [] };
    case 'leave':
      return { state: { at: 'ended', code: null }, effects: [{ type: 'part' }] };
    case 'retired':
      return { state: { at: 'ended', code: 'meeting/retired' }, effects: [{ type: 'part' }] };
    case 'ended': {
      const isMarked = event.code === 'meeting/retired' && state.at === 'inside' && state.role === 'guest';
      return {
        state: { at: 'ended', code: event.code },
        effects: [{ type: 'part' }, ...(isMarked ? [{ type: 'mark-retired' } as const] : [])],
      };
    }
  }
}
