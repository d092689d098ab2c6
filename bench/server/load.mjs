/**
 * The people: a process of its own, so that what playing them costs is not counted as the server's. Takes one order after
 * the other over the channel of `fork`, and answers each.
 */
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { HostKey } from './host-key.mjs';
import { join } from './join.mjs';
import { DIALECTS } from './lines.mjs';
import { Person } from './person.mjs';

/** @typedef {import('./person.mjs').Place} Place */
/** @typedef {{ host: Person | null, guest: Person | null, keys: [HostKey, HostKey], turn: number }} Pair */
/** @typedef {{ places: Place[], count: number, perS: number | null }} Joins */
/** @typedef {keyof typeof DIALECTS} Tongue */

/** Openings under way at once: below the backlog of any server. */
const OPENING = 200;

class Load {
  /** @type {import('./lines.mjs').Present[]} */
  #idle = [];
  /** @type {[import('./lines.mjs').End, import('./lines.mjs').End][]} */
  #lines = [];
  /** @type {Pair[]} */
  #pairs = [];

  /**
   * Until so many people are present. Each comes from an address prefix of its own (127.x.y.1), as people do.
   * @param {{ tongue: Tongue, place: Place, count: number }} order
   */
  async idle({ tongue, place, count }) {
    const open = async () => {
      while (this.#idle.length < count) {
        const n = this.#idle.length;
        const person = DIALECTS[tongue].come(place, `127.${1 + (n >> 8)}.${n & 255}.1`);
        this.#idle.push(person);
        await person.greeted;
        person.onClose = () => {
          throw new Error('Somebody who only stood there was sent away.');
        };
      }
    };
    await Promise.all(Array.from({ length: OPENING }, open));
  }

  /** @param {{ tongue: Tongue, place: Place, count: number }} order */
  async lines({ tongue, place, count }) {
    while (this.#lines.length < count) this.#lines.push(await DIALECTS[tongue].meet(place));
  }

  /**
   * `count` messages, back and forth on every line at once.
   * @param {{ count: number, size: number }} order `size` in characters
   */
  async relay({ count, size }) {
    const measure = begin();
    const text = 'x'.repeat(size);
    let [sent, arrived] = [0, 0];
    await new Promise((done) => {
      for (const [a, b] of this.#lines) {
        const say = (/** @type {typeof a} */ end) => {
          if (sent++ < count) end.say(text);
        };
        const take = (/** @type {typeof a} */ end) => () => {
          if (++arrived === count) done(undefined);
          else say(end);
        };
        a.onText = take(a);
        b.onText = take(b);
        say(a);
      }
    });
    return measure();
  }

  /**
   * Pairs of a host and a guest, each with keys for two meetings that take turns: whoever looks at the one is not told of
   * the other. `isPresent`: their sockets are there before they are wanted.
   * @param {{ places: Place[], count: number, isPresent: boolean }} order
   */
  async pair({ places, count, isPresent }) {
    for (const { host, guest } of this.#pairs.splice(0)) await Promise.all([host?.close(), guest?.close()]);
    for (let n = 0; n < count; n++) {
      const [host, guest] = isPresent ? [new Person(pick(places)), new Person(pick(places))] : [null, null];
      await Promise.all([host?.greeted, guest?.greeted]);
      this.#pairs.push({ host, guest, keys: [new HostKey(), new HostKey()], turn: 0 });
    }
  }

  /**
   * `count` joins, by all pairs one after the other, or begun `perS` a second whoever is done by then.
   * @param {Joins} order
   */
  async joins(order) {
    const measure = begin();
    /** @type {number[]} */
    const relayedMs = [];
    const isLate = await (order.perS === null
      ? this.#inTurn(order, relayedMs)
      : this.#inTime(order, order.perS, relayedMs));
    const spent = measure();
    relayedMs.sort((a, b) => a - b);
    const at = (/** @type {number} */ part) => relayedMs[Math.floor(part * (relayedMs.length - 1))] ?? NaN;
    return {
      ...spent,
      isLate,
      relayed: relayedMs.length,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      maxMs: at(1),
    };
  }

  /**
   * @param {Joins} order
   * @param {number[]} relayedMs
   */
  async #inTurn({ places, count }, relayedMs) {
    let left = count;
    const work = async (/** @type {Pair} */ pair) => {
      while (left-- > 0) await meet(pair, places, relayedMs);
    };
    await Promise.all(this.#pairs.map(work));
    return false;
  }

  /**
   * Begun by the clock: a server that is slow is not asked less for it.
   * @param {Joins} order
   * @param {number} perS
   * @param {number[]} relayedMs
   * @returns {Promise<boolean>} whether all pairs were busy once, so that what was offered was less
   */
  #inTime({ places, count }, perS, relayedMs) {
    const free = [...this.#pairs];
    const startMs = performance.now();
    let [begun, ended, isLate] = [0, 0, false];
    return new Promise((done, failed) => {
      const begin = () => {
        const due = Math.min(count, Math.ceil(((performance.now() - startMs) * perS) / 1000));
        for (; begun < due; begun++) {
          const pair = free.pop();
          if (pair === undefined) {
            isLate = true;
            break;
          }
          meet(pair, places, relayedMs).then(() => {
            free.push(pair);
            if (++ended === count) done(isLate);
          }, failed);
        }
        if (begun < count) setTimeout(begin, 1);
      };
      begin();
    });
  }
}

/**
 * @param {Pair} pair
 * @param {Place[]} places
 * @param {number[]} relayedMs
 */
async function meet(pair, places, relayedMs) {
  const key = pair.keys[pair.turn++ % 2];
  if (key === undefined) throw new Error('A pair has two keys.');
  const relayed = (/** @type {number} */ tookMs) => void relayedMs.push(tookMs);
  if (pair.host !== null && pair.guest !== null) return join(pair.host, pair.guest, key, relayed);
  const [host, guest] = [new Person(pick(places)), new Person(pick(places))];
  await Promise.all([host.greeted, guest.greeted]);
  await join(host, guest, key, relayed);
  await Promise.all([host.close(), guest.close()]);
}

/** How long it takes and how busy this process is from here on; above 1 it, and not the server, would be what is slow. */
function begin() {
  const [loop, startMs] = [performance.eventLoopUtilization(), performance.now()];
  return () => ({
    tookMs: performance.now() - startMs,
    loadBusy: performance.eventLoopUtilization(loop).utilization,
  });
}

/** @template T @param {T[]} list @returns {T} */
function pick(list) {
  return /** @type {T} */ (list[Math.floor(Math.random() * list.length)]);
}

const load = new Load();
process.on(
  'message',
  (/** @type {{ order: 'idle' | 'lines' | 'relay' | 'pair' | 'joins', with: any }} */ message) => {
    load[message.order](message.with).then(
      (outcome) => process.send?.({ outcome: outcome ?? null }),
      (cause) => process.send?.({ problem: cause instanceof Error ? cause.stack : String(cause) }),
    );
  },
);
process.once('disconnect', () => process.exit(0));
