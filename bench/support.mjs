import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { CHROMIUM_ARGS, requireChromium } from '../scripts/find-chromium.mjs';
import { ROOMY } from '../scripts/roomy.mjs';

const RESULTS = fileURLToPath(new URL('results/', import.meta.url));

/** One address plays everybody, round after round; no limit stands in the way of what is measured. */
const UNLIMITED = {
  ...ROOMY,
  LIMIT_STATUS_PER_MINUTE: '100000',
  LIMIT_MESSAGES_PER_SECOND: '1000',
  LIMIT_MESSAGES_BURST: '10000',
  LIMIT_RELAY_BYTES_PER_MINUTE: '1000000000',
  LIMIT_KNOCKS_PER_MINUTE: '1000',
};

/**
 * The command line: `--rounds N`, and what else a benchmark takes, each a whole number above zero.
 * @template {Record<string, number>} T
 * @param {T} defaults
 * @returns {T}
 */
export function readOptions(defaults) {
  const names = Object.keys(defaults);
  const { values } = parseArgs({
    options: Object.fromEntries(names.map((name) => [name, { type: /** @type {const} */ ('string') }])),
  });
  const read = names.map((name) => {
    const value = Number(values[name] ?? defaults[name]);
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number above zero.`);
    return [name, value];
  });
  return Object.fromEntries(read);
}

/**
 * The real server from the build (PARLEY_BUILD names another than build/), in a process of its own.
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function startParley() {
  const build = process.env.PARLEY_BUILD ?? fileURLToPath(new URL('../build', import.meta.url));
  const dataDir = makeFolder();
  const port = await freePort();
  const child = spawn(process.execPath, [join(resolve(build), 'server/main.js')], {
    env: { ...process.env, ...UNLIMITED, PORT: String(port), DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A benchmark that breaks off leaves no server behind.
  process.once('exit', () => child.kill());
  let output = '';
  await new Promise((ready, failed) => {
    const take = (/** @type {Buffer} */ chunk) => {
      output += chunk.toString();
      if (output.includes('Parley is ready at')) ready(undefined);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('exit', (code) => failed(new Error(`The server ended with ${code}: ${output}`)));
  });
  const close = async () => {
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    await gone;
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

/**
 * A browser process of its own, whose contexts are private windows.
 * @param {string[]} args that count where they say something else than those of the tests
 */
export function launchBrowser(args = []) {
  return chromium.launch({ executablePath: requireChromium(), args: [...CHROMIUM_ARGS, ...args] });
}

/** The same with a profile on disk: what a private window stores, Chromium keeps in memory. */
export async function launchProfile() {
  const profile = makeFolder();
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: requireChromium(),
    args: CHROMIUM_ARGS,
  });
  context.once('close', () => rmSync(profile, { recursive: true, force: true, maxRetries: 50 }));
  return context;
}

export function makeFolder() {
  return mkdtempSync(join(tmpdir(), 'parley-bench-'));
}

/**
 * Home, New meeting; the page is then ready for guests.
 * @param {import('@playwright/test').Page} page
 * @param {string} url
 * @returns {Promise<string>} the invite link
 */
export async function hostParley(page, url) {
  await page.goto(url);
  await page.getByRole('button', { name: 'New meeting' }).click();
  const link = page.getByRole('textbox', { name: 'Invite link' });
  await link.waitFor();
  return link.inputValue();
}

/**
 * One round after the other, the two sides taking turns at being first, so that whatever else the machine does falls
 * on both. A first round warms both up and is not counted.
 * @template T
 * @param {number} rounds
 * @param {{ reference: (round: number) => Promise<T>, parley: (round: number) => Promise<T> }} sides
 * @returns {Promise<{ reference: T, parley: T }[]>}
 */
export async function interleave(rounds, sides) {
  const pairs = [];
  for (let round = 0; round <= rounds; round++) {
    const isReferenceFirst = round % 2 === 0;
    const before = isReferenceFirst ? await sides.reference(round) : null;
    const parley = await sides.parley(round);
    const reference = before ?? (await sides.reference(round));
    if (round > 0) pairs.push({ reference, parley });
    if (process.stderr.isTTY) process.stderr.write(`\r${round} of ${rounds}${round === rounds ? '\n' : ''}`);
  }
  return pairs;
}

/**
 * Prints the figure as one line of JSON and keeps the raw numbers in bench/results/NAME.json.
 * @param {{ name: string, unit: string, reference: string }} about
 * @param {number[]} values of which the median counts
 * @param {Record<string, number>} medians of what the values were made from
 * @param {unknown} raw
 */
export function report(about, values, medians, raw) {
  const figure = {
    name: about.name,
    unit: about.unit,
    median: round(median(values)),
    min: round(Math.min(...values)),
    max: round(Math.max(...values)),
    n: values.length,
    reference: about.reference,
    ...Object.fromEntries(Object.entries(medians).map(([name, value]) => [name, round(value)])),
  };
  keep(about.name, figure, raw);
}

/**
 * The same for figures of another shape.
 * @param {string} name
 * @param {object} figure
 * @param {unknown} raw
 */
export function keep(name, figure, raw) {
  process.stdout.write(`${JSON.stringify(figure)}\n`);
  const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version };
  mkdirSync(RESULTS, { recursive: true });
  const text = JSON.stringify({ ...figure, at: new Date().toISOString(), machine, raw }, null, 2);
  writeFileSync(join(RESULTS, `${name}.json`), `${text}\n`);
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/** @param {number[]} values */
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Of the straight line with the least squares.
 * @param {[x: number, y: number][]} points
 */
export function slope(points) {
  const [middleX, middleY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const spread = points.reduce((sum, [x]) => sum + (x - middleX) ** 2, 0);
  return points.reduce((sum, [x, y]) => sum + (x - middleX) * (y - middleY), 0) / spread;
}

/** @param {number} value */
function round(value) {
  return Number(value.toPrecision(4));
}

/** @returns {Promise<number>} */
export async function freePort() {
  const probe = createServer();
  await new Promise((done) => probe.listen(0, '127.0.0.1', () => done(undefined)));
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  return address.port;
}
