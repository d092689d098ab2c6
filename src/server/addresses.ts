import { createHmac, randomBytes } from 'node:crypto';
import { prefixOf } from './address';
import { perHour, perMinute, perSecond, TokenBucket, type Clock, type Limits } from './limits';

/** What one address prefix may still do. */
export type Allowance = {
  readonly connections: TokenBucket;
  readonly status: TokenBucket;
  readonly creations: TokenBucket;
  readonly subscriptions: TokenBucket;
  /** Calls over HTTP that belong to no session. */
  readonly calls: TokenBucket;
  open: number;
};

const KEY_LIFE_MS = 24 * 3_600_000;
const PRUNE_EVERY_MS = 60_000;

/**
 * Counts by address without keeping addresses: the key of each counter is an HMAC under a key that lives in this
 * process for at most 24 hours. When the key changes all counters begin anew; connections that are open then keep
 * counting on the old ones, which only makes one day's first minute more generous.
 */
export class Addresses {
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #allowances = new Map<string, Allowance>();
  #key = randomBytes(32);
  #keyMadeAtMs: number;
  #prunedAtMs: number;
  #open = 0;

  constructor(limits: Limits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#keyMadeAtMs = this.#prunedAtMs = clock();
  }

  allowance(address: string): Allowance {
    this.#renew();
    const key = createHmac('sha256', this.#key).update(prefixOf(address)).digest('base64');
    let allowance = this.#allowances.get(key);
    if (allowance === undefined) {
      const { connectionsPerMinute, statusPerMinute, statusBurst, creationsPerHour, subscriptionsPerHour } =
        this.#limits;
      allowance = {
        connections: new TokenBucket(perMinute(connectionsPerMinute), this.#clock),
        status: new TokenBucket(perMinute(statusPerMinute, statusBurst), this.#clock),
        creations: new TokenBucket(perHour(creationsPerHour), this.#clock),
        subscriptions: new TokenBucket(perHour(subscriptionsPerHour), this.#clock),
        calls: new TokenBucket(
          perSecond(this.#limits.messagesPerSecond, this.#limits.messagesBurst),
          this.#clock,
        ),
        open: 0,
      };
      this.#allowances.set(key, allowance);
    }
    return allowance;
  }

  /** A place for one long connection, to be given back by calling the result once; `null` if there is none. */
  enter(allowance: Allowance): (() => void) | null {
    if (this.#open >= this.#limits.sockets || allowance.open >= this.#limits.openPerAddress) return null;
    if (!allowance.connections.take()) return null;
    this.#open++;
    allowance.open++;
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      this.#open--;
      allowance.open--;
    };
  }

  get size(): number {
    return this.#allowances.size;
  }

  #renew(): void {
    const nowMs = this.#clock();
    if (nowMs - this.#keyMadeAtMs >= KEY_LIFE_MS) {
      this.#key = randomBytes(32);
      this.#keyMadeAtMs = nowMs;
      this.#allowances.clear();
    }
    if (nowMs - this.#prunedAtMs < PRUNE_EVERY_MS) return;
    this.#prunedAtMs = nowMs;
    for (const [key, { open, ...buckets }] of this.#allowances) {
      const isFresh = Object.values(buckets).every((bucket) => bucket.isFull);
      if (open === 0 && isFresh) this.#allowances.delete(key);
    }
  }
}
