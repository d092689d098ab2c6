import { version } from '$app/environment';
import type { Bytes } from '../protocol/bytes';
import { judge, type Offer, type Refusal, type Running } from './offer';
import { PINNED_KEY } from './pinned-key';
import { readServed } from './served';
import { register } from './worker-url';

export type Stage =
  | { readonly at: 'checking' }
  | { readonly at: 'offered'; readonly offer: Offer }
  | { readonly at: 'installing'; readonly offer: Offer }
  | { readonly at: 'failed'; readonly offer: Offer }
  | { readonly at: 'refused'; readonly refusal: Refusal };

export type ConsentPlatform = {
  readonly container: Pick<ServiceWorkerContainer, 'register'>;
  readonly running: Running;
  readonly read: (path: string) => Promise<Bytes | null>;
  readonly reload: () => void;
};

/** One other version, from its list to its being in use. It is judged first, and installed when a person agrees. */
export class Consent {
  readonly #list: Bytes;
  readonly #platform: ConsentPlatform;
  readonly #stop = new AbortController();
  #stage = $state.raw<Stage>({ at: 'checking' });

  constructor(list: Bytes, platform: ConsentPlatform = browserPlatform()) {
    this.#list = list;
    this.#platform = platform;
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** Judges the version. Answers whether anything could be found out; it never rejects. */
  async check(): Promise<boolean> {
    const { running, read } = this.#platform;
    try {
      const verdict = await judge(this.#list, running, read);
      this.#stage =
        'offer' in verdict
          ? { at: 'offered', offer: verdict.offer }
          : { at: 'refused', refusal: verdict.refusal };
      return true;
    } catch {
      // The network went away in between; a later look begins anew.
      return false;
    }
  }

  /**
   * The person agreed: the version is downloaded, every file compared with its hash by the browser itself, then put in
   * the place of this one, and the page loads anew. Whatever fails on the way leaves the running version as it is.
   */
  async accept(): Promise<void> {
    if (this.#stage.at !== 'offered' && this.#stage.at !== 'failed') return;
    const { offer } = this.#stage;
    const { container } = this.#platform;
    this.#stage = { at: 'installing', offer };
    try {
      const registration = await register(container, offer.worker);
      const workers = [registration.installing, registration.waiting, registration.active];
      const fresh = workers.find((worker) => worker?.scriptURL.endsWith(offer.worker) === true);
      if (fresh == null) throw new TypeError('Not the worker that was asked for');
      this.#follow(fresh, offer);
    } catch {
      this.#stage = { at: 'failed', offer };
    }
  }

  destroy(): void {
    this.#stop.abort();
  }

  #follow(fresh: ServiceWorker, offer: Offer): void {
    const step = () => {
      if (fresh.state === 'installed') fresh.postMessage({ type: 'SKIP_WAITING' });
      if (fresh.state === 'redundant') this.#stage = { at: 'failed', offer };
      if (fresh.state === 'activated') this.#platform.reload();
    };
    fresh.addEventListener('statechange', step, { signal: this.#stop.signal });
    // Installed earlier, or in use by another window already: then no change of state is still to come.
    step();
  }
}

function browserPlatform(): ConsentPlatform {
  return {
    container: navigator.serviceWorker,
    running: { version, key: PINNED_KEY },
    read: readServed,
    reload: () => location.reload(),
  };
}
