import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** @typedef {import('./person.mjs').Place} Place */
/** @typedef {keyof typeof import('./lines.mjs').DIALECTS} Tongue */
/** @typedef {{ tookMs: number, loadBusy: number }} Spent `loadBusy` is the part of its time in which the loop had work */
/** @typedef {Spent & { isLate: boolean, relayed: number, p50Ms: number, p99Ms: number, maxMs: number }} Joined */

/** The process that plays the people. */
export class People {
  #child = fork(fileURLToPath(new URL('load.mjs', import.meta.url)), { env: { PATH: process.env.PATH } });

  /** @param {{ tongue: Tongue, place: Place, count: number }} how */
  idle(how) {
    return this.#order('idle', how);
  }

  /** @param {{ tongue: Tongue, place: Place, count: number }} how */
  lines(how) {
    return this.#order('lines', how);
  }

  /**
   * @param {{ count: number, size: number }} how
   * @returns {Promise<Spent>}
   */
  relay(how) {
    return this.#order('relay', how);
  }

  /** @param {{ places: Place[], count: number, isPresent: boolean }} how */
  pair(how) {
    return this.#order('pair', how);
  }

  /**
   * @param {{ places: Place[], count: number, perS: number | null }} how
   * @returns {Promise<Joined>}
   */
  joins(how) {
    return this.#order('joins', how);
  }

  get pid() {
    return this.#child.pid ?? NaN;
  }

  async close() {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((done) => this.#child.once('exit', done));
    this.#child.disconnect();
    await gone;
  }

  /**
   * @param {string} order
   * @param {object} how
   * @returns {Promise<any>}
   */
  #order(order, how) {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('The process that plays the people has ended.'));
      this.#child.once('exit', ended);
      this.#child.once('message', (/** @type {{ outcome?: unknown, problem?: string }} */ message) => {
        this.#child.off('exit', ended);
        if (message.problem === undefined) resolve(message.outcome);
        else reject(new Error(message.problem));
      });
      this.#child.send({ order, with: how });
    });
  }
}
