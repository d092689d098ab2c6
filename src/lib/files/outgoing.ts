import type { FileId } from '../protocol/ids';
import { recordsOf, same, talk } from './transfer';
import type { Ending, FileMessage, Outgoing, Side, Step, TransferEffect, TransferEvent } from './transfer';

/**
 * A file on its way out. Records are sent only between an accept and the next `stop`, and every connection needs an
 * accept of its own.
 */
export function startOutgoing(file: FileId, size: number): Outgoing {
  return { direction: 'out', file, total: recordsOf(size), stage: 'offered', isConnected: false };
}

export function nextOutgoing(state: Outgoing, event: TransferEvent): Step<Outgoing> {
  switch (event.type) {
    case 'connected':
      return connected(state);
    case 'disconnected':
      if (state.stage === 'offered') return same({ ...state, isConnected: false });
      if (state.stage !== 'sending') return same(state);
      // The other side says again whether it pauses; it may have been loaded anew and know nothing of it.
      return { state: { ...state, link: 'down', pausedByThem: false }, effects: stopIfFlowing(state) };
    case 'heard':
      return heard(state, event.message);
    case 'pause':
      return pausedHere(state, event.isPaused);
    case 'cancel':
      return ended(state, 'cancelled', 'me');
    case 'failed':
      return ended(state, event.reason, 'me');
    case 'accept':
    case 'decline':
    case 'saved':
    case 'prepared':
    case 'stored':
    case 'received':
      return same(state);
  }
}

function connected(state: Outgoing): Step<Outgoing> {
  switch (state.stage) {
    case 'offered':
      return { state: { ...state, isConnected: true }, effects: [{ type: 'offer' }] };
    case 'sending':
      return { state: { ...state, link: 'asking' }, effects: [{ type: 'offer' }] };
    case 'ended':
      // It ended while nobody could be told; the other side still waits for it.
      if (state.isTold || state.reason === 'declined') return same(state);
      return {
        state: { ...state, isTold: true },
        effects: [talk({ kind: 'file-end', file: state.file, reason: state.reason })],
      };
    case 'done':
      return same(state);
  }
}

function heard(state: Outgoing, message: FileMessage): Step<Outgoing> {
  switch (message.kind) {
    case 'file-accept':
      return accepted(state, message.from);
    case 'file-decline':
      return ended(state, 'declined', 'them');
    case 'file-end':
      return ended(state, message.reason, 'them');
    case 'file-pause': {
      if (state.stage !== 'sending') return same(state);
      const changed = { ...state, pausedByThem: message.isPaused };
      return { state: changed, effects: pauseChange(state, changed) };
    }
    case 'file-progress': {
      const { records } = message;
      const isNews = state.stage === 'sending' && records > state.records && records <= state.total;
      if (!isNews || state.link !== 'flowing') return same(state);
      return { state: { ...state, records }, effects: [{ type: 'move-window', records }] };
    }
    case 'file-done':
      if (state.stage !== 'sending' || state.link === 'down') return same(state);
      return { state: { ...known(state), stage: 'done' }, effects: stopIfFlowing(state) };
    case 'file-offer':
      return same(state);
  }
}

function accepted(state: Outgoing, from: number): Step<Outgoing> {
  const isAsked =
    (state.stage === 'offered' && state.isConnected) ||
    (state.stage === 'sending' && state.link === 'asking');
  if (!isAsked || from > state.total) return same(state);
  const pausedByMe = state.stage === 'sending' && state.pausedByMe;
  const pausedByThem = state.stage === 'sending' && state.pausedByThem;
  return {
    state: {
      ...known(state),
      stage: 'sending',
      link: 'flowing',
      records: from,
      pausedByMe,
      pausedByThem,
    },
    effects: [
      { type: 'send', from },
      ...(pausedByMe || pausedByThem ? [{ type: 'pause', isPaused: true } as const] : []),
      ...(pausedByMe ? [talk({ kind: 'file-pause', file: state.file, isPaused: true })] : []),
    ],
  };
}

function pausedHere(state: Outgoing, isPaused: boolean): Step<Outgoing> {
  if (state.stage !== 'sending' || state.pausedByMe === isPaused) return same(state);
  const changed = { ...state, pausedByMe: isPaused };
  const tell = talk({ kind: 'file-pause', file: state.file, isPaused });
  return {
    state: changed,
    effects: [...pauseChange(state, changed), ...(state.link === 'flowing' ? [tell] : [])],
  };
}

/** The worker hears of pauses only when two of them begin to differ from none. */
function pauseChange(before: Sending, after: Sending): TransferEffect[] {
  const isPaused = after.pausedByMe || after.pausedByThem;
  const wasPaused = before.pausedByMe || before.pausedByThem;
  return after.link === 'flowing' && isPaused !== wasPaused ? [{ type: 'pause', isPaused }] : [];
}

function ended(state: Outgoing, reason: Ending, by: Side): Step<Outgoing> {
  if (state.stage === 'done' || state.stage === 'ended') return same(state);
  const isConnected = state.stage === 'offered' ? state.isConnected : state.link !== 'down';
  const tell =
    by === 'me' && isConnected && reason !== 'declined'
      ? [talk({ kind: 'file-end', file: state.file, reason })]
      : [];
  return {
    state: { ...known(state), stage: 'ended', reason, by, isTold: by === 'them' || isConnected },
    effects: [...(state.stage === 'sending' ? stopIfFlowing(state) : []), ...tell],
  };
}

type Sending = Extract<Outgoing, { stage: 'sending' }>;

const stopIfFlowing = (state: Sending): TransferEffect[] =>
  state.link === 'flowing' ? [{ type: 'stop' }] : [];

const known = ({ direction, file, total }: Outgoing) => ({ direction, file, total });
