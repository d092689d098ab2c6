/**
 * The server under people who come and go, for an hour, watched all the while.
 *
 *   node bench/soak-server.mjs [--minutes 60] [--every 10] [--redis]
 *
 * With `--redis` two processes share a Redis and everybody is at any of them. Every so many seconds one line of JSON:
 * memory, the counts of /metrics, and what the people did. Ends with 1 if memory grew, if a line of the log is a fault,
 * if anything was refused that should not be, or if anything is left when everybody has gone.
 */
import { execFileSync, fork } from 'node:child_process';
import { get } from 'node:http';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort, launchParley, launchRedis } from './server/launch.mjs';
import { openFiles, residentBytes } from './server/process.mjs';
import { keep, mean, slope } from './support.mjs';

/** Until then pools and caches fill and the heap finds its size; a third of a short run. */
const SETTLE_MINUTES = 10;
/** What a heap's size wavers by though nothing is kept. */
const GROWTH_PART = 0.05;
/** V8 writes one line for each collection of the whole heap: its size in MB before and after. */
const COLLECTION = /^\[\d+:\S+\]\s+(\d+) ms: Mark-Compact .*? \([\d.]+\) -> ([\d.]+) \(/;
/** A client that froze is noticed within 20 s, and a keep-alive connection of HTTP ends after 5. */
const GONE_MS = 60_000;
const LOOK_EVERY_MS = 500;
const MB = 1e6;
const ORIGIN = 'https://meet.example';
/** What lives on when everybody has left: the registry, the key for pushes, a number, and the lease of each process. */
const LASTING_KEYS = /^parley:(?:meetings|vapid|order|node:\S+)$/;
/** What must be nobody's in the end. */
const LEVELS = ['parley_sessions', 'parley_meetings', 'parley_watches', 'parley_open_connections'];

/** @typedef {import('./server/launch.mjs').Launched} Launched */
/** @typedef {{ launched: Launched, metricsPort: number }} Node */
/** @typedef {{ counts: Record<string, number>, problems: Record<string, number> }} Told */
/** @typedef {{ atS: number, mb: number }} Reading */
/** @typedef {{ atS: number, residentMb: number, heapMb: number, levels: Record<string, number> }} Look */

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    every: { type: 'string', default: '10' },
    redis: { type: 'boolean', default: false },
  },
});
const [minutes, everyS] = [Number(values.minutes), Number(values.every)];
if (!(minutes > 0 && everyS > 0)) throw new Error('--minutes and --every take numbers above zero.');

/** Over a connection of its own, which is no longer there when the next one is counted. @param {Node} node */
async function metricsOf({ metricsPort }) {
  /** @type {string} */
  const text = await new Promise((resolve, reject) => {
    const asked = get({ port: metricsPort, path: '/metrics', agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk) => (body += chunk));
      response.once('close', () => resolve(body));
    });
    asked.once('error', reject);
  });
  /** @type {Record<string, number>} */
  const sums = {};
  for (const line of text.split('\n')) {
    const [, name, value] = /^([a-z_]+)(?:\{[^}]*\})? (\S+)$/.exec(line) ?? [];
    if (name !== undefined) sums[name] = (sums[name] ?? 0) + Number(value);
  }
  return sums;
}

/**
 * @param {Node} node
 * @param {number} atS
 * @returns {Promise<Look>}
 */
async function look(node, atS) {
  const metrics = await metricsOf(node);
  return {
    atS,
    residentMb: rounded(residentBytes(node.launched.pid) / MB),
    heapMb: rounded((metrics.nodejs_heap_size_used_bytes ?? NaN) / MB),
    levels: Object.fromEntries(LEVELS.map((name) => [name, metrics[name] ?? NaN])),
  };
}

/** What a node holds open while nobody is there. @param {Node} node */
async function restOf(node) {
  const metrics = await metricsOf(node);
  return { files: openFiles(node.launched.pid), resources: metrics.nodejs_active_resources_total ?? NaN };
}

/**
 * What lived on after each collection of the whole heap, which is what a leak would add to.
 * @param {Node} node
 * @returns {Reading[]}
 */
function collections({ launched }) {
  return launched
    .written()
    .split('\n')
    .flatMap((line) => {
      const [, atMs, liveMb] = COLLECTION.exec(line) ?? [];
      return atMs === undefined ? [] : { atS: Number(atMs) / 1_000, mb: Number(liveMb) };
    });
}

/**
 * By how much the straight line with the least squares rises from the first reading to the last.
 * @param {Reading[]} readings
 */
function rise(readings) {
  const perS = slope(readings.map(({ atS, mb }) => [atS, mb]));
  return {
    mb: mean(readings.map(({ mb }) => mb)),
    rise: perS * ((readings.at(-1)?.atS ?? NaN) - (readings[0]?.atS ?? NaN)),
  };
}

/**
 * Flat: after it has settled, the lines through resident memory and through what lives on after each collection rise by
 * less than a heap's size wavers.
 * @param {Reading[]} resident
 * @param {Reading[]} live
 */
