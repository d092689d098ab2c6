import { RECORD_CHANNEL, type Entry, type RecordAnswer, type RecordAsk, type Sum } from '../signaling/record';

/** One document of this browser that has spoken to the server. */
export type Tab = Omit<RecordAnswer, 'type' | 'entries'> & {
  readonly isThis: boolean;
  readonly entries: readonly Entry[];
};
export type { Sum };

const ASK_MS = 1_000;
/** A tab that was closed or locked answers no more, and what it said goes from the page. */
const GONE_MS = 3_500;

/** What the tabs of this browser have said to the server, asked of them for as long as somebody looks. */
export class ServerRecord {
  readonly #channel = new BroadcastChannel(RECORD_CHANNEL);
  readonly #heardAtMs = new Map<number, number>();
  readonly #asking: ReturnType<typeof setInterval>;
  #tabs = $state.raw<readonly Tab[]>([]);

  constructor() {
    this.#channel.onmessage = ({ data }: MessageEvent<RecordAsk | RecordAnswer>) => {
      if (data.type === 'answer') this.#hear(data);
    };
    this.#asking = setInterval(() => this.#ask(), ASK_MS);
    this.#ask();
  }

  /** This document first, then as they began. */
  get tabs(): readonly Tab[] {
    return this.#tabs;
  }

  destroy(): void {
    clearInterval(this.#asking);
    this.#channel.close();
  }

  #ask(): void {
    // Nobody is asked by a page that nobody sees; so nobody is missed by it either.
    if (document.visibilityState === 'hidden') return this.#heardAtMs.clear();
    const nowMs = performance.now();
    const isHere = ({ page }: Tab) => nowMs - (this.#heardAtMs.get(page) ?? nowMs) < GONE_MS;
    if (!this.#tabs.every(isHere)) this.#tabs = this.#tabs.filter(isHere);
    for (const { page } of this.#tabs) {
      if (!this.#heardAtMs.has(page)) this.#heardAtMs.set(page, nowMs);
    }
    const known = Object.fromEntries(
      this.#tabs.map(({ page, entries }) => [page, entries.at(-1)?.number ?? 0]),
    );
    this.#channel.postMessage({ type: 'ask', known } satisfies RecordAsk);
  }

  #hear({ type: _, entries, ...rest }: RecordAnswer): void {
    this.#heardAtMs.set(rest.page, performance.now());
    const before = this.#tabs.find(({ page }) => page === rest.page);
    const [first] = entries;
    const kept = before?.entries.filter(
      ({ number }) => number > rest.dropped && (first === undefined || number < first.number),
    );
    const tab: Tab = {
      ...rest,
      isThis: rest.page === performance.timeOrigin,
      entries: [...(kept ?? []), ...entries],
    };
    const others = this.#tabs.filter(({ page }) => page !== rest.page);
    this.#tabs = [...others, tab].sort((a, b) => Number(b.isThis) - Number(a.isThis) || a.page - b.page);
  }
}
