import type { ErrorCode, WireCode } from '../protocol/errors';
import { ERROR_OF_WIRE } from '../protocol/errors';

/**
 * The life of one peer, as a table: `next(state, event)` says what follows and what to do. The initiator (a guest)
 * makes every handshake; the responder (its host) answers, and asks for nothing but an ICE restart.
 *
 *   away ──present──▶ greeting ──met──▶ linking ──open──▶ open ◀──heard── silent
 *                        ▲  └──wait──▶ lobby ─admit─┘      └──silent / failed──▶ │
 *                        └───────────────── timeout, lost ──────────────────────┘
 *   any ──refused for good, turned away, retired──▶ closed
 */
export type PeerState =
  /** Nobody at the other end that we know of. */
  | { at: 'away' }
  /** The handshake is under way for the `attempt`-th time in a row. `unopened`: answers that did not open. */
  | { at: 'greeting'; attempt: number; unopened: number }
  /** The host decides. */
  | { at: 'lobby' }
  /** The channel is not open yet. `isAdmitted`: the host has answered message 3, so only the path is missing. */
  | { at: 'linking'; attempt: number; unopened: number; isAdmitted: boolean; hasRestarted: boolean }
  /** `hasReturned`: the other end has come back to the server since, perhaps as a new page. */
  | { at: 'open'; hasReturned: boolean }
  /** It was open, and nothing is heard. ICE is being restarted, or will be if the other end does not see to it. */
  | { at: 'silent'; hasRestarted: boolean }
  | { at: 'closed'; code: ErrorCode | null };

export type PeerEvent =
  | { type: 'present' }
  | { type: 'absent' }
  | { type: 'met' }
  | { type: 'wait' }
  | { type: 'admit' }
  | { type: 'open' }
  | { type: 'silent' }
  | { type: 'heard' }
  /** The connection or its channel is gone for good. */
  | { type: 'lost' }
  | { type: 'timeout' }
  | { type: 'unopened' }
  | { type: 'refused'; code: WireCode }
  /** The other end said goodbye: `null` by its own wish. */
  | { type: 'bye'; code: WireCode | null };

export type PeerEffect =
  /** A new handshake on a new connection, after the pause. */
  | { type: 'greet'; afterMs: number }
  | { type: 'restart-ice' }
  /** Ask the other end now whether it is there. */
  | { type: 'check' }
  | { type: 'alarm'; afterMs: number }
  | { type: 'no-alarm' }
  /** Close the connection in hand, if any. */
  | { type: 'drop' }
  | { type: 'trouble'; code: ErrorCode }
  | { type: 'no-trouble' };

export type Step = { state: PeerState; effects: PeerEffect[] };

/** Message 2 comes within one round trip and a few milliseconds of work; a lost one should not cost more than that. */
const GREETING_MS = 3_000;
/** ICE with trickle takes well under a second; with relays and loss several. */
const LINKING_MS = 12_000;
/** A browser hears of a change of networks up to 2 s late; addresses gathered before that are of no use. */
const RELINKING_MS = 4_000;
/** An ICE restart that works takes 0.1 to 0.3 s (NATLAB); then it is quicker to build anew. */
const RESTART_MS = 3_000;
/** The initiator is the one to restart or build anew; the responder does if it hears nothing of that. */
const DEFER_MS = 1_500;
const MAX_PAUSE_MS = 8_000;
/** A responder keeps a silent guest's place for that long. */
const GONE_MS = 60_000;
/** Handshakes in a row that a healthy network does not spoil: with answers that did not open, and with none at all. */
const TAMPERED_ATTEMPTS = 3;
const UNANSWERED_ATTEMPTS = 4;
const REPLACED_ATTEMPTS = 2;

export const AWAY: PeerState = { at: 'away' };
const OPEN: PeerState = { at: 'open', hasReturned: false };
const LINKING: PeerState = { at: 'linking', attempt: 0, unopened: 0, isAdmitted: true, hasRestarted: false };

export function nextInitiator(state: PeerState, event: PeerEvent): Step {
  if (state.at === 'closed') return stay(state);
  switch (event.type) {
    case 'present':
      // A page that was loaded anew knows nothing of the connection before: no ICE restart brings that back.
      if (state.at === 'open') return go({ at: 'open', hasReturned: true }, { type: 'check' });
      return state.at === 'away' || state.at === 'silent' ? greet(0, 0) : stay(state);
    case 'absent':
      // An open connection needs no server: the host's socket may be gone and the host still here.
      if (state.at === 'open') return stay(OPEN);
      return state.at === 'silent' ? stay(state) : leaveFor(AWAY);
    case 'met':
      return state.at === 'greeting'
        ? go(
            { ...state, at: 'linking', isAdmitted: false, hasRestarted: false },
            { type: 'alarm', afterMs: GREETING_MS },
          )
        : stay(state);
    case 'wait':
      return state.at === 'linking' || state.at === 'greeting'
        ? go({ at: 'lobby' }, { type: 'no-alarm' }, { type: 'no-trouble' })
        : stay(state);
    case 'admit':
      if (state.at === 'lobby') return admitted(0, 0);
      return state.at === 'linking' ? admitted(state.attempt, state.unopened) : stay(state);
    case 'open':
      return go(OPEN, { type: 'no-alarm' }, { type: 'no-trouble' });
    case 'silent':
      if (state.at !== 'open') return stay(state);
      return state.hasReturned ? greet(0, 0) : restart({ at: 'silent', hasRestarted: true }, RESTART_MS);
    case 'heard':
      return state.at === 'silent' ? go(OPEN, { type: 'no-alarm' }) : stay(state);
    case 'lost':
      if (state.at === 'linking') return greet(state.attempt + 1, state.unopened);
      return state.at === 'open' || state.at === 'silent' || state.at === 'lobby' ? greet(0, 0) : stay(state);
    case 'timeout':
      return timedOut(state);
    case 'unopened':
      return unopened(state);
    case 'refused':
      return refused(state, event.code);
    case 'bye':
      if (event.code !== null && event.code !== 'host-away') return end(ERROR_OF_WIRE[event.code]);
      // One window of the host said goodbye, and another is at the server already: nothing will say so again.
      return state.at === 'open' && state.hasReturned ? greet(0, 0) : leaveFor(AWAY);
  }
}

