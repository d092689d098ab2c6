import type { Chat } from '../chat/chat.svelte';
import { MAX_ENTRIES, type Entry } from '../chat/conversation';
import type { Files } from '../files/files.svelte';
import type { FileId, VaultId } from '../protocol/ids';
import { keepHistory, readHistory, type HistoryItem } from '../vault/history';
import type { Vault } from '../vault/vault';
import type { HistoryView } from './view';

type Place = { vault: Vault; vaultId: VaultId };
type Sources = { readonly chat: Chat; readonly files: Files };
type KeptMessage = Extract<HistoryItem, { type: 'message' }>;
type KeptFile = Extract<HistoryItem, { type: 'file' }>;

/** The conversation of one meeting on this device: read once, then written as it grows, each message a sealed record. */
export class Archive {
  readonly #place: Place;
  readonly #onFault: (fault: unknown) => void;
  readonly #files: readonly KeptFile[];
  readonly #stop: () => void;
  /** As it was written last, by its place in the conversation. */
  readonly #written = new Map<number, Entry>();
  readonly #writtenFiles = new Set<FileId>();
  readonly #due = new Map<string, HistoryItem>();
  #writing: Promise<void> | null = null;

  private constructor(
    place: Place,
    restored: readonly Entry[],
    files: readonly KeptFile[],
    sources: Sources,
    onFault: (fault: unknown) => void,
  ) {
    this.#place = place;
    this.#files = files;
    this.#onFault = onFault;
    for (const entry of restored) this.#written.set(entry.key, entry);
    for (const { id } of files) this.#writtenFiles.add(id);
    this.#stop = $effect.root(() => {
      $effect(() => this.#see(sources.chat.entries));
      $effect(() => this.#seeFiles(sources.files.transfers));
    });
  }

  /** What was said since the page was opened is kept as well. */
  static async open(place: Place, sources: Sources, onFault: (fault: unknown) => void): Promise<Archive> {
    const items = await readHistory(place.vault, place.vaultId);
    const restored = items.filter((item) => item.type === 'message').map(toEntry);
    sources.chat.restore(restored);
    return new Archive(
      place,
      restored,
      items.filter((item) => item.type === 'file'),
      sources,
      onFault,
    );
  }

  get files(): HistoryView['files'] {
    return this.#files;
  }

  async close(): Promise<void> {
    this.#stop();
    await this.#writing;
  }

  #see(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (this.#written.get(entry.key) === entry || !isSettled(entry)) continue;
      this.#written.set(entry.key, entry);
      this.#add(String(entry.key), fromEntry(entry));
    }
  }

  #seeFiles(transfers: Files['transfers']): void {
    for (const { id, direction, stage, name, size, personName } of transfers) {
      if (direction !== 'in' || stage !== 'received' || this.#writtenFiles.has(id)) continue;
      this.#writtenFiles.add(id);
      this.#add(id, { type: 'file', id, name, size, fromName: personName, atMs: Date.now() });
    }
  }

  #add(name: string, item: HistoryItem): void {
    this.#due.set(name, item);
    this.#writing ??= this.#write();
  }

  /** At once, for a page may be gone in the next moment; what comes meanwhile is written in one go. */
  async #write(): Promise<void> {
    const { vault, vaultId } = this.#place;
    try {
      while (this.#due.size > 0) {
        const items = [...this.#due.values()];
        this.#due.clear();
        await keepHistory(vault, vaultId, items, MAX_ENTRIES);
      }
    } catch (fault) {
      this.#onFault(fault);
    } finally {
      this.#writing = null;
    }
  }
}

/** One's own message is kept once it arrived: nothing that nobody got is shown as said later. */
const isSettled = (entry: Entry): boolean => entry.from !== 'you' || entry.delivery === 'delivered';

const toEntry = ({ type: _type, ...message }: KeptMessage): Entry => ({ ...message, delivery: 'delivered' });

const fromEntry = ({ delivery: _delivery, reactions, ...entry }: Entry): KeptMessage => ({
  ...entry,
  type: 'message',
  reactions: reactions.map(({ emoji, people }) => ({ emoji, people: people.map((one) => ({ ...one })) })),
});
