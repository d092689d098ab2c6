import type { Page } from '@playwright/test';
import type { Bare } from './bare/page';
import { expect } from './lab';

declare const bare: Bare;
declare const beat: Beat;

/**
 * What one page has said, by number, and heard, by text: milliseconds since 1970, on the one clock of this machine.
 * `drawn`: every message that the conversation drew, in that order and as often as it was drawn; of a long one only the
 * end stays on the screen.
 */
type Beat = { saidAtMs: number[]; heardAtMs: Record<string, number>; drawn: string[] };
type Tempo = { own: 'a' | 'b'; everyMs: number; count: number };

/** Thousands of messages on a busy machine. */
const SAYING_MS = 180_000;

/** Two pages that say numbered messages to each other at a steady pace, `a-0`, `a-1`, ... and `b-0`, ... */
export class Beats {
  readonly #kind: 'app' | 'bare';
  readonly #pages: { a: Page; b: Page };

  private constructor(kind: 'app' | 'bare', pages: { a: Page; b: Page }) {
    this.#kind = kind;
    this.#pages = pages;
  }

  static async start(
    kind: 'app' | 'bare',
    pages: { a: Page; b: Page },
    everyMs: number,
    count = Infinity,
  ): Promise<Beats> {
    const begin = kind === 'app' ? beatInApp : beatInBare;
    await Promise.all(
      (['a', 'b'] as const).map((own) => pages[own].evaluate(begin, { own, everyMs, count })),
    );
    return new Beats(kind, pages);
  }

  /**
   * When a message had arrived in each direction that was said at `fromMs` or later, in milliseconds since 1970;
   * `null` if that takes too long.
   */
  async exchangedAtMs(fromMs: number, patienceMs: number): Promise<number | null> {
    const found = { atMs: null as number | null };
    const look = async () => {
      const [a, b] = await Promise.all([read(this.#pages.a), read(this.#pages.b)]);
      const first = (said: Beat, own: string, heard: Beat) => {
        const number = said.saidAtMs.findIndex((atMs) => atMs >= fromMs);
        return number < 0 ? undefined : heard.heardAtMs[`${own}-${number}`];
      };
      const [toB, toA] = [first(a, 'a', b), first(b, 'b', a)];
      if (toB === undefined || toA === undefined) return false;
      found.atMs = Math.max(toB, toA);
      return true;
    };
    try {
      await expect.poll(look, { timeout: patienceMs, intervals: [50] }).toBe(true);
    } catch (cause) {
      // Never within the time is a figure too; everything else is a fault of the lab.
      if (!(cause instanceof Error) || !cause.message.includes('Timeout')) throw cause;
    }
    return found.atMs;
  }

  /** Every number of both ends was drawn once and in order on both screens, where the page has one. */
  async expectWhole(count: number): Promise<void> {
    expect(this.#kind).toBe('app');
    const pages = [this.#pages.a, this.#pages.b];
    const patience = { timeout: SAYING_MS, intervals: [500] };
    // Asking a page that still talks for all that it shows would keep it from talking.
    for (const page of pages) {
      await expect.poll(() => page.evaluate(() => beat.saidAtMs.length), patience).toBe(count);
    }
    const numbers = Array.from({ length: count }, (_, number) => number);
    for (const page of pages) {
      for (const own of ['a', 'b']) {
        await expect.poll(async () => (await drawn(page, own)).length, patience).toBe(count);
        expect(await drawn(page, own)).toEqual(numbers);
      }
    }
  }
}

function read(page: Page): Promise<Beat> {
  return page.evaluate(() => beat);
}

/** The numbers of one end's messages, as they were drawn. */
async function drawn(page: Page, own: string): Promise<number[]> {
  const texts = await page.evaluate(() => beat.drawn);
  return texts.filter((text) => text.startsWith(own)).map((text) => Number(text.slice(2)));
}

/** Runs in the page: says it by the composer, as a person does, and reads the conversation. */
function beatInApp({ own, everyMs, count }: Tempo): void {
  const told: Beat = { saidAtMs: [], heardAtMs: {}, drawn: [] };
  Object.assign(globalThis, { beat: told });
  const box = () => document.querySelector<HTMLTextAreaElement>('textarea[aria-label="Message"]');
  const log = document.querySelector('[role="log"]');
  if (log === null) throw new Error('there is no conversation');
  new MutationObserver((records) => {
    for (const node of records.flatMap(({ addedNodes }) => [...addedNodes])) {
      for (const [, text = ''] of (node.textContent ?? '').matchAll(/([ab]-\d+)\./g)) {
        told.heardAtMs[text] ??= Date.now();
        told.drawn.push(text);
      }
    }
  }).observe(log, { subtree: true, childList: true });
  const timer = setInterval(() => {
    const textarea = box();
    if (textarea === null) return;
    textarea.value = `${own}-${told.saidAtMs.length}.`;
    textarea.dispatchEvent(new InputEvent('input', { bubbles: true }));
    told.saidAtMs.push(Date.now());
    textarea.form?.requestSubmit();
    if (told.saidAtMs.length >= count) clearInterval(timer);
  }, everyMs);
}

/** Runs in the page. */
function beatInBare({ own, everyMs, count }: Tempo): void {
  const told: Beat = { saidAtMs: [], heardAtMs: bare.heardAtMs, drawn: [] };
  Object.assign(globalThis, { beat: told });
  const timer = setInterval(() => {
    if (!bare.isOpen) return;
    bare.say(`${own}-${told.saidAtMs.length}`);
    told.saidAtMs.push(Date.now());
    if (told.saidAtMs.length >= count) clearInterval(timer);
  }, everyMs);
}
