import process from 'node:process';
import { median, report } from '../support.mjs';
import { launchBare, launchParley } from './launch.mjs';
import { People } from './people.mjs';
import { cpuShare, highestBytes, mostSockets } from './process.mjs';
import { takeTurns } from './turns.mjs';

const MB = 1e6;
const GB = 1e9;
/** Two keep-alives. */
const IDLE_WINDOW_MS = 10_000;

/** @typedef {Awaited<ReturnType<typeof stand>>} Standing */

/**
 * What people cost who are there and do nothing: memory, whether it grows in step with them, and CPU.
 * @param {{ rounds: number, people: number }} how
 */
export async function measureIdle({ rounds, people }) {
  const count = atMost(people);
  const outcomes = await takeTurns(rounds, {
    bare: () => stand('bare', launchBare, count),
    parley: () => stand('parley', launchParley, count),
  });
  const per1000 = (/** @type {Standing} */ { restBytes, fullBytes }) =>
    ((fullBytes - restBytes) / count) * 1_000;
  const growth = (/** @type {Standing} */ { restBytes, halfBytes, fullBytes }) =>
    (fullBytes - halfBytes) / (halfBytes - restBytes);
  const of = (/** @type {(standing: Standing) => number} */ measure) => ({
    parley: outcomes.map(({ parley }) => measure(parley)),
    bare: outcomes.map(({ bare }) => measure(bare)),
  });

  const memory = of((one) => per1000(one) / MB);
  const about = { people: count, bareMb: median(memory.bare) };
  report(
    { name: 'server.idle_memory', unit: 'MB per 1,000 people', reference: 'bare ws' },
    memory.parley,
    about,
    outcomes,
  );
  report(
    { name: 'server.idle_memory_ratio', unit: 'ratio', reference: 'bare ws' },
    memory.parley.map((mb, round) => mb / (memory.bare[round] ?? NaN)),
    { ...about, parleyMb: median(memory.parley) },
    outcomes,
  );
  report(
    { name: 'server.people_per_gb', unit: 'people', reference: 'bare ws' },
    outcomes.map(({ parley }) => ((GB - parley.restBytes) / per1000(parley)) * 1_000),
    { bare: median(outcomes.map(({ bare }) => ((GB - bare.restBytes) / per1000(bare)) * 1_000)) },
    outcomes,
  );
  const slopes = of(growth);
  report(
    { name: 'server.idle_growth', unit: 'second half / first half', reference: 'bare ws' },
    slopes.parley,
    { people: count, bare: median(slopes.bare) },
    outcomes,
  );
  const cpu = of((one) => (one.cpu / count) * 1_000 * 100);
  report(
    { name: 'server.idle_cpu', unit: '% of a core per 1,000 people', reference: 'bare ws' },
    cpu.parley,
    { bare: median(cpu.bare) },
    outcomes,
  );
}

/**
 * @param {number} people
 * @returns {number} how many this machine lets a process have
 */
export function atMost(people) {
  const most = mostSockets();
  if (people > most)
    process.stderr.write(`A process here may have ${most} sockets and no more (ulimit -Hn).\n`);
  return Math.min(people, most);
}

/**
 * @param {import('./people.mjs').Tongue} tongue
 * @param {() => Promise<import('./launch.mjs').Launched>} launch
 * @param {number} count
 */
export async function stand(tongue, launch, count) {
  const [server, people] = [await launch(), new People()];
  try {
    const { pid, place } = server;
    const restBytes = await highestBytes(pid);
    await people.idle({ tongue, place, count: count >> 1 });
    const halfBytes = await highestBytes(pid);
    await people.idle({ tongue, place, count });
    const fullBytes = await highestBytes(pid);
    return { restBytes, halfBytes, fullBytes, cpu: await cpuShare(pid, IDLE_WINDOW_MS) };
  } finally {
    await people.close();
    await server.close();
  }
}
