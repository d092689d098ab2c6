import { whenIdle } from '../ui/idle';
import type { ServerLogView } from './view';

/** Learns it of the server, when the page has nothing else to do. */
export class ServerLog implements ServerLogView {
  readonly #ask: () => Promise<{ logMode: string }>;
  #isDebug = $state.raw(false);

  constructor(ask: () => Promise<{ logMode: string }>) {
    this.#ask = ask;
  }

  get isDebug(): boolean {
    return this.#isDebug;
  }

  /** To be called with every session, which may be with another run of the server. */
  look(): void {
    whenIdle(() => {
      this.#ask()
        .then(({ logMode }) => (this.#isDebug = logMode === 'debug'))
        // One that does not answer now, or not in words that are known, is asked again with the next session.
        .catch(() => undefined);
    });
  }
}
