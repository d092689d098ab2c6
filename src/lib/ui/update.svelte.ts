/** The built service worker's address; its scope is the whole site. */
const WORKER_URL = '/service-worker.js';
/** Made once: the content security policy refuses a second policy of the same name. */
const WORKER_SCRIPT = trustedWorkerUrl();
/** An installed app can stay open for days without a navigation, at which browsers would look for a new version. */
const CHECK_INTERVAL_MS = 3_600_000;
/** After the page has loaded, the time for what it was opened for: whoever comes with a link joins within it. */
const SETTLE_MS = 3_000;
/** A page that never comes to rest is given a service worker all the same after this long. */
const IDLE_TIMEOUT_MS = 10_000;

type PolicyFactory = {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
};

/** What of the browser this class touches; a test hands in its own. */
export type UpdatePlatform = {
  readonly container:
    Pick<ServiceWorkerContainer, 'controller' | 'register' | 'addEventListener'> | undefined;
  readonly page: Pick<Document, 'visibilityState' | 'addEventListener'>;
  readonly idle: (signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
  readonly reload: () => void;
};

/**
 * The app's own version on this device: a service worker that keeps it for use without a network, and a newer one
 * that waits. Nothing is replaced until `apply()`, and `apply()` is only ever a person's press of a button.
 */
export class AppUpdate {
  readonly #platform: UpdatePlatform;
  readonly #stop = new AbortController();
  #waiting = $state.raw<ServiceWorker | null>(null);
  /** Another window agreed to the new version, so this one runs beside a service worker that is not its own. */
  #isOvertaken = $state.raw(false);
  #offline = $state.raw<'unknown' | 'kept' | 'unavailable'>('unknown');

  constructor(platform: UpdatePlatform = browserPlatform()) {
    this.#platform = platform;
  }

  /** A newer version is here and waits for consent. */
  get isReady(): boolean {
    return this.#waiting !== null || this.#isOvertaken;
  }

  /** Whether this device keeps the app for use without a network. */
  get offline(): 'unknown' | 'kept' | 'unavailable' {
    return this.#offline;
  }

  /**
   * Registers the service worker once the page has come to rest: its downloads must not compete with a join.
   * Never rejects: a browser that refuses (private window, storage off) shows in `offline`, and all else works.
   */
  async register(): Promise<void> {
    const { container, page, idle } = this.#platform;
    const { signal } = this.#stop;
    if (container === undefined) {
      this.#offline = 'unavailable';
      return;
    }
    const wasControlled = container.controller !== null;
    try {
      await idle(signal);
      const registration = await container.register(WORKER_SCRIPT, { updateViaCache: 'none' });
      if (signal.aborted) return;
      this.#offline = 'kept';
      this.#watch(registration);
      page.addEventListener('visibilitychange', this.#makeCheck(registration), { signal });
    } catch {
      if (!signal.aborted) this.#offline = 'unavailable';
      return;
    }
    // The first service worker ever also takes the page over; that is no update.
    if (wasControlled) {
      container.addEventListener('controllerchange', () => (this.#isOvertaken = true), { signal });
    }
  }

  /** The person agreed: the waiting version takes over and the page loads anew under it. */
  apply(): void {
    const { container, reload } = this.#platform;
    if (this.#waiting === null || container === undefined) {
      reload();
      return;
    }
    container.addEventListener('controllerchange', () => reload(), { once: true, signal: this.#stop.signal });
    this.#waiting.postMessage({ type: 'SKIP_WAITING' });
  }

  destroy(): void {
    this.#stop.abort();
  }

  #watch(registration: ServiceWorkerRegistration): void {
    const { signal } = this.#stop;
    // Without a controller nothing older runs here: a waiting worker is then only on its way to being the first.
    const see = () => {
      this.#waiting = this.#platform.container?.controller ? registration.waiting : null;
    };
    see();
    const follow = () => registration.installing?.addEventListener('statechange', see, { signal });
    follow();
    registration.addEventListener('updatefound', follow, { signal });
  }

  #makeCheck(registration: ServiceWorkerRegistration): () => void {
    const { page, now } = this.#platform;
    let checkedAtMs = now();
    return () => {
      if (page.visibilityState !== 'visible' || now() - checkedAtMs < CHECK_INTERVAL_MS) return;
      checkedAtMs = now();
      registration.update().catch(() => {
        // No network at this moment: ask again at the next return to the page.
        checkedAtMs = -Infinity;
      });
    };
  }
}

/**
 * `register` takes a string or, under the policy of the page, only a TrustedScriptURL. TypeScript's library has no
 * such type yet; the browser's object stands for the string. The policy lets exactly one address through.
 */
function trustedWorkerUrl(): string {
  const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
  if (factory === undefined) return WORKER_URL;
  const policy = factory.createPolicy('parley-service-worker', {
    createScriptURL: (url) => {
      if (url !== WORKER_URL) throw new TypeError('Not the service worker of this app');
      return url;
    },
  });
  return policy.createScriptURL(WORKER_URL);
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
    idle: untilIdle,
    now: () => performance.now(),
    reload: () => location.reload(),
  };
}

async function untilIdle(signal: AbortSignal): Promise<void> {
  if (document.readyState !== 'complete') {
    await new Promise((resolve) => window.addEventListener('load', resolve, { once: true, signal }));
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  await new Promise<void>((resolve) => {
    // Safari has no idle callback; by then it has most likely come to rest as well.
    if ('requestIdleCallback' in window) requestIdleCallback(() => resolve(), { timeout: IDLE_TIMEOUT_MS });
    else resolve();
  });
  signal.throwIfAborted();
}
