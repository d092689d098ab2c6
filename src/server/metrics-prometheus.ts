import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { MeetingId } from '../lib/protocol/ids';
import type { ServerEvent } from '../lib/protocol/signaling';
import type { Clock } from './limits';
import type { LogEvent } from './log';
import { CALLS, type Levels, type Metrics, type Outcome } from './metrics';
import type { Member } from './presence';

/** Answers of one browser come within a round trip; a lossy network and a slow machine take seconds. */
const ANSWER_BUCKETS_S = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** The call that is none of ours. */
const UNKNOWN = 'unknown';

/** The counts as Prometheus reads them. */
export type PrometheusMetrics = Metrics & { readonly registry: Registry };

export function createMetrics(clock: Clock = () => performance.now()): PrometheusMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const calls = new Counter({
    name: 'parley_calls_total',
    help: 'Calls of the API, by call and by the code that they ended with.',
    labelNames: ['call', 'outcome'],
    registers,
  });
  const events = new Counter({
    name: 'parley_events_total',
    help: 'What the log notes, whether or not it is written down.',
    labelNames: ['event'],
    registers,
  });
  const faults = new Counter({
    name: 'parley_faults_total',
    help: 'Faults of the server itself.',
    registers,
  });
  const relayedBytes = new Counter({
    name: 'parley_relayed_bytes_total',
    help: 'Sealed envelopes that were passed on, in bytes.',
    registers,
  });
  const timeToAnswer = new Histogram({
    name: 'parley_time_to_answer_seconds',
    help: 'From a guest’s knock to the first envelope that the host sends back.',
    buckets: ANSWER_BUCKETS_S,
    registers,
  });

  const countCall = cached((call: string) => cached((outcome: Outcome) => calls.labels(call, outcome)));
  const countEvent = cached((event: LogEvent) => events.labels(event));

  const waiting = new Waiting(clock, (tookMs) => timeToAnswer.observe(tookMs / 1_000));

  return {
    registry,
    call: (name, outcome) => countCall(CALLS.has(name) ? name : UNKNOWN)(outcome).inc(),
    event: (event) => countEvent(event).inc(),
    fault: () => faults.inc(),
    relayed: (bytes) => relayedBytes.inc(bytes),
    knocked: (guest, id) => waiting.knocked(guest, id),
    left: (guest, id) => waiting.left(guest, id),
    sent: (to, event) => waiting.sent(to, event),
    levels: (read) => addGauges(registry, read),
  };
}

function addGauges(registry: Registry, read: () => Levels): void {
  const registers = [registry];
  new Gauge({
    name: 'parley_open_connections',
    help: 'WebSockets and event streams that are open.',
    labelNames: ['transport'],
    registers,
    collect() {
      const { sockets, streams } = read();
      this.set({ transport: 'socket' }, sockets);
      this.set({ transport: 'stream' }, streams);
    },
  });
  const single = (name: string, help: string, level: (levels: Levels) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(level(read()));
      },
    });
  single('parley_sessions', 'Clients with an open event stream.', ({ sessions }) => sessions);
  single('parley_meetings', 'Meetings with somebody at them.', ({ meetings }) => meetings);
  single('parley_watches', 'Saved meetings being watched.', ({ watches }) => watches);
}

/** Who waits for an answer since when. A knock counts once, from the first of it that a host could hear. */
class Waiting {
  readonly #clock: Clock;
  readonly #observe: (tookMs: number) => void;
  readonly #sinceMs = new WeakMap<Member, Map<MeetingId, number>>();

  constructor(clock: Clock, observe: (tookMs: number) => void) {
    this.#clock = clock;
    this.#observe = observe;
  }

  knocked(guest: Member, id: MeetingId): void {
    const waits = this.#sinceMs.get(guest) ?? new Map<MeetingId, number>();
    this.#sinceMs.set(guest, waits);
    if (!waits.has(id)) waits.set(id, this.#clock());
  }

  left(guest: Member, id: MeetingId): void {
    this.#sinceMs.get(guest)?.delete(id);
  }

  sent(to: Member, event: ServerEvent): void {
    const waits = this.#sinceMs.get(to);
    if (waits === undefined) return;
    if (event.type === 'relay' && event.from === null) {
      const sinceMs = waits.get(event.id);
      if (sinceMs !== undefined) this.#observe(this.#clock() - sinceMs);
      waits.delete(event.id);
    } else if (event.type === 'retired' || (event.type === 'presence' && !event.hostPresent)) {
      // Nobody is there to answer any more.
      waits.delete(event.id);
    }
  }
}

/** Each child of a counter is made once: labels as an object for every call would cost more than the call's own count. */
function cached<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>();
  return (key) => {
    let value = made.get(key);
    if (value === undefined) {
      value = make(key);
      made.set(key, value);
    }
    return value;
  };
}