function judge(resident, live) {
  const [whole, heap] = [rise(resident), rise(live)];
  const figures = {
    residentMb: rounded(whole.mb),
    residentRiseMb: rounded(whole.rise),
    residentHighestMb: Math.max(...resident.map(({ mb }) => mb)),
    liveMb: rounded(heap.mb),
    liveRiseMb: rounded(heap.rise),
    collections: live.length,
  };
  // What could not be read has not held: every comparison with NaN is false.
  const holds = {
    memory: whole.rise < GROWTH_PART * whole.mb,
    heap: heap.rise < GROWTH_PART * whole.mb,
  };
  return { figures, holds };
}

/** @param {number} value */
function rounded(value) {
  return Math.round(value * 10) / 10;
}

/** @param {Launched} redis @param {string[]} command */
function askRedis(redis, ...command) {
  return execFileSync('redis-cli', ['-p', String(redis.port), ...command], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');
}

/** What is left though everybody has gone; waits for it to go. @param {Node[]} nodes @param {Launched | null} redis @param {Awaited<ReturnType<typeof restOf>>[]} rests */
async function leftOver(nodes, redis, rests) {
  for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
    /** @type {string[]} */
    const left = [];
    for (const [index, node] of nodes.entries()) {
      const metrics = await metricsOf(node);
      for (const name of LEVELS) if (metrics[name] !== 0) left.push(`${name} ${metrics[name]}`);
      const [before, now] = [rests[index], await restOf(node)];
      if (before === undefined || now.files > before.files) left.push(`${now.files} open files`);
      if (before === undefined || now.resources > before.resources) left.push(`${now.resources} resources`);
    }
    if (redis !== null) {
      left.push(...askRedis(redis, 'KEYS', '*').filter((key) => !LASTING_KEYS.test(key)));
      const channels = askRedis(redis, 'PUBSUB', 'SHARDCHANNELS');
      left.push(...channels.filter((channel) => !channel.startsWith('parley:node:')));
    }
    if (left.length === 0 || waitedMs > GONE_MS) return left;
    await pause(LOOK_EVERY_MS);
  }
}

const redis = values.redis ? await launchRedis() : null;
const nodes = await Promise.all(
  Array.from({ length: redis === null ? 1 : 2 }, async () => {
    const metricsPort = await freePort();
    const store = redis === null ? {} : { REDIS_URL: `redis://127.0.0.1:${redis.port}` };
    const launched = await launchParley({ ORIGIN, METRICS_PORT: String(metricsPort), ...store }, [
      '--trace-gc',
    ]);
    return { launched, metricsPort };
  }),
);
const churn = fork(fileURLToPath(new URL('server/churn.mjs', import.meta.url)), {
  env: { PATH: process.env.PATH },
});
try {
  const rests = await Promise.all(nodes.map(restOf));
  /** @type {Told} */
  let told = { counts: {}, problems: {} };
  churn.on('message', (/** @type {Told | 'stopped'} */ message) => {
    if (message !== 'stopped') told = message;
  });
  churn.send({ places: nodes.map(({ launched }) => launched.place) });
  const startMs = Date.now();
  const settledS = 60 * Math.min(SETTLE_MINUTES, minutes / 3);
  /** @type {Look[][]} */
  const looks = nodes.map(() => []);
  for (let count = 1; count * everyS <= minutes * 60; count++) {
    await pause(startMs + count * everyS * 1_000 - Date.now());
    const atS = rounded((Date.now() - startMs) / 1_000);
    const now = await Promise.all(nodes.map((node) => look(node, atS)));
    for (const [index, one] of now.entries()) looks[index]?.push(one);
    process.stdout.write(`${JSON.stringify({ name: 'server.soak_look', atS, nodes: now, ...told })}\n`);
  }
  const stopped = new Promise((done) => churn.once('exit', done));
  churn.send('stop');
  await stopped;
  const left = await leftOver(nodes, redis, rests);
  const faults = nodes.flatMap(({ launched }) =>
    launched
      .written()
      .split('\n')
      .filter((line) => line.includes('"event":"fault"')),
  );
  const verdicts = nodes.map((node, index) => {
    const settled = (/** @type {Reading} */ { atS }) => atS >= settledS && atS <= minutes * 60;
    const resident = (looks[index] ?? []).map(({ atS, residentMb }) => ({ atS, mb: residentMb }));
    return judge(resident.filter(settled), collections(node).filter(settled));
  });
  const name = redis === null ? 'server.soak' : 'server.soak_redis';
  const figure = { name, minutes, settledS, nodes: verdicts, ...told, faults: faults.length, left };
  keep(name, figure, { looks, faults });
  const failed = [
    ...verdicts.flatMap(({ holds }) =>
      Object.entries(holds).flatMap(([what, held]) => (held ? [] : [`${what} grew`])),
    ),
    ...faults,
    ...Object.entries(told.problems).map(([said, count]) => `${count} times: ${said}`),
    ...left.map((what) => `left over: ${what}`),
  ];
  if (failed.length > 0) {
    process.stderr.write(`Did not hold: ${failed.join('; ')}\n`);
    process.exitCode = 1;
  }
} finally {
  churn.kill();
  for (const { launched } of nodes) await launched.close();
  await redis?.close();
}
