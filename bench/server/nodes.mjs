import { cpus } from 'node:os';
import { median, report } from '../support.mjs';
import { launchParley, launchRedis } from './launch.mjs';
import { People } from './people.mjs';
import { cpuMs } from './process.mjs';
import { takeTurns } from './turns.mjs';

/** As in join-cost.mjs. */
const PAIRS = 32;
const WARM_UP = 6_000;
/** What people see, whichever process they come to. */
const ORIGIN = 'https://meet.example';

/** @typedef {{ nodesMs: number, redisMs: number, perS: number, loadBusy: number }} Batch CPU is milliseconds a join */

/** So many processes and, unless there is one alone, the Redis they share. */
class Setup {
  #nodes;
  #redis;
  #people = new People();

  /**
   * @param {import('./launch.mjs').Launched[]} nodes
   * @param {import('./launch.mjs').Launched | null} redis
   */
  constructor(nodes, redis) {
    this.#nodes = nodes;
    this.#redis = redis;
  }

  /**
   * @param {number} count
   * @param {boolean} hasRedis
   */
  static async start(count, hasRedis) {
    const redis = hasRedis ? await launchRedis() : null;
    const env = { ORIGIN, ...(redis === null ? {} : { REDIS_URL: `redis://127.0.0.1:${redis.port}` }) };
    const nodes = await Promise.all(Array.from({ length: count }, () => launchParley(env)));
    const setup = new Setup(nodes, redis);
    await setup.#people.pair({ places: setup.#places, count: PAIRS, isPresent: true });
    await setup.join(WARM_UP);
    return setup;
  }

  /**
   * Host and guest each at any of the processes.
   * @param {number} count
   * @returns {Promise<Batch>}
   */
  async join(count) {
    const used = () => ({
      nodes: this.#nodes.reduce((sum, { pid }) => sum + cpuMs(pid), 0),
      redis: this.#redis === null ? 0 : cpuMs(this.#redis.pid),
    });
    const before = used();
    const { tookMs, loadBusy } = await this.#people.joins({ places: this.#places, count, perS: null });
    const after = used();
    return {
      nodesMs: (after.nodes - before.nodes) / count,
      redisMs: (after.redis - before.redis) / count,
      perS: (1_000 * count) / tookMs,
      loadBusy,
    };
  }

  async close() {
    await this.#people.close();
    await Promise.all(this.#nodes.map((node) => node.close()));
    await this.#redis?.close();
  }

  get #places() {
    return this.#nodes.map(({ place }) => place);
  }
}

/**
 * What it costs to share the work: two processes on one Redis against one process alone.
 * @param {{ rounds: number, joins: number }} how
 */
export async function measureNodes({ rounds, joins }) {
  /** @type {Setup[]} */
  const setups = [];
  const start = async (/** @type {number} */ count, /** @type {boolean} */ hasRedis) => {
    const setup = await Setup.start(count, hasRedis);
    setups.push(setup);
    return () => setup.join(joins);
  };
  try {
    const batches = await takeTurns(rounds, {
      alone: await start(1, false),
      one: await start(1, true),
      two: await start(2, true),
    });
    const of = (/** @type {'alone' | 'one' | 'two'} */ side, /** @type {keyof Batch} */ what) =>
      median(batches.map(({ [side]: batch }) => batch[what]));
    report(
      { name: 'server.two_nodes_cpu', unit: 'ratio', reference: 'one process without Redis' },
      batches.map(({ two, alone }) => two.nodesMs / alone.nodesMs),
      {
        aloneMs: of('alone', 'nodesMs'),
        oneMs: of('one', 'nodesMs'),
        twoMs: of('two', 'nodesMs'),
        redisOfOneMs: of('one', 'redisMs'),
        redisOfTwoMs: of('two', 'redisMs'),
      },
      batches,
    );
    report(
      { name: 'server.two_nodes_throughput', unit: 'ratio', reference: 'one process without Redis' },
      batches.map(({ two, alone }) => two.perS / alone.perS),
      {
        cores: cpus().length,
        alonePerS: of('alone', 'perS'),
        onePerS: of('one', 'perS'),
        twoPerS: of('two', 'perS'),
        loadBusy: of('two', 'loadBusy'),
      },
      batches,
    );
  } finally {
    await Promise.all(setups.map((setup) => setup.close()));
  }
}
