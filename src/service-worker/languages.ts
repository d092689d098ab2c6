import type { PrecacheEntry } from 'workbox-precaching';
import { bestLocale, CHOSEN, SPOKEN, type Locale } from '../lib/words/locale';

/**
 * Words come in one file for each area and language. Only the languages that are spoken on this device are kept: the
 * chosen one or the browser's, from the start, and each whose words a page ever asked for.
 */
declare const self: ServiceWorkerGlobalScope;

export type Entry = PrecacheEntry & { locale?: string };

export class Languages {
  readonly #cache: string;
  readonly #words: ReadonlyMap<string, Entry>;
  /** Languages of which every file is here. */
  readonly #whole = new Set<string>();

  constructor(cache: string, entries: readonly Entry[]) {
    this.#cache = cache;
    const words = entries.filter(({ locale }) => locale !== undefined);
    this.#words = new Map(words.map((entry) => [new URL(entry.url, self.location.origin).href, entry]));
  }

  /** With the installation: rejects unless every file is there and is the one listed. */
  async keep(): Promise<void> {
    const spoken = new Set([await ownLocale(), ...(await this.#spoken())]);
    await Promise.all([...spoken].map((locale) => this.#keepAll(locale)));
  }

  has(url: string): boolean {
    return this.#words.has(url);
  }

  /** Whoever asks for one file of a language will ask for the others, perhaps without a network. */
  answer(event: FetchEvent): void {
    const entry = this.#words.get(event.request.url);
    if (entry === undefined) return;
    event.respondWith(this.#get(event.request.url, entry));
    event.waitUntil(this.#keepAll(entry.locale ?? '').catch(() => undefined)); // Asked again with the next file.
  }

  async #keepAll(locale: string): Promise<void> {
    if (this.#whole.has(locale)) return;
    const files = [...this.#words].filter(([, entry]) => entry.locale === locale);
    await Promise.all(files.map(([url, entry]) => this.#get(url, entry)));
    await (await caches.open(SPOKEN)).put(`/${locale}`, new Response());
    this.#whole.add(locale);
  }

  async #get(url: string, { integrity = '' }: Entry): Promise<Response> {
    const kept = await caches.match(url, { cacheName: this.#cache });
    if (kept !== undefined) return kept;
    const response = await fetch(url, { integrity, cache: 'no-cache' });
    if (!response.ok) throw new Error(`${url} does not come: ${response.status}`);
    await (await caches.open(this.#cache)).put(url, response.clone());
    return response;
  }

  async #spoken(): Promise<string[]> {
    const requests = await (await caches.open(SPOKEN)).keys();
    const names = requests.map(({ url }) => new URL(url).pathname).filter((name) => name !== CHOSEN);
    return names.map((name) => name.slice(1));
  }
}

/** What is said by the service worker itself is in the language that was chosen, or else in the browser's. */
export async function ownLocale(): Promise<Locale> {
  const chosen = await caches.match(CHOSEN, { cacheName: SPOKEN });
  return bestLocale(chosen === undefined ? navigator.languages : [await chosen.text()]);
}
