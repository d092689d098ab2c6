import type { FileId } from '../protocol/ids';
import { recordsOf, same, talk } from './transfer';
import type { Ending, FileMessage, Incoming, Side, Step, TransferEvent } from './transfer';

/** The sender hears of progress after so many records (1 MiB) ... */
export const TELL_RECORDS = 16;
/** ... and on a slow path after so long: both people watch the same figure. */
export const TELL_MS = 1_000;

/** A file on its way in. Nothing is stored before the person here said yes. */
export function startIncoming(file: FileId, size: number): Incoming {
  return { direction: 'in', file, total: recordsOf(size), stage: 'asked', isConnected: true };
}

/** A file accepted in an earlier life of the page: it goes on when the sender repeats its offer. */
export function restoreIncoming(file: FileId, size: number, isWhole: boolean): Incoming {
  const known = { direction: 'in', file, total: recordsOf(size) } as const;
  return isWhole
    ? { ...known, stage: 'received', isSaved: false }
    : { ...known, ...NOTHING_MOVED, stage: 'receiving', link: 'down' };
}

const NOTHING_MOVED = { records: 0, toldAtMs: 0, pausedByMe: false, pausedByThem: false };

export function nextIncoming(state: Incoming, event: TransferEvent): Step<Incoming> {
  switch (event.type) {
    case 'disconnected':
      if (state.stage === 'asked') return same({ ...state, isConnected: false });
      if (state.stage !== 'receiving' || state.link === 'down') return same(state);
      return { state: { ...state, link: 'down', pausedByThem: false }, effects: [{ type: 'stop' }] };
    case 'heard':
      return heard(state, event.message);
    case 'accept':
      return accepted(state);
    case 'decline':
      return state.stage === 'asked' ? ended(state, 'declined', 'me') : same(state);
    case 'cancel':
      if (state.stage === 'received') return same(state);
      return ended(state, state.stage === 'asked' ? 'declined' : 'cancelled', 'me');
    case 'prepared':
      return prepared(state, event.from);
    case 'pause': {
      if (state.stage !== 'receiving' || state.pausedByMe === event.isPaused) return same(state);
      const tell = talk({ kind: 'file-pause', file: state.file, isPaused: event.isPaused });
      return {
        state: { ...state, pausedByMe: event.isPaused },
        effects: state.link === 'flowing' ? [tell] : [],
      };
    }
    case 'stored':
      return stored(state, event.records, event.nowMs);
    case 'received':
      // Also just after the path broke: the last record was on its way to the disk.
      if (state.stage !== 'receiving' || state.link === 'preparing') return same(state);
      return {
        state: { ...known(state), stage: 'received', isSaved: false },
        effects: [
          { type: 'remember', isWhole: true },
          ...(state.link === 'flowing' ? [talk({ kind: 'file-done', file: state.file })] : []),
        ],
      };
    case 'failed':
      return ended(state, event.reason, 'me');
    case 'saved':
      return same(state.stage === 'received' ? { ...state, isSaved: true } : state);
    case 'connected':
      return same(state);
  }
}

function heard(state: Incoming, message: FileMessage): Step<Incoming> {
  switch (message.kind) {
    case 'file-offer':
      return offeredAgain(state);
    case 'file-pause':
      return same(state.stage === 'receiving' ? { ...state, pausedByThem: message.isPaused } : state);
    case 'file-end':
      return state.stage === 'received' ? same(state) : ended(state, message.reason, 'them');
    case 'file-accept':
    case 'file-decline':
    case 'file-progress':
    case 'file-done':
      return same(state);
  }
}

/** Consent was given or refused once and stands. */
function offeredAgain(state: Incoming): Step<Incoming> {
  const { file } = state;
  switch (state.stage) {
    case 'asked':
      return same({ ...state, isConnected: true });
    case 'receiving':
      if (state.link !== 'down') return same(state);
      return { state: { ...state, link: 'preparing' }, effects: [{ type: 'prepare' }] };
    case 'received':
      return { state, effects: [talk({ kind: 'file-done', file })] };
    case 'ended':
      return {
        state,
        effects: [
          talk(
            state.reason === 'declined'
              ? { kind: 'file-decline', file }
              : { kind: 'file-end', file, reason: state.reason },
          ),
        ],
      };
  }
}

function accepted(state: Incoming): Step<Incoming> {
  if (state.stage !== 'asked') return same(state);
  const link = state.isConnected ? 'preparing' : 'down';
  return {
    state: { ...known(state), ...NOTHING_MOVED, stage: 'receiving', link },
    effects: [
      { type: 'remember', isWhole: false },
      ...(link === 'preparing' ? [{ type: 'prepare' } as const] : []),
    ],
  };
}

function prepared(state: Incoming, from: number): Step<Incoming> {
  // It ended while room was being made; the room is given back.
  if (state.stage === 'ended') return { state, effects: [{ type: 'drop' }] };
  if (state.stage !== 'receiving' || state.link !== 'preparing') return same(state);
  const { file, pausedByMe } = state;
  return {
    state: { ...state, link: 'flowing', records: from },
    effects: [
      talk({ kind: 'file-accept', file, from }),
      ...(pausedByMe ? [talk({ kind: 'file-pause', file, isPaused: true })] : []),
    ],
  };
}

function stored(state: Incoming, records: number, nowMs: number): Step<Incoming> {
  if (state.stage !== 'receiving' || state.link !== 'flowing' || records <= state.records) return same(state);
  const isDue =
    records - state.records >= TELL_RECORDS || records >= state.total || nowMs - state.toldAtMs >= TELL_MS;
  if (!isDue) return same(state);
  return {
    state: { ...state, records, toldAtMs: nowMs },
    effects: [talk({ kind: 'file-progress', file: state.file, records })],
  };
}

/** From `received` only a failure leads here: the browser lost what it stored. */
function ended(state: Incoming, reason: Ending, by: Side): Step<Incoming> {
  if (state.stage === 'ended') return same(state);
  const { file } = state;
  const isConnected =
    state.stage === 'asked' ? state.isConnected : state.stage === 'receiving' && state.link !== 'down';
  const answer = talk(
    reason === 'declined' ? { kind: 'file-decline', file } : { kind: 'file-end', file, reason },
  );
  return {
    state: { ...known(state), stage: 'ended', reason, by },
    effects: [
      ...(state.stage === 'asked' ? [] : [{ type: 'drop' } as const]),
      ...(by === 'me' && isConnected ? [answer] : []),
    ],
  };
}

const known = ({ direction, file, total }: Incoming) => ({ direction, file, total });
