import type { Chat } from '../chat/chat.svelte';
import type { Files } from '../files/files.svelte';
import type { Archive } from './archive.svelte';
import type { Keeper } from './keeper';
import type { HistoryView } from './view';

/** Whether this meeting's conversation is kept. What keeps it is loaded for those who want it. */
export class HistoryDesk implements HistoryView {
  readonly #keeper: Keeper;
  readonly #said: { chat: Chat; files: Files };
  readonly #onFault: (fault: unknown) => void;
  #archive = $state.raw<Archive | null>(null);
  #isKept = $state.raw(false);
  /** One after the other: on, off and on again must end as the last one said. */
  #steps: Promise<void> = Promise.resolve();

  constructor(keeper: Keeper, said: { chat: Chat; files: Files }, onFault: (fault: unknown) => void) {
    this.#keeper = keeper;
    this.#said = said;
    this.#onFault = onFault;
  }

  get isKept(): boolean {
    return this.#isKept;
  }
  get files(): HistoryView['files'] {
    return this.#archive?.files ?? [];
  }

  /** The meeting's record is here. */
  opened(): void {
    this.#isKept = this.#keeper.keepsHistory;
    if (this.#isKept) this.#do(() => this.#open());
  }

  set(isKept: boolean): void {
    this.#isKept = isKept;
    this.#do(async () => {
      await this.#keeper.update({ keepsHistory: isKept });
      if (isKept) return this.#open();
      await this.#archive?.close();
      this.#archive = null;
      const place = this.#keeper.archive;
      const { dropHistory } = await import('../vault/history');
      if (place !== null) await dropHistory(place.vault, place.vaultId);
    });
  }

  /** Writes what is not written yet. */
  async destroy(): Promise<void> {
    await this.#steps;
    await this.#archive?.close();
  }

  async #open(): Promise<void> {
    const place = this.#keeper.archive;
    if (place === null || this.#archive !== null) return;
    const { Archive } = await import('./archive.svelte');
    this.#archive = await Archive.open(place, this.#said, this.#onFault);
  }

  #do(step: () => Promise<void>): void {
    this.#steps = this.#steps.then(step).catch(this.#onFault);
  }
}
