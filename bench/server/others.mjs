import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { keep, median } from '../support.mjs';
import { atMost, stand } from './idle.mjs';
import { launchBare, launchNode, launchParley } from './launch.mjs';
import { People } from './people.mjs';
import { cpuMs } from './process.mjs';
import { takeTurns } from './turns.mjs';

const FOLDER = fileURLToPath(new URL('peers/', import.meta.url));
const LINES = 32;
/** What an envelope of a join has in the middle, in characters. */
const MESSAGE_SIZE = 1_000;
const WARM_UP = 20_000;

/** @typedef {import('./people.mjs').Tongue} Tongue */

/** @type {Record<Tongue, { title: string, launch: () => Promise<import('./launch.mjs').Launched> }>} */
const SERVERS = {
  bare: { title: 'bare `ws`', launch: launchBare },
  parley: { title: 'Parley', launch: () => launchParley() },
  peer: { title: '`peer` (PeerJS)', launch: () => launchNode(`${FOLDER}peer.mjs`) },
  'socket.io': { title: '`socket.io`', launch: () => launchNode(`${FOLDER}socket-io.mjs`) },
};
const TONGUES = /** @type {Tongue[]} */ (Object.keys(SERVERS));

/**
 * Parley beside what others would take: memory for people who stand there, CPU for a message passed on.
 * @param {{ rounds: number, people: number, messages: number }} how
 */
export async function measureOthers({ rounds, people, messages }) {
  install();
  const count = atMost(people);
  const standing = await takeTurns(
    rounds,
    each((tongue) => () => stand(tongue, SERVERS[tongue].launch, count)),
  );
  const relayed = await relayEverywhere(rounds, messages);

  const rows = TONGUES.map((tongue) => {
    const memory = standing.map(({ [tongue]: one }) => (one.fullBytes - one.restBytes) / count / 1_000);
    const figure = {
      name: `server.beside_${tongue.replace('.', '_')}`,
      unit: 'MB per 1,000 people, microseconds of CPU per message',
      n: rounds,
      people: count,
      idleMb: round(median(memory)),
      idleMinMb: round(Math.min(...memory)),
      idleMaxMb: round(Math.max(...memory)),
      idleCpuPercent: round(median(standing.map(({ [tongue]: one }) => (one.cpu / count) * 1e5))),
      relayUs: round(median(relayed.map(({ [tongue]: us }) => us))),
      relayMinUs: round(Math.min(...relayed.map(({ [tongue]: us }) => us))),
      relayMaxUs: round(Math.max(...relayed.map(({ [tongue]: us }) => us))),
    };
    keep(figure.name, figure, {
      standing: standing.map((one) => one[tongue]),
      relayed: relayed.map((one) => one[tongue]),
    });
    return `| ${SERVERS[tongue].title} | ${figure.idleMb} | ${figure.idleCpuPercent} | ${figure.relayUs} |`;
  });
  const head = `| server | MB per 1,000 idle | % of a core per 1,000 idle | µs of CPU per relayed message |\n|---|---|---|---|\n`;
  process.stderr.write(`${head}${rows.join('\n')}\n`);
}

/**
 * @param {number} rounds
 * @param {number} count
 * @returns {Promise<Record<Tongue, number>[]>} microseconds of the server's CPU for each message
 */
async function relayEverywhere(rounds, count) {
  const scenes = [];
  try {
    /** @type {Partial<Record<Tongue, () => Promise<number>>>} */
    const sides = {};
    for (const tongue of TONGUES) {
      const [server, people] = [await SERVERS[tongue].launch(), new People()];
      scenes.push({ server, people });
      await people.lines({ tongue, place: server.place, count: LINES });
      const relay = async (/** @type {number} */ messages) => {
        const beforeMs = cpuMs(server.pid);
        await people.relay({ count: messages, size: MESSAGE_SIZE });
        return ((cpuMs(server.pid) - beforeMs) / messages) * 1_000;
      };
      await relay(WARM_UP);
      sides[tongue] = () => relay(count);
    }
    return await takeTurns(rounds, /** @type {Record<Tongue, () => Promise<number>>} */ (sides));
  } finally {
    for (const { server, people } of scenes) {
      await people.close();
      await server.close();
    }
  }
}

/** They are no dependency of Parley: what is compared has a lockfile of its own. */
function install() {
  if (existsSync(`${FOLDER}node_modules`)) return;
  const { status, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: FOLDER,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The servers to compare with could not be installed: ${stderr}`);
}

/**
 * @template T
 * @param {(tongue: Tongue) => T} make
 * @returns {Record<Tongue, T>}
 */
function each(make) {
  return /** @type {Record<Tongue, T>} */ (
    Object.fromEntries(TONGUES.map((tongue) => [tongue, make(tongue)]))
  );
}

/** @param {number} value */
function round(value) {
  return Number(value.toPrecision(3));
}
