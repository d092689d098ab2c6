import { codeOf } from '../protocol/errors';
import { Signaling } from '../signaling/signaling';

export type LogModeName = 'normal' | 'off' | 'debug';

/** Asks the server once what it writes down, and hangs up: a conversation that the record then shows. */
export class LogMode {
  readonly #signaling: Signaling;
  #mode = $state.raw<LogModeName | null>(null);

  constructor() {
    this.#signaling = new Signaling({
      onEvent: () => undefined,
      onState: ({ at }) => {
        if (at === 'open') void this.#ask();
      },
    });
    this.#signaling.start();
  }

  /** `null` until it has answered. */
  get mode(): LogModeName | null {
    return this.#mode;
  }

  destroy(): void {
    this.#signaling.close();
  }

  async #ask(): Promise<void> {
    try {
      this.#mode = (await this.#signaling.serverInfo()).logMode;
      this.#signaling.close();
    } catch (fault) {
      // The next session asks again; until then the page says that there is no answer.
      if (codeOf(fault) === 'internal/fault') throw fault;
    }
  }
}
