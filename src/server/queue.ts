import type { ServerEvent } from '../lib/protocol/signaling';

/** An event without its envelope: type, id and peer in JSON. */
const EVENT_BYTES = 128;

/**
 * The events of one session on their way to one reader. Bounded: what waits belongs to a client that does not read.
 * An own queue because `node:events` `on()` takes twice the memory for each idle connection.
 */
export class EventQueue implements AsyncIterable<ServerEvent, void, void> {
  readonly #maxBytes: number;
  readonly #onEnd: () => void;
  #waiting: ((result: IteratorResult<ServerEvent, void>) => void) | null = null;
  #events: ServerEvent[] = [];
  #bytes = 0;
  #isEnded = false;

  /** `onEnd` is called once, whoever ends the queue: the reader, its owner, or an overflow. */
  constructor(maxBytes: number, onEnd: () => void) {
    this.#maxBytes = maxBytes;
    this.#onEnd = onEnd;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  push(event: ServerEvent): void {
    if (this.#isEnded) return;
    if (this.#waiting !== null) {
      const resolve = this.#waiting;
      this.#waiting = null;
      resolve({ done: false, value: event });
      return;
    }
    this.#bytes += sizeOf(event);
    if (this.#bytes > this.#maxBytes) this.end();
    else this.#events.push(event);
  }

  /** Drops what waits: the end of a session is never followed by its news. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#events = [];
    this.#waiting?.({ done: true, value: undefined });
    this.#waiting = null;
    this.#onEnd();
  }

  [Symbol.asyncIterator](): AsyncIterator<ServerEvent, void, void> {
    return {
      next: () => this.#next(),
      return: async () => {
        this.end();
        return { done: true, value: undefined };
      },
    };
  }

  #next(): Promise<IteratorResult<ServerEvent, void>> {
    const event = this.#events.shift();
    if (event !== undefined) {
      this.#bytes -= sizeOf(event);
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }
}

function sizeOf(event: ServerEvent): number {
  return EVENT_BYTES + ('envelope' in event ? (event.envelope?.length ?? 0) : 0);
}
