import type { FileId } from '../protocol/ids';
import type { AcceptedFile } from '../vault/vault';
import type { Keeper } from './keeper';

/** The files that the person agreed to receive, in the vault: after a reload they go on without being asked again. */
export class AcceptedFiles {
  readonly #keeper: Keeper;

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
  }

  list(): Promise<readonly AcceptedFile[]> {
    return Promise.resolve(this.#keeper.acceptedFiles);
  }

  async add(accepted: AcceptedFile): Promise<void> {
    const others = this.#keeper.acceptedFiles.filter(({ file }) => file !== accepted.file);
    await this.#keeper.setAcceptedFiles([...others, accepted]);
  }

  async remove(file: FileId): Promise<void> {
    await this.#keeper.setAcceptedFiles(this.#keeper.acceptedFiles.filter((one) => one.file !== file));
  }
}
