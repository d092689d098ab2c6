import { createHmac, randomBytes } from 'node:crypto';
import { prefixOf } from './address';
import { Budget, perHour, perMinute, perSecond, type Clock, type Limits, type Rate } from './limits';

type AddressRates = Readonly<
  Record<'connections' | 'status' | 'creations' | 'subscriptions' | 'calls', Rate>
>;

/** What one address prefix may still do; `calls` are those over HTTP that belong to no session. */
export class Allowance extends Budget<keyof AddressRates> {
  open = 0;
}

const KEY_LIFE_MS = 24 * 3_600_000;
const PRUNE_EVERY_MS = 60_000;

/**
 * Counts by address without keeping addresses: the key of each counter is an HMAC under a key that lives in this
 * process for at most 24 hours. When the key changes all counters begin anew; connections that are open then keep
 * counting on the old ones, which only makes one day's first minute more generous.
 */
export class Addresses {
  readonly #limits: Pick<Limits, 'sockets' | 'openPerAddress'>;
  readonly #rates: AddressRates;
  readonly #clock: Clock;
  readonly #allowances = new Map<string, Allowance>();
  #key = randomBytes(32);
  #keyMadeAtMs: number;
  #prunedAtMs: number;
  #open = 0;

  constructor(limits: Limits, clock: Clock) {
    this.#limits = limits;
    this.#rates = {
      connections: perMinute(limits.connectionsPerMinute),
      status: perMinute(limits.statusPerMinute, limits.statusBurst),
      creations: perHour(limits.creationsPerHour),
      subscriptions: perHour(limits.subscriptionsPerHour),
      calls: perSecond(limits.messagesPerSecond, limits.messagesBurst),
    };
    this.#clock = clock;
    this.#keyMadeAtMs = this.#prunedAtMs = clock();
  }

  allowance(address: string): Allowance {
    this.#renew();
    const key = createHmac('sha256', this.#key).update(prefixOf(address)).digest('base64');
    let allowance = this.#allowances.get(key);
    if (allowance === undefined) {
      allowance = new Allowance(this.#rates, this.#clock);
      this.#allowances.set(key, allowance);
    }
    return allowance;
  }

  /** A place for one long connection, to be given back by calling the result once; `null` if there is none. */
  enter(allowance: Allowance): (() => void) | null {
    if (this.#open >= this.#limits.sockets || allowance.open >= this.#limits.openPerAddress) return null;
    if (!allowance.take('connections')) return null;
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
    for (const [key, { open, isWhole }] of this.#allowances) {
      if (open === 0 && isWhole) this.#allowances.delete(key);
    }
  }
}
