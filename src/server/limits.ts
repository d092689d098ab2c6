/**
 * Every bound the server keeps, each with its reason. All of them can be raised or lowered by the operator: the
 * setting of `statusBurst` is `LIMIT_STATUS_BURST`, and so on.
 */
export const DEFAULT_LIMITS = {
  /** One WebSocket frame or HTTP body: the largest envelope (16 KiB) in base64url, with room for the call around it. */
  messageBytes: 32 * 1024,
  /** Unsent bytes kept for one client. A client that reads so slowly is gone for all purposes. */
  bufferedBytes: 1024 * 1024,
  /** A socket that says nothing is a scanner or a hole in our connection count. */
  firstMessageMs: 5_000,
  /** Quiet time after which the server pings, and how long it waits: a frozen client is noticed within 8 s. */
  pingMs: 5_000,
  pongMs: 3_000,
  /** A person's busiest moment (joining a full meeting) is about 40 calls; a steady 20 per second is no person. */
  messagesPerSecond: 20,
  messagesBurst: 60,
  /** A whole handshake with trickled candidates is under 20 KiB; twelve of them a minute fill a meeting. */
  relayBytesPerMinute: 256 * 1024,
  /** A broken client shows itself at once; five leave room for one version's mistake without a loop of junk. */
  badMessages: 5,
  /** One to come, one after a wobble, one more: knocking is what disturbs a host. */
  knocksPerMinute: 3,
  /** Fresh credentials for a relay: one before the old ones end, a few more while the network is changing. */
  icePerMinute: 10,
  /** Ids a socket may start to watch per minute: a full list (1,000) three times over. */
  watchedPerMinute: 3_000,
  /** Meetings one socket is host of or guest at: far more than anybody has open. */
  meetingsPerSocket: 100,
  /** A mesh holds up to eight people (section 10) ... */
  people: 8,
  /** ... and as many may stand in the waiting room. */
  waiting: 8,
  /** An address prefix: an office behind one address opens a few tabs a minute, a flood opens thousands. */
  connectionsPerMinute: 30,
  openPerAddress: 60,
  /** Asking about a saved list is a burst; going on asking is guessing (hopeless, 128 bits, but it costs us). */
  statusPerMinute: 10,
  statusBurst: 30,
  /** Every new meeting is a row on disk for 90 days. */
  creationsPerHour: 10,
  /** A device asks once for each meeting and renews it now and then; each time is a write to our disk. */
  subscriptionsPerHour: 30,
  /** Devices of a meeting's guests, and as many of its host: two for each of the people it holds. */
  subscriptionsPerMeeting: 16,
  /** Whole server. About 15 KiB a connection: these fit a machine with 512 MB. The live are never evicted for the new. */
  sockets: 10_000,
  meetings: 20_000,
  watches: 500_000,
  /** About 700 bytes each on disk: 70 MB. */
  subscriptions: 100_000,
} as const satisfies Record<string, number>;

export type Limits = Readonly<Record<keyof typeof DEFAULT_LIMITS, number>>;

/** Milliseconds from any fixed point, never going back. */
export type Clock = () => number;

/** `burst` tokens at most, refilled at `perMs` tokens a millisecond. */
export type Rate = { readonly burst: number; readonly perMs: number };

export const perSecond = (count: number, burst = count): Rate => ({ burst, perMs: count / 1_000 });
export const perMinute = (count: number, burst = count): Rate => ({ burst, perMs: count / 60_000 });
export const perHour = (count: number, burst = count): Rate => ({ burst, perMs: count / 3_600_000 });

/** A token bucket: starts full, refills continuously, and refuses what it cannot pay in whole. */
export class TokenBucket {
  readonly #rate: Rate;
  readonly #clock: Clock;
  #tokens: number;
  #countedAtMs: number;

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
    this.#tokens = rate.burst;
    this.#countedAtMs = clock();
  }

  /** Takes `count` tokens and says true, or takes none and says false. */
  take(count = 1): boolean {
    this.#refill();
    if (count > this.#tokens) return false;
    this.#tokens -= count;
    return true;
  }

  get isFull(): boolean {
    this.#refill();
    return this.#tokens === this.#rate.burst;
  }

  #refill(): void {
    const nowMs = this.#clock();
    const gained = (nowMs - this.#countedAtMs) * this.#rate.perMs;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + gained);
    this.#countedAtMs = nowMs;
  }
}

/** A bucket for each thing somebody may do, made when it is first done: most people never do most of them. */
export class Budget<Thing extends string> {
  readonly #rates: Readonly<Record<Thing, Rate>>;
  readonly #clock: Clock;
  #buckets: Map<Thing, TokenBucket> | null = null;

  constructor(rates: Readonly<Record<Thing, Rate>>, clock: Clock) {
    this.#rates = rates;
    this.#clock = clock;
  }

  /** Takes `count` of that, or takes none and says false. */
  take(thing: Thing, count = 1): boolean {
    this.#buckets ??= new Map();
    let bucket = this.#buckets.get(thing);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#rates[thing], this.#clock);
      this.#buckets.set(thing, bucket);
    }
    return bucket.take(count);
  }

  /** Nothing is spent: as good as new. */
  get isWhole(): boolean {
    for (const bucket of this.#buckets?.values() ?? []) if (!bucket.isFull) return false;
    return true;
  }
}
