import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { median, report, slope } from '../support.mjs';
import { atMost } from './idle.mjs';
import { launchBare, launchParley } from './launch.mjs';
import { People } from './people.mjs';
import { COLLECTED, residentBytes } from './process.mjs';
import { takeTurns } from './turns.mjs';

const STEPS = 10;
const COLLECTING = ['--expose-gc', '--import', fileURLToPath(new URL('collect.mjs', import.meta.url))];
/** A process that has worked: what V8 and the C library take once, whoever comes, they have taken. */
const WARM_UP = 500;
const WARM_UP_TIMES = 8;
/** What people leave behind who have just come. */
const SETTLE_MS = 3_000;
const LOOK_EVERY_MS = 250;
const PATIENCE_MS = 30_000;
/** V8 gives freed pages back beside its other work; so many looks without a change are its end. */
const SAME_LOOKS = 4;
const MB = 1e6;

/** @typedef {{ people: number, bytes: number }} Reading */

/**
 * Whether the memory in use grows in step with the people who are there: resident memory after each tenth of them has
 * come and everything that is not in use has been collected; the slope of the second half against that of the first.
 * @param {{ rounds: number, people: number }} how
 */
export async function measureGrowth({ rounds, people }) {
  const count = atMost(people);
  const outcomes = await takeTurns(rounds, {
    bare: () => grow('bare', () => launchBare(COLLECTING), count),
    parley: () => grow('parley', () => launchParley({}, COLLECTING), count),
  });
  const half = STEPS / 2;
  const perPerson = (/** @type {Reading[]} */ readings) =>
    slope(readings.map(({ people, bytes }) => [people, bytes]));
  const growth = (/** @type {Reading[]} */ readings) =>
    perPerson(readings.slice(half)) / perPerson(readings.slice(0, half + 1));
  const perThousand = (/** @type {Reading[]} */ readings) => (perPerson(readings) / MB) * 1_000;
  report(
    { name: 'server.growth', unit: 'second half / first half, memory in use', reference: 'bare ws' },
    outcomes.map(({ parley }) => growth(parley)),
    {
      people: count,
      bare: median(outcomes.map(({ bare }) => growth(bare))),
      mbPerThousand: median(outcomes.map(({ parley }) => perThousand(parley))),
      bareMbPerThousand: median(outcomes.map(({ bare }) => perThousand(bare))),
    },
    outcomes,
  );
}

/**
 * @param {import('./people.mjs').Tongue} tongue
 * @param {() => Promise<import('./launch.mjs').Launched>} launch
 * @param {number} count
 */
async function grow(tongue, launch, count) {
  const [server, crowd] = [await launch(), new People()];
  /** @type {Reading[]} */
  const readings = [];
  try {
    for (let time = 0; time < WARM_UP_TIMES; time++) {
      const passing = new People();
      await passing.idle({ tongue, place: server.place, count: WARM_UP });
      await passing.close();
    }
    for (let step = 0; step <= STEPS; step++) {
      const people = Math.round((count * step) / STEPS);
      if (people > 0) await crowd.idle({ tongue, place: server.place, count: people });
      await pause(SETTLE_MS);
      readings.push({ people, bytes: await bytesInUse(server) });
    }
    return readings;
  } finally {
    await crowd.close();
    await server.close();
  }
}

/** @param {import('./launch.mjs').Launched} server */
async function bytesInUse({ pid, written }) {
  const collections = () => written().split(COLLECTED).length;
  const before = collections();
  process.kill(pid, 'SIGUSR2');
  let bytes = NaN;
  let same = 0;
  for (let waitedMs = 0; same < SAME_LOOKS; waitedMs += LOOK_EVERY_MS) {
    if (waitedMs > PATIENCE_MS) throw new Error('The memory of the server does not come to rest.');
    await pause(LOOK_EVERY_MS);
    if (collections() === before) continue;
    const now = residentBytes(pid);
    same = now === bytes ? same + 1 : 0;
    bytes = now;
  }
  return bytes;
}
