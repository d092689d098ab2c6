import type { FileId, ParticipantId } from '../protocol/ids';
import { FILE_CHUNK_BYTES } from '../protocol/limits';
import { bytesPerSecond, type Sample } from './speed';
import type { Ending, Side, Transfer } from './transfer';

/** What the person here sees of a transfer. */
export type FileTransfer = {
  readonly id: FileId;
  readonly direction: 'in' | 'out';
  readonly participant: ParticipantId;
  /** Empty while a restored transfer's person has not come back. */
  readonly personName: string;
  readonly name: string;
  readonly size: number;
  readonly mediaType: string;
  readonly stage: ShownStage;
  /** Whether this side or the other one pauses it, or both. */
  readonly pausedByMe: boolean;
  readonly pausedByThem: boolean;
  readonly doneBytes: number;
  /** Null while nothing moves or nothing is known yet. */
  readonly bytesPerSecond: number | null;
  readonly secondsLeft: number | null;
  /** Of an ended transfer: why, and by whom. */
  readonly reason: Ending | null;
  readonly endedBy: Side | null;
};

/** `interrupted`: the connection is gone, or the other side has not taken the transfer up again yet. */
export type ShownStage =
  | 'offered'
  | 'asked'
  | 'preparing'
  | 'sending'
  | 'receiving'
  | 'paused'
  | 'interrupted'
  | 'done'
  | 'received'
  | 'saved'
  | 'ended';

export type Facts = Pick<FileTransfer, 'id' | 'participant' | 'personName' | 'name' | 'size' | 'mediaType'>;

export function describe(facts: Facts, state: Transfer, samples: readonly Sample[]): FileTransfer {
  const stage = shownStage(state);
  const doneBytes = bytesDone(state, facts.size);
  const speed = stage === 'sending' || stage === 'receiving' ? bytesPerSecond(samples) : null;
  const isMoving = state.stage === 'sending' || state.stage === 'receiving';
  return {
    ...facts,
    direction: state.direction,
    stage,
    pausedByMe: isMoving && state.pausedByMe,
    pausedByThem: isMoving && state.pausedByThem,
    doneBytes,
    bytesPerSecond: speed,
    secondsLeft: speed === null || speed <= 0 ? null : (facts.size - doneBytes) / speed,
    reason: state.stage === 'ended' ? state.reason : null,
    endedBy: state.stage === 'ended' ? state.by : null,
  };
}

export function bytesDone(state: Transfer, size: number): number {
  switch (state.stage) {
    case 'offered':
    case 'asked':
    case 'ended':
      return 0;
    case 'sending':
    case 'receiving':
      return Math.min(size, state.records * FILE_CHUNK_BYTES);
    case 'done':
    case 'received':
      return size;
  }
}

function shownStage(state: Transfer): ShownStage {
  switch (state.stage) {
    case 'offered':
    case 'asked':
    case 'done':
    case 'ended':
      return state.stage;
    case 'received':
      return state.isSaved ? 'saved' : 'received';
    case 'sending':
    case 'receiving':
      if (state.link === 'preparing') return 'preparing';
      if (state.link !== 'flowing') return 'interrupted';
      return state.pausedByMe || state.pausedByThem ? 'paused' : state.stage;
  }
}
