import { BEAT_INTERVAL_MS } from '../lib/protocol/signaling';
import type { Clock, Limits } from './limits';
import type { Log } from './log';
import { NO_METRICS, type Metrics } from './metrics';
import type { Presence } from './presence';
import { randomToken, Session, sessionRates, type SessionRates } from './session';

/** Two lost beats are a bad network; three are a frozen or vanished client. */
const SILENCE_MS = 3 * BEAT_INTERVAL_MS;

/**
 * The live sessions. Those of event streams are also found by their token: their calls come over other connections,
 * and the stream itself does not show that its reader froze.
 */
export class Sessions {
  readonly #rates: SessionRates;
  readonly #bufferedBytes: number;
  readonly #clock: Clock;
  readonly #presence: Presence;
  readonly #log: Pick<Log, 'fault'>;
  readonly #metrics: Pick<Metrics, 'sent'>;
  readonly #live = new Set<Session>();
  readonly #streams = new Map<string, Session>();
  readonly #sweep: NodeJS.Timeout;

  constructor(
    limits: Limits,
    clock: Clock,
    presence: Presence,
    log: Pick<Log, 'fault'>,
    metrics: Pick<Metrics, 'sent'> = NO_METRICS,
  ) {
    this.#rates = sessionRates(limits);
    this.#bufferedBytes = limits.bufferedBytes;
    this.#clock = clock;
    this.#presence = presence;
    this.#log = log;
    this.#metrics = metrics;
    this.#sweep = setInterval(() => this.endSilent(), BEAT_INTERVAL_MS);
    this.#sweep.unref();
  }

  /**
   * Lives until the reader stops or the server ends it; and, of an event stream, until `stream` aborts. A socket has no
   * such signal: it ends its session itself.
   */
  open(origin: string, stream: AbortSignal | null, onEnd: () => void): Session {
    const token = randomToken();
    const parts = {
      origin,
      token,
      rates: this.#rates,
      bufferedBytes: this.#bufferedBytes,
      clock: this.#clock,
      metrics: this.#metrics,
    };
    const end = () => session.events.end();
    const session = new Session(parts, (ended) => {
      // A signal that has listeners is never collected, and that of a reader who froze never aborts.
      stream?.removeEventListener('abort', end);
      this.#live.delete(ended);
      this.#streams.delete(token);
      ended.inTurn(() => this.#presence.end(ended)).catch((cause: unknown) => this.#log.fault(cause));
      onEnd();
    });
    this.#live.add(session);
    if (stream === null) return session;
    this.#streams.set(token, session);
    if (stream.aborted) end();
    else stream.addEventListener('abort', end, { once: true });
    return session;
  }

  byToken(token: string): Session | null {
    return this.#streams.get(token) ?? null;
  }

  endSilent(): void {
    for (const session of this.#streams.values()) if (session.silentMs > SILENCE_MS) session.events.end();
  }

  endAll(): void {
    clearInterval(this.#sweep);
    for (const session of this.#live) session.events.end();
  }

  get size(): number {
    return this.#live.size;
  }
}
