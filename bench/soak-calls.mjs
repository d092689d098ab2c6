/**
 * A long call: voice and video both ways, sealed, watched all the while.
 *
 *   node bench/soak-calls.mjs [--minutes 60] [--every 30]
 *
 * Every so many seconds one line of JSON: memory of both pages' processes (Linux's /proc) and of their JavaScript, frames
 * that did not open, pictures decoded, freezes, and how far the sound runs ahead of the picture. At the end what came of
 * it, kept in bench/results/calls.soak.json; ends with 1 if a page grew, sound and picture drifted apart, or a frame was
 * refused.
 */
import process from 'node:process';
import { RendererMemory } from './memory.mjs';
import { accept, launchCaller, meet, pause, received, requireSeal, ring } from './meet.mjs';
import { keep, median, readOptions, slope, startParley } from './support.mjs';

/** @typedef {import('@playwright/test').Page} Page */
/** @typedef {typeof globalThis & { caller: import('./caller.mjs').Caller }} Called */
/** @typedef {Awaited<ReturnType<Awaited<ReturnType<typeof watcher>>['look']>>} Look */

/** Until then a page may still grow into its call; a third of a short run. */
const SETTLE_MINUTES = 5;
const GROWTH_MB = 50;
/** From about 45 ms on people notice sound that comes before its picture (ITU-R BT.1359-1). */
const DRIFT_MS = 45;
/** The beginning and the end are this many looks each, or half of what there is. */
const ENDS = 5;
/** One reading of the drift wavers by a picture and more; all between two looks make one figure. */
const READING_EVERY_MS = 2_000;
const MB = 1e6;

const { minutes, every } = readOptions({ minutes: 60, every: 30 });

/** @param {Page} page */
async function watcher(page) {
  const memory = await RendererMemory.withWorker(page.context());
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  let last = await received(page);
  /** @type {number[]} */
  const leads = [];

  const read = async () => {
    const now = await received(page);
    if (now.leadMs !== null) leads.push(now.leadMs);
    return now;
  };

  const look = async () => {
    const now = await read();
    const { metrics } = await session.send('Performance.getMetrics');
    const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? NaN;
    const lead = leads.splice(0);
    const seen = {
      residentMb: rounded((memory.residentMib() * 1024 * 1024) / MB),
      heapMb: rounded(heap / MB),
      ...(await page.evaluate(() => /** @type {Called} */ (globalThis).caller.refusals())),
      framesPerS: rounded(((now.framesDecoded - last.framesDecoded) * 1000) / (now.atMs - last.atMs)),
      width: now.width,
      height: now.height,
      freezes: now.freezes,
      frozenS: rounded(now.frozenS),
      leadMs: lead.length === 0 ? null : rounded(median(lead)),
      leadMinMs: Math.min(...lead),
      leadMaxMs: Math.max(...lead),
      limit: now.limit,
    };
    last = now;
    return seen;
  };
  return { read, look };
}

/**
 * What became of one page, from its looks after it had settled.
 * @param {{ atS: number, look: Look }[]} looks
 */
function judge(looks) {
  const count = Math.max(1, Math.min(ENDS, looks.length >> 1));
  const ends = { first: looks.slice(0, count), last: looks.slice(-count) };
  /** @param {(look: Look) => number | null} measure */
  const change = (measure) => {
    const [first = NaN, last = NaN] = [ends.first, ends.last].map((some) =>
      median(some.flatMap(({ look }) => measure(look) ?? [])),
    );
    return { first, last };
  };
  const [memory, heap, lead] = [
    change((look) => look.residentMb),
    change((look) => look.heapMb),
    change((look) => look.leadMs),
  ];
  const leads = looks.flatMap(({ atS, look }) => (look.leadMs === null ? [] : { atS, value: look.leadMs }));
  const end = looks.at(-1)?.look;
  const figures = {
    residentGrowthMb: rounded(memory.last - memory.first),
    heapGrowthMb: rounded(heap.last - heap.first),
    refused: end?.refused ?? NaN,
    framesPerS: rounded(median(looks.map(({ look }) => look.framesPerS))),
    freezes: end?.freezes ?? NaN,
    frozenS: end?.frozenS ?? NaN,
    leadMinMs: Math.min(...looks.map(({ look }) => look.leadMinMs)),
    leadMaxMs: Math.max(...looks.map(({ look }) => look.leadMaxMs)),
    leadFirstMs: lead.first,
    leadLastMs: lead.last,
    leadTrendMsPerHour: rounded(slope(leads.map(({ atS, value }) => [atS, value])) * 3600),
  };
  // What could not be read has not held: every comparison with NaN is false.
  const holds = {
    memory: figures.residentGrowthMb < GROWTH_MB,
    drift: Math.abs(lead.last) - Math.abs(lead.first) < DRIFT_MS,
    refused: figures.refused === 0 && (end?.heard ?? 0) > 0,
  };
  return { figures, holds };
}

/** @param {number} value */
function rounded(value) {
  return Math.round(value * 10) / 10;
}

const parley = await startParley();
const [hosts, guests] = [await launchCaller(), await launchCaller()];
try {
  const pair = await meet(hosts, guests, parley.url);
  await ring(pair, { camera: true });
  await accept(pair.guest);
  await requireSeal(pair, 'sealed');
  const [atHost, atGuest] = [await watcher(pair.host), await watcher(pair.guest)];
  const startedMs = Date.now();
  const settledS = 60 * Math.min(SETTLE_MINUTES, minutes / 3);
  const looks = [];
  for (let count = 1; count * every <= minutes * 60; count++) {
    const nextMs = startedMs + count * every * 1000;
    while (Date.now() + READING_EVERY_MS < nextMs) {
      await pause(READING_EVERY_MS);
      await Promise.all([atHost.read(), atGuest.read()]);
    }
    await pause(nextMs - Date.now());
    const atS = rounded((Date.now() - startedMs) / 1000);
    const [host, guest] = await Promise.all([atHost.look(), atGuest.look()]);
    looks.push({ atS, host, guest });
    process.stdout.write(`${JSON.stringify({ name: 'calls.soak_look', atS, host, guest })}\n`);
  }
  // The whole time it was the call that was measured.
  await requireSeal(pair, 'sealed');
  const settled = looks.filter(({ atS }) => atS >= settledS);
  const verdict = {
    host: judge(settled.map(({ atS, host }) => ({ atS, look: host }))),
    guest: judge(settled.map(({ atS, guest }) => ({ atS, look: guest }))),
  };
  keep('calls.soak', { name: 'calls.soak', minutes, every, settledS, ...verdict }, looks);
  const failed = Object.entries(verdict).flatMap(([who, { holds }]) =>
    Object.entries(holds).flatMap(([what, held]) => (held ? [] : `${who}: ${what}`)),
  );
  if (failed.length > 0) {
    process.stderr.write(`Did not hold: ${failed.join(', ')}.\n`);
    process.exitCode = 1;
  }
} finally {
  await Promise.all([hosts.close(), guests.close()]);
  await parley.close();
}
