import type { FileId } from '../protocol/ids';
import { FILE_CHUNK_BYTES } from '../protocol/limits';
import type { FileEnd, TalkMessage } from '../protocol/message';

/**
 * The words of a file transfer (section 8). What one side does is in `outgoing.ts`, the other in `incoming.ts`:
 *
 *     sender                                receiver
 *     file-offer       ->                   asks the person
 *                      <-  file-accept      from the first record not yet stored; makes room before
 *     records, a channel of their own  ->   stores them
 *                      <-  file-progress    moves the sender's window
 *                      <-  file-done        all stored, the root agrees
 *
 * Either side may say file-pause or file-end at any time. On every new connection the sender repeats its open offers
 * under the same id; a receiver that answered before answers by itself, so a transfer goes on where it stopped.
 * A message that does not fit the state is ignored: it crossed another one on its way, or it is hostile.
 */
export type FileMessage = Extract<TalkMessage, { file: FileId }>;

export type Ending = FileEnd | 'declined';
export type Side = 'me' | 'them';

/** What both directions know of their file from the first moment. `total` counts records. */
type Known = { readonly file: FileId; readonly total: number };

/** Of records that move, or did and will again. */
type Moving = { readonly records: number; readonly pausedByMe: boolean; readonly pausedByThem: boolean };

export type Outgoing = Known & { readonly direction: 'out' } & (
    | { readonly stage: 'offered'; readonly isConnected: boolean }
    /** `asking`: the offer is repeated on a new connection and not answered yet. */
    | ({ readonly stage: 'sending'; readonly link: 'down' | 'asking' | 'flowing' } & Moving)
    | { readonly stage: 'done' }
    /** `isTold`: the other side knows. */
    | { readonly stage: 'ended'; readonly reason: Ending; readonly by: Side; readonly isTold: boolean }
  );

export type Incoming = Known & { readonly direction: 'in' } & (
    | { readonly stage: 'asked'; readonly isConnected: boolean }
    /** `preparing`: making room. `toldAtMs`: when the sender last heard of progress. */
    | ({
        readonly stage: 'receiving';
        readonly link: 'down' | 'preparing' | 'flowing';
        readonly toldAtMs: number;
      } & Moving)
    | { readonly stage: 'received'; readonly isSaved: boolean }
    | { readonly stage: 'ended'; readonly reason: Ending; readonly by: Side }
  );

export type Transfer = Outgoing | Incoming;

export type TransferEvent =
  /** Of the connection. An incoming transfer is back when its offer is repeated. */
  | { type: 'connected' }
  | { type: 'disconnected' }
  | { type: 'heard'; message: FileMessage }
  /** Of the person here. */
  | { type: 'accept' }
  | { type: 'decline' }
  | { type: 'pause'; isPaused: boolean }
  | { type: 'cancel' }
  | { type: 'saved' }
  /** Of the store and the worker here. */
  | { type: 'prepared'; from: number }
  | { type: 'stored'; records: number; nowMs: number }
  | { type: 'received' }
  | { type: 'failed'; reason: FileEnd };

export type TransferEffect =
  /** Sends the offer, which only the caller can spell out. */
  | { type: 'offer' }
  | { type: 'talk'; message: FileMessage }
  /** The sender's own worker. */
  | { type: 'send'; from: number }
  | { type: 'move-window'; records: number }
  | { type: 'pause'; isPaused: boolean }
  /** Stops and keeps what is stored. */
  | { type: 'stop' }
  /** Makes room; answered by `prepared` or `failed`. */
  | { type: 'prepare' }
  /** Keeps the consent, and that the file is whole, beyond this page. */
  | { type: 'remember'; isWhole: boolean }
  /** Forgets the consent and deletes what is stored. */
  | { type: 'drop' };

export type Step<T extends Transfer> = { state: T; effects: TransferEffect[] };

export const recordsOf = (size: number): number => Math.ceil(size / FILE_CHUNK_BYTES);

export const same = <T extends Transfer>(state: T): Step<T> => ({ state, effects: [] });

export const talk = (message: FileMessage): TransferEffect => ({ type: 'talk', message });
