/**
 * People who come and go all the time, in a process of its own: meetings with a few guests each, and people who only look
 * whether a host is there; most on WebSockets, some on server-sent events. They leave, reload, are cut off, and freeze.
 * Takes `start` and `stop` over the channel of `fork`, and says every second what happened.
 */
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { HostKey } from './host-key.mjs';
import { ENVELOPES } from './join.mjs';
import { Person, Refused } from './person.mjs';
import { StreamPerson } from './stream-person.mjs';

/** @typedef {import('./person.mjs').Place} Place */
/** @typedef {Person | StreamPerson} Somebody */

/** About thirty joins and as many who come only to look, a second: a good part of a core, and far from all of it. */
const MEETINGS = 100;
const WATCHERS = 200;
const GUESTS = 3;
/** Meetings that are opened again and again; a tenth of all are new. */
const KNOWN_MEETINGS = 500;
const PART_NEW = 0.1;
const PART_STREAMS = 0.2;
const PART_RELOADS = 0.3;
const PART_CUT = 0.3;
const PART_FROZEN = 0.05;
const WATCHED = 20;
const STAY_MS = 6_000;
/** The server has noticed by then, on either transport. */
const FROZEN_MS = 20_000;
/** A join is over within that, on a machine with much else to do. */
const JOIN_MS = 20_000;

const chance = (/** @type {number} */ part) => Math.random() < part;
const aWhile = () => pause(STAY_MS * (0.2 + 1.6 * Math.random()));

class Churn {
  #places;
  /** @type {HostKey[]} */
  #keys = Array.from({ length: KNOWN_MEETINGS }, () => new HostKey());
  #known = this.#keys.map(({ id }) => id);
  #isOver = false;
  /** @type {Promise<void>[]} */
  #loops;
  counts = { came: 0, streams: 0, joins: 0, reloads: 0, cut: 0, frozen: 0 };
  /** What should not have happened, by what was said of it. @type {Record<string, number>} */
  problems = {};