export function nextResponder(state: PeerState, event: PeerEvent): Step {
  if (state.at === 'closed') return stay(state);
  switch (event.type) {
    case 'open':
      return go(OPEN, { type: 'no-alarm' });
    case 'silent':
      return state.at === 'open'
        ? go({ at: 'silent', hasRestarted: false }, { type: 'alarm', afterMs: DEFER_MS })
        : stay(state);
    case 'heard':
      return state.at === 'silent' ? go(OPEN, { type: 'no-alarm' }) : stay(state);
    case 'lost':
      // Nobody has arrived yet, or somebody who asks: the next handshake is another newcomer.
      if (state.at === 'greeting' || state.at === 'lobby') return leaveFor(AWAY);
      // An admitted guest builds the next connection; until then its place is kept.
      return state.at === 'open'
        ? go({ at: 'silent', hasRestarted: true }, { type: 'alarm', afterMs: GONE_MS })
        : stay(state);
    case 'wait':
      return go({ at: 'lobby' }, { type: 'no-alarm' });
    case 'admit':
    case 'met':
      return go(LINKING, { type: 'alarm', afterMs: GONE_MS });
    case 'timeout':
      return state.at === 'silent' && !state.hasRestarted
        ? restart({ at: 'silent', hasRestarted: true }, GONE_MS)
        : leaveFor(AWAY);
    case 'bye':
      return leaveFor(AWAY);
    case 'absent':
      // A guest in the waiting room who closed the page; an open connection needs no server.
      return state.at === 'lobby' ? leaveFor(AWAY) : stay(state);
    case 'present':
    case 'unopened':
    case 'refused':
      return stay(state);
  }
}

function timedOut(state: PeerState): Step {
  switch (state.at) {
    case 'greeting':
      return unanswered(state);
    case 'linking':
      if (!state.isAdmitted) return unanswered(state);
      if (!state.hasRestarted) return restart({ ...state, hasRestarted: true }, LINKING_MS - RELINKING_MS);
      return greet(state.attempt + 1, 0, state.unopened > 0 ? 'meeting/tampered' : 'peer/ice-failed');
    case 'lobby':
    case 'silent':
      return greet(0, 0);
    default:
      return stay(state);
  }
}

function unopened(state: PeerState): Step {
  // Perhaps the admission was lost: who is admitted already is not asked for again.
  if (state.at === 'lobby') return go(state, { type: 'alarm', afterMs: GREETING_MS });
  if (state.at !== 'greeting' && state.at !== 'linking') return stay(state);
  return stay({ ...state, unopened: state.unopened + 1 });
}

/** A message of the handshake was lost or did not open, here or there: this end cannot tell which. */
function unanswered({ attempt, unopened }: { attempt: number; unopened: number }): Step {
  const isTampered = attempt + 1 >= (unopened > 0 ? TAMPERED_ATTEMPTS : UNANSWERED_ATTEMPTS);
  return greet(attempt + 1, unopened, isTampered ? 'meeting/tampered' : null);
}

function refused(state: PeerState, code: WireCode): Step {
  // Unauthenticated, so it counts only as an answer to a handshake under way, and only after it was said again; and
  // only for what no sealed message could say. Whether the host turns somebody away, the host says under its key.
  if (state.at !== 'greeting' || (code !== 'replaced' && code !== 'incompatible')) return stay(state);
  return state.attempt + 1 < REPLACED_ATTEMPTS
    ? greet(state.attempt + 1, state.unopened)
    : end(ERROR_OF_WIRE[code]);
}

/** The first attempt goes at once, and so does the second; later ones leave pauses. */
function greet(attempt: number, unopened: number, trouble: ErrorCode | null = null): Step {
  const afterMs = attempt < 2 ? 0 : Math.min(500 * 2 ** (attempt - 2), MAX_PAUSE_MS);
  return go(
    { at: 'greeting', attempt, unopened },
    { type: 'drop' },
    { type: 'greet', afterMs },
    { type: 'alarm', afterMs: afterMs + GREETING_MS },
    ...(trouble === null ? [] : [{ type: 'trouble' as const, code: trouble }]),
  );
}

const admitted = (attempt: number, unopened: number): Step =>
  go(
    { at: 'linking', attempt, unopened, isAdmitted: true, hasRestarted: false },
    { type: 'alarm', afterMs: RELINKING_MS },
  );

/** What is there is tried once more, for so long. */
const restart = (state: PeerState, afterMs: number): Step =>
  go(state, { type: 'restart-ice' }, { type: 'alarm', afterMs });

const stay = (state: PeerState): Step => ({ state, effects: [] });
const go = (state: PeerState, ...effects: PeerEffect[]): Step => ({ state, effects });
const leaveFor = (state: PeerState): Step => go(state, { type: 'drop' }, { type: 'no-alarm' });
const end = (code: ErrorCode): Step => leaveFor({ at: 'closed', code });
