import type { FileId, ParticipantId } from '../protocol/ids';

/** A file that the person here agreed to receive and that is not yet dismissed. */
export type AcceptedFile = {
  file: FileId;
  size: number;
  name: string;
  mediaType: string;
  participant: ParticipantId;
  /** All of it is stored and its root agreed. */
  isWhole: boolean;
};

/** The consents of one meeting, kept sealed: a transfer goes on after a reload without asking again. */
export interface AcceptedFiles {
  list(): Promise<readonly AcceptedFile[]>;
  /** Replaces an earlier entry of the same file. */
  add(file: AcceptedFile): Promise<void>;
  remove(file: FileId): Promise<void>;
}
