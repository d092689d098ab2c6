import type { FileId } from '../protocol/ids';
import type { TalkMessage } from '../protocol/message';

/**
 * What the files feature needs of one connected person and of the session worker. `meeting/` makes it; the feature
 * never sees a key, a channel or a connection.
 */
export interface FilePort {
  talk(message: TalkMessage): void;
  /** Starts sending from the given record, over a channel of its own. */
  send(file: FileId, source: Blob, from: number): void;
  /** The receiver has stored that many records. */
  moveWindow(file: FileId, records: number): void;
  pause(file: FileId, isPaused: boolean): void;
  /** Stops and keeps what is stored, for a later resume. */
  stop(file: FileId): void;
  /** Makes room; answers how many whole records are already stored. Throws `file/no-room`. */
  receive(file: FileId, size: number): Promise<number>;
}

/** The store of received files, there with nobody connected too. */
export interface FileStore {
  read(file: FileId): Promise<Blob>;
  drop(file: FileId): void;
}

/** What the worker tells of the files under way. */
export type FileEvent =
  | { type: 'file-progress'; file: FileId; records: number }
  | { type: 'file-received'; file: FileId }
  | {
      type: 'file-failed';
      file: FileId;
      reason: 'cancelled' | 'no-room' | 'unreadable' | 'damaged' | 'write-failed';
    };