  /** @param {Place[]} places */
  constructor(places) {
    this.#places = places;
    const meetings = Array.from({ length: MEETINGS }, () => this.#again(() => this.#meeting()));
    const watchers = Array.from({ length: WATCHERS }, () => this.#again(() => this.#watcher()));
    this.#loops = [...meetings, ...watchers];
  }

  /** Until the last has left. */
  async stop() {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  /** @param {() => Promise<void>} life */
  async #again(life) {
    await aWhile();
    while (!this.#isOver) {
      try {
        await life();
      } catch (cause) {
        const said = cause instanceof Error ? cause.message : String(cause);
        this.problems[said] = (this.problems[said] ?? 0) + 1;
        await aWhile();
      }
    }
  }

  async #meeting() {
    const key = chance(PART_NEW) ? new HostKey() : (this.#keys.shift() ?? new HostKey());
    let host = await this.#host(key);
    const guests = Array.from({ length: 1 + Math.floor(Math.random() * GUESTS) }, () => this.#guest(key.id));
    const met = await Promise.allSettled(guests);
    if (chance(PART_RELOADS)) {
      this.counts.reloads++;
      const before = host;
      // A page that is loaded anew is often there before the server knows that the one before is gone.
      host = await this.#host(key);
      await this.#end(before, () => before.call('beat'));
      await this.#guest(key.id);
    }
    await this.#end(host, () => host.call('release', { id: key.id }));
    if (this.#known.includes(key.id)) this.#keys.push(key);
    for (const outcome of met) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** @param {HostKey} key */
  async #host(key) {
    const host = await this.#come();
    const { id } = key;
    /** @type {Map<string, number>} */
    const heard = new Map();
    const relay = (/** @type {string} */ to, /** @type {string} */ envelope) =>
      this.#tell(host, 'relay', { id, to, envelope: ENVELOPES[envelope] });
    host.onEvent = ({ type, peer = '', from, envelope }) => {
      if (type === 'knock' && envelope !== null) {
        heard.set(peer, 0);
        relay(peer, 'm2');
        relay(peer, 'candidates');
      } else if (type === 'relay' && typeof from === 'string') {
        const count = (heard.get(from) ?? 0) + 1;
        heard.set(from, count);
        if (count === 1) relay(from, 'admission');
      } else if (type === 'gone') heard.delete(peer);
    };
    host.nonce = (await host.call('claim', key.claim(host.origin, host.nonce))).nonce;
    return host;
  }

  /**
   * Joins, stays, often joins once more, and goes.
   * @param {string} id
   */
  async #guest(id) {
    let guest = await this.#join(id);
    await aWhile();
    if (chance(PART_RELOADS)) {
      this.counts.reloads++;
      await this.#end(guest, () => guest.call('leave', { id }));
      guest = await this.#join(id);
      await aWhile();
    }
    await this.#end(guest, () => guest.call('leave', { id }));
  }

  /** @param {string} id */
  async #join(id) {
    const guest = await this.#come();
    await guest.call('watch', { ids: [id] });
    let heard = 0;
    /** @type {NodeJS.Timeout | undefined} */
    let patience;
    const admitted = new Promise((resolve, reject) => {
      patience = setTimeout(
        () => reject(new Error(`A guest waited in vain after ${heard} envelopes.`)),
        JOIN_MS,
      );
      guest.onClose = () => reject(new Error('A guest lost the server while joining.'));
      guest.onEvent = ({ type }) => {
        if (type !== 'relay') return;
        heard++;
        if (heard === 1) this.#tell(guest, 'relay', { id, to: null, envelope: ENVELOPES.m3 });
        if (heard === 2) this.#tell(guest, 'relay', { id, to: null, envelope: ENVELOPES.candidates });
        if (heard === 3) resolve(undefined);
      };
    });
    try {
      await Promise.all([admitted, guest.call('knock', { id, envelope: ENVELOPES.m1 })]);
    } finally {
      clearTimeout(patience);
      guest.onClose = () => undefined;
    }
    this.counts.joins++;
    return guest;
  }

  async #watcher() {
    const watcher = await this.#come();
    for (let looks = 0; looks < 2; looks++) {
      const from = Math.floor(Math.random() * (KNOWN_MEETINGS - WATCHED));
      const ids = this.#known.slice(from, from + 1 + Math.floor(Math.random() * WATCHED));
      await watcher.call('watch', { ids });
      await aWhile();
    }
    await this.#end(watcher, () => watcher.call('beat'));
  }

  /** @returns {Promise<Somebody>} */
  async #come() {
    const place = this.#places[Math.floor(Math.random() * this.#places.length)];
    if (place === undefined) throw new Error('There is no server to come to.');
    const address = `127.${1 + Math.floor(Math.random() * 200)}.${Math.floor(Math.random() * 256)}.1`;
    const isStream = chance(PART_STREAMS);
    const somebody = isStream ? new StreamPerson(place, address) : new Person(place, address);
    await somebody.greeted;
    this.counts.came++;
    if (isStream) this.counts.streams++;
    return somebody;
  }

  /**
   * @param {Somebody} somebody
   * @param {() => Promise<unknown>} goodbye
   */
  async #end(somebody, goodbye) {
    if (chance(PART_FROZEN)) {
      this.counts.frozen++;
      somebody.onEvent = () => undefined;
      somebody.freeze();
      void pause(FROZEN_MS).then(() => somebody.cut());
    } else if (chance(PART_CUT)) {
      this.counts.cut++;
      somebody.onEvent = () => undefined;
      somebody.cut();
    } else {
      await goodbye();
      await somebody.close();
    }
  }

  /**
   * To whom it goes may be gone by now, and so may who sends it; what the server refuses beyond that is a problem.
   * @param {Somebody} from
   * @param {string} path
   * @param {object} input
   */
  #tell(from, path, input) {
    from.call(path, input).catch((/** @type {unknown} */ cause) => {
      if (cause instanceof Refused) this.problems[cause.message] = (this.problems[cause.message] ?? 0) + 1;
    });
  }
}

/** @type {{ churn: Churn | null }} */
const running = { churn: null };
process.on('message', (/** @type {{ places: Place[] } | 'stop'} */ message) => {
  if (message !== 'stop') {
    running.churn = new Churn(message.places);
    return;
  }
  void running.churn?.stop().then(() => process.send?.('stopped', () => process.exit(0)));
});
setInterval(() => {
  if (running.churn !== null)
    process.send?.({ counts: running.churn.counts, problems: running.churn.problems });
}, 1_000);
process.once('disconnect', () => process.exit(0));
