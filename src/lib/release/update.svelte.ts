import type { Bytes } from '../protocol/bytes';
import { LIST, readServed } from './served';
import { register, workerIn } from './worker-url';

/** An installed app can stay open for days without being loaded anew. */
const CHECK_INTERVAL_MS = 3_600_000;
/** A page that never comes to rest is given a service worker all the same after this long. */
const IDLE_TIMEOUT_MS = 10_000;

/** Another version than the one on this device: its list as it came, of which nothing has been believed yet. */
export type Newer = { readonly list: Bytes; readonly worker: string };

/** What of the browser this class touches; a test hands in its own. */
export type UpdatePlatform = {
  readonly container:
    | Pick<ServiceWorkerContainer, 'controller' | 'register' | 'getRegistration' | 'addEventListener'>
    | undefined;
  readonly page: Pick<Document, 'visibilityState' | 'addEventListener'>;
  readonly rest: (signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
  readonly read: (path: string) => Promise<Bytes | null>;
};

/**
 * Keeps this version of the app on the device, and looks whether the server has another one. It never installs that:
 * a service worker whose address the browser does not know cannot come by itself (docs/verifying.md), and only a
 * person's press of a button names it (consent.svelte.ts).
 */
export class AppUpdate {
  readonly #platform: UpdatePlatform;
  readonly #stop = new AbortController();
  /** The address of the service worker that this page belongs to. */
  #own: string | null = null;
  #checkedAtMs = -Infinity;
  #newer = $state.raw<Newer | null>(null);
  #isReplaced = $state.raw(false);

  constructor(platform: UpdatePlatform = browserPlatform()) {
    this.#platform = platform;
  }

  /** The server has another version, or another window has changed to it. */
  get newer(): Newer | null {
    return this.#newer;
  }

  /** The server has put other code under the address of the version that is here, which is what no honest one does. */
  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  /**
   * Begins once the page has come to rest: its downloads must not compete with a join. Never rejects: in a browser that
   * refuses (private window, storage off) nothing is kept, and all else works.
   */
  async start(): Promise<void> {
    const { container, page, rest, now } = this.#platform;
    const { signal } = this.#stop;
    if (container === undefined) return;
    try {
      await rest(signal);
      const registration = (await container.getRegistration()) ?? (await this.#keep(container));
      if (registration === null || signal.aborted) return;
      this.#own ??= workerIn((registration.active ?? registration.installing)?.scriptURL ?? '');
      this.#watch(registration);
    } catch {
      // No network at a first visit, or a browser that refuses: the next visit tries again.
      return;
    }
    const lookIf = (isDue: () => boolean) => () => void (isDue() && this.look());
    // Another window agreed to another version: this one runs on beside a service worker that is not its own.
    const isOvertaken = () => workerIn(container.controller?.scriptURL ?? '') !== this.#own;
    container.addEventListener('controllerchange', lookIf(isOvertaken), { signal });
    const isDue = () => page.visibilityState === 'visible' && now() - this.#checkedAtMs >= CHECK_INTERVAL_MS;
    page.addEventListener('visibilitychange', lookIf(isDue), { signal });
    await this.look();
  }

  /** Asks the server which version it has. Never rejects. */
  async look(): Promise<void> {
    const { now, read } = this.#platform;
    this.#checkedAtMs = now();
    try {
      const list = await read(LIST);
      if (list === null || this.#stop.signal.aborted) return;
      const worker = workerIn(new TextDecoder().decode(list));
      if (worker === null || worker === this.#own) this.#newer = null;
      else if (worker !== this.#newer?.worker) this.#newer = { list, worker };
    } catch {
      this.forget();
    }
  }

  /** Nothing could be found out at this moment: ask again at the next return to the page. */
  forget(): void {
    this.#newer = null;
    this.#checkedAtMs = -Infinity;
  }

  destroy(): void {
    this.#stop.abort();
  }

  /** The first visit: there is nothing yet that could be exchanged, so this version is kept without a question. */
  async #keep(
    container: Pick<ServiceWorkerContainer, 'register'>,
  ): Promise<ServiceWorkerRegistration | null> {
    const list = await this.#platform.read(LIST);
    this.#own = list === null ? null : workerIn(new TextDecoder().decode(list));
    if (this.#own === null || this.#stop.signal.aborted) return null;
    return register(container, this.#own);
  }

  #watch(registration: ServiceWorkerRegistration): void {
    const see = () => {
      const fresh = registration.installing ?? registration.waiting;
      // The address holds the hash of the script: two scripts at one address are not both what it says.
      if (fresh !== null && fresh.scriptURL === registration.active?.scriptURL) this.#isReplaced = true;
    };
    see();
    registration.addEventListener('updatefound', see, { signal: this.#stop.signal });
  }
}

/** Getters, because a page is also rendered at build time, where there is no browser. */
function browserPlatform(): UpdatePlatform {
  return {
    get container() {
      // The development server has no list of files to keep, so it has no service worker.
      return import.meta.env.DEV ? undefined : navigator.serviceWorker;
    },
    get page() {
      return document;
    },
    rest: untilRest,
    now: () => performance.now(),
    read: readServed,
  };
}

async function untilRest(signal: AbortSignal): Promise<void> {
  if (document.readyState !== 'complete') {
    await new Promise((resolve) => window.addEventListener('load', resolve, { once: true, signal }));
  }
  await new Promise<void>((resolve) => {
    // Safari has no idle callback; by then it has most likely come to rest as well.
    if ('requestIdleCallback' in window) requestIdleCallback(() => resolve(), { timeout: IDLE_TIMEOUT_MS });
    else resolve();
  });
  signal.throwIfAborted();
}
