import type { CallId, ParticipantId } from '../protocol/ids';
import type { MediaSource } from '../protocol/media';
import type { CallMessage, CallStanding } from '../protocol/message';

/**
 * The life of this person's part in a call, as a table: `next(state, event)` says what follows.
 *
 *   idle ──start──────────────▶ in (alone) ──somebody comes──▶ in (met) ──all others left──▶ idle
 *    │  ◀─decline, caller left─ asked ──accept──▶ in (met)        │
 *    └──somebody else is in──▶ asked                              └──hang up──▶ idle
 *
 * A meeting has one call, and each person is in it or not; what each says of it replaces what they said before. Written
 * for any number of people: the one who starts it asks everybody, and whoever comes later finds it going on.
 */
export type OwnPart =
  /** `last`: the call that was left or declined, which does not ring again. */
  | { at: 'idle'; last: { call: CallId; isDeclined: boolean } | null }
  | { at: 'asked'; call: CallId }
  /** `hasMet`: somebody else has been in it too. */
  | { at: 'in'; call: CallId; hasMet: boolean };

/** What somebody else last said. */
export type OtherPart = {
  standing: CallStanding;
  call: CallId | null;
  seals: boolean;
  sends: readonly MediaSource[];
};

export type CallState = { own: OwnPart; others: ReadonlyMap<ParticipantId, OtherPart> };

export type CallEvent =
  | { type: 'start'; call: CallId }
  | { type: 'accept' }
  | { type: 'decline' }
  | { type: 'hang-up' }
  | { type: 'said'; by: ParticipantId; message: CallMessage }
  /** They left the meeting. */
  | { type: 'gone'; who: ParticipantId }
  /** Nobody came. */
  | { type: 'timeout' };

/** How a call ended that this person did not end; `by` is whose doing it was. */
export type CallEnding = {
  how: 'declined' | 'no-answer' | 'hung-up' | 'missed';
  by: ParticipantId | null;
};

export type Step = { state: CallState; ending: CallEnding | null };

export const NO_CALL: CallState = { own: { at: 'idle', last: null }, others: new Map() };
const OUT: OtherPart = { standing: 'out', call: null, seals: false, sends: [] };

export function next(state: CallState, event: CallEvent): Step {
  const { own, others } = state;
  switch (event.type) {
    case 'start': {
      if (own.at === 'in') return go(state);
      const goingOn = callOf(others);
      return go({ own: { at: 'in', call: goingOn ?? event.call, hasMet: goingOn !== null }, others });
    }
    case 'accept':
      return own.at === 'asked' ? go({ own: { ...own, at: 'in', hasMet: true }, others }) : go(state);
    case 'decline':
      return own.at === 'asked' ? go({ own: leaving(own.call, true), others }) : go(state);
    case 'hang-up':
      return own.at === 'in' ? go({ own: leaving(own.call, false), others }) : go(state);
    case 'said': {
      const { standing, call, seals, sends } = event.message;
      return heard(
        { own, others: new Map(others).set(event.by, { standing, call, seals, sends }) },
        event.by,
      );
    }
    case 'gone': {
      if (!others.has(event.who)) return go(state);
      const left = new Map(others);
      left.delete(event.who);
      return heard({ own, others: left }, event.who);
    }
    case 'timeout':
      return own.at === 'in' && !own.hasMet
        ? end({ own: leaving(own.call, false), others }, 'no-answer', null)
        : go(state);
  }
}

/** What follows from the news of one other person. */
function heard(state: CallState, who: ParticipantId): Step {
  const { own, others } = state;
  const goingOn = callOf(others);
  switch (own.at) {
    case 'idle':
      return goingOn === null || goingOn === own.last?.call
        ? go(state)
        : go({ own: { at: 'asked', call: goingOn }, others });
    case 'asked':
      if (goingOn === null) return end({ own: leaving(own.call, false), others }, 'missed', who);
      return goingOn === own.call ? go(state) : go({ own: { at: 'asked', call: goingOn }, others });
    case 'in': {
      // Two who call each other at once are in one call: the lower name is kept by both.
      if (goingOn !== null) {
        const call = goingOn < own.call ? goingOn : own.call;
        return own.hasMet && call === own.call
          ? go(state)
          : go({ own: { at: 'in', call, hasMet: true }, others });
      }
      if (own.hasMet) return end({ own: leaving(own.call, false), others }, 'hung-up', who);
      const isRefused =
        (others.get(who) ?? OUT).standing === 'declined' && others.get(who)?.call === own.call;
      const isHoped = [...others.values()].some(({ standing }) => standing === 'ringing');
      return isRefused && !isHoped
        ? end({ own: leaving(own.call, false), others }, 'declined', who)
        : go(state);
    }
  }
}

/** What this person says of it. `null`: nothing yet. */
export function messageOf(
  own: OwnPart,
  { seals, sends }: { seals: boolean; sends: readonly MediaSource[] },
): CallMessage | null {
  switch (own.at) {
    case 'idle':
      if (own.last === null) return null;
      return {
        kind: 'call',
        call: own.last.call,
        standing: own.last.isDeclined ? 'declined' : 'out',
        seals,
        sends: [],
      };
    case 'asked':
      return { kind: 'call', call: own.call, standing: 'ringing', seals, sends: [] };
    case 'in':
      return { kind: 'call', call: own.call, standing: 'in', seals, sends };
  }
}

/** The call that somebody else is in; of several, the one with the lower name. */
function callOf(others: CallState['others']): CallId | null {
  const calls = [...others.values()].flatMap(({ standing, call }) =>
    standing === 'in' && call !== null ? call : [],
  );
  return calls.sort()[0] ?? null;
}

const leaving = (call: CallId, isDeclined: boolean): OwnPart => ({ at: 'idle', last: { call, isDeclined } });
const go = (state: CallState): Step => ({ state, ending: null });
const end = (state: CallState, how: CallEnding['how'], by: CallEnding['by']): Step => ({
  state,
  ending: { how, by },
});
