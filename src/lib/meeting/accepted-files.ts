import type { AcceptedFile, AcceptedFiles } from '../files/accepted-files';
import type { FileId } from '../protocol/ids';
import type { Keeper } from './keeper';

/** The consents in the vault. Writes follow each other: each starts from what the one before left. */
export class KeptConsents implements AcceptedFiles {
  readonly #keeper: Keeper;

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
  }

  list(): Promise<readonly AcceptedFile[]> {
    return Promise.resolve(this.#keeper.acceptedFiles);
  }

  add(accepted: AcceptedFile): Promise<void> {
    return this.#keeper.update({ acceptedFiles: [...this.#without(accepted.file), accepted] });
  }

  remove(file: FileId): Promise<void> {
    return this.#keeper.update({ acceptedFiles: this.#without(file) });
  }

  #without(file: FileId): AcceptedFile[] {
    return this.#keeper.acceptedFiles.filter((one) => one.file !== file);
  }
}
