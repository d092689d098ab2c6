import process from 'node:process';
import { median, report } from '../support.mjs';
import { launchBare, launchParley } from './launch.mjs';
import { People } from './people.mjs';
import { cpuMs, machineCpuMs } from './process.mjs';
import { takeTurns } from './turns.mjs';

/** As many joins at once keep a server busy without a queue that waits for nothing but itself. */
const PAIRS = 32;
/** Enough for any that begin before those before them are done. */
const PAIRS_IN_TIME = 512;
/** Until then Node still compiles what is called often. */
const WARM_UP = 6_000;
/** At half of what it can do a server has room, and a queue that builds up shows. */
const PART_OF_CAPACITY = 0.5;
const IN_TIME_S = 15;

/** Beside a machine that does much else a latency says nothing. */
const MOST_OTHER_CORES = 0.2;

/** @typedef {import('./people.mjs').Joined & { cpuMs: number, joins: number, otherCores: number }} Batch */

/** One server and the people who join there. */
class Scene {
  /** @type {import('./launch.mjs').Launched} */
  server;
  people = new People();

  /** @param {import('./launch.mjs').Launched} server */
  constructor(server) {
    this.server = server;
  }

  /** @param {{ count: number, isPresent: boolean }} how */
  pair(how) {
    return this.people.pair({ places: [this.server.place], ...how });
  }

  /**
   * @param {number} count
   * @param {number | null} perS
   * @returns {Promise<Batch>}
   */
  async join(count, perS = null) {
    const all = () => ({
      own: cpuMs(this.server.pid),
      people: cpuMs(this.people.pid),
      machine: machineCpuMs(),
    });
    const before = all();
    const joined = await this.people.joins({ places: [this.server.place], count, perS });
    const after = all();
    const ownMs = after.own - before.own;
    const otherMs = after.machine - before.machine - ownMs - (after.people - before.people);
    return { ...joined, joins: count, cpuMs: ownMs / count, otherCores: otherMs / joined.tookMs };
  }

  async close() {
    await this.people.close();
    await this.server.close();
  }
}

/**
 * What a join costs the server against the same frames over a bare relay, and how long a relayed envelope takes while
 * the server does half of what it can.
 * @param {{ rounds: number, joins: number }} how
 */
export async function measureJoins({ rounds, joins }) {
  const [parley, bare] = [new Scene(await launchParley()), new Scene(await launchBare())];
  try {
    let perS = NaN;
    for (const isPresent of [false, true]) {
      for (const scene of [parley, bare]) {
        await scene.pair({ count: PAIRS, isPresent });
        await scene.join(WARM_UP);
      }
      const batches = await takeTurns(rounds, {
        bare: () => bare.join(joins),
        parley: () => parley.join(joins),
      });
      reportCost(isPresent ? 'server.join_cpu' : 'server.join_cpu_with_sockets', batches);
      perS = 1_000 / median(batches.map(({ parley }) => parley.cpuMs));
    }
    for (const scene of [parley, bare]) await scene.pair({ count: PAIRS_IN_TIME, isPresent: true });
    await reportInTime(rounds, perS * PART_OF_CAPACITY, { parley, bare });
  } finally {
    await Promise.all([parley.close(), bare.close()]);
  }
}

/**
 * @param {string} name
 * @param {Record<'parley' | 'bare', Batch>[]} batches
 */
function reportCost(name, batches) {
  const of = (/** @type {(batch: Batch) => number} */ measure) => ({
    parley: median(batches.map(({ parley }) => measure(parley))),
    bare: median(batches.map(({ bare }) => measure(bare))),
  });
  const [cpu, perS] = [of((batch) => batch.cpuMs), of((batch) => (1_000 * batch.joins) / batch.tookMs)];
  const share = of((batch) => (batch.cpuMs * batch.joins) / batch.tookMs);
  const ratios = batches.map(({ parley, bare }) => parley.cpuMs / bare.cpuMs);
  report(
    { name, unit: 'ratio', reference: 'bare ws, the same frames' },
    ratios,
    {
      parleyMs: cpu.parley,
      bareMs: cpu.bare,
      joinsPerSAndCore: 1_000 / cpu.parley,
      joinsPerS: perS.parley,
      serverShare: share.parley,
      loadBusy: median(batches.map(({ parley }) => parley.loadBusy)),
      otherCores: median(batches.flatMap(({ parley, bare }) => [parley.otherCores, bare.otherCores])),
    },
    batches,
  );
}

/**
 * @param {number} rounds
 * @param {number} perS
 * @param {Record<'parley' | 'bare', Scene>} scenes
 */
async function reportInTime(rounds, perS, { parley, bare }) {
  const count = Math.ceil(perS * IN_TIME_S);
  const batches = await takeTurns(rounds, {
    bare: () => bare.join(count, perS),
    parley: () => parley.join(count, perS),
  });
  reportCost('server.join_cpu_at_half_load', batches);
  if (batches.some((batch) => batch.parley.isLate))
    throw new Error(`It does not carry ${perS} joins a second.`);
  const disturbed = batches.filter(({ parley }) => parley.otherCores > MOST_OTHER_CORES).length;
  if (disturbed > 0)
    process.stderr.write(`Other work had more than ${MOST_OTHER_CORES} of a core in ${disturbed} rounds.\n`);
  report(
    { name: 'server.relay_p99_at_half_load', unit: 'ms', reference: 'bare ws at the same rate' },
    batches.map((batch) => batch.parley.p99Ms),
    {
      bareMs: median(batches.map((batch) => batch.bare.p99Ms)),
      p50Ms: median(batches.map((batch) => batch.parley.p50Ms)),
      highestMs: Math.max(...batches.map((batch) => batch.parley.maxMs)),
      joinsPerS: perS,
      loadBusy: median(batches.map((batch) => batch.parley.loadBusy)),
      otherCores: median(batches.map((batch) => batch.parley.otherCores)),
    },
    batches,
  );
}
