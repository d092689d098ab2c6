import type { ServerEvent } from '../lib/protocol/signaling';

/** An event without its envelope: type, id and peer in JSON. */
const EVENT_BYTES = 128;

export type EventSink = { event(event: ServerEvent): void; end(): void };

/**
 * The events of one session on their way to one reader: who asks for each (an event stream), or a sink that takes all
 * as they come (a socket, with a bound of its own). Bounded: what waits belongs to a client that does not read.
 */
export class EventQueue implements AsyncIterable<ServerEvent, void, void> {
  readonly #maxBytes: number;
  readonly #onEnd: () => void;
  #sink: EventSink | null = null;
  #waiting: ((result: IteratorResult<ServerEvent, void>) => void) | null = null;
  #events: ServerEvent[] | null = null;
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

  /** From now on everything goes to the sink, what waited first. */
  pipe(sink: EventSink): void {
    if (this.#isEnded) return sink.end();
    const waited = this.#events ?? [];
    this.#events = null;
    this.#sink = sink;
    for (const event of waited) sink.event(event);
  }

  push(event: ServerEvent): void {
    if (this.#isEnded) return;
    if (this.#sink !== null) return this.#sink.event(event);
    if (this.#waiting !== null) {
      const resolve = this.#waiting;
      this.#waiting = null;
      resolve({ done: false, value: event });
      return;
    }
    this.#bytes += sizeOf(event);
    if (this.#bytes > this.#maxBytes) this.end();
    else (this.#events ??= []).push(event);
  }

  /** Drops what waits: the end of a session is never followed by its news. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#events = null;
    this.#waiting?.({ done: true, value: undefined });
    this.#waiting = null;
    this.#sink?.end();
    this.#sink = null;
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
    const event = this.#events?.shift();
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
