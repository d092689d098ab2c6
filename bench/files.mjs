/**
 * How fast a sealed file travels, and in how much memory it is received.
 *
 *   node bench/files.mjs [--rounds 20] [--mebibytes 64] [--large 1024]
 *
 * Speed: the host sends a file to its guest, in Parley (sealed, stored on disk) and on the bare page (clear, kept in
 * memory), taking turns; from the guest's consent until the file is there to save. Memory: what the process that shows
 * the guest's page, with its worker, grows by while it receives one large file; read from Linux's /proc.
 */
import { linkSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { RendererMemory } from './memory.mjs';
import { startReference } from './reference/server.mjs';
import {
  hostParley,
  interleave,
  launchBrowser,
  launchProfile,
  makeFolder,
  median,
  readOptions,
  report,
  startParley,
} from './support.mjs';
import { VISITOR } from './visitor.mjs';

/** @typedef {import('@playwright/test').Page} Page */
/** @typedef {typeof globalThis & { visitor: import('./visitor.mjs').Visitor }} Visited */
/** @typedef {{ host: Page, guest: Page }} Pair */

const MIB = 1024 * 1024;
const { rounds, mebibytes, large } = readOptions({ rounds: 20, mebibytes: 64, large: 1024 });
const parley = await startParley();
const reference = await startReference();
const folder = makeFolder();
const hosts = await launchBrowser();

/**
 * A file of zeros: what is sent is encrypted and never compressed, so its content does not matter.
 * @param {string} name
 * @param {number} sizeMib
 */
function makeFile(name, sizeMib) {
  const path = join(folder, name);
  writeFileSync(path, '');
  truncateSync(path, sizeMib * MIB);
  return path;
}

/**
 * A host and its guest, connected.
 * @param {import('@playwright/test').BrowserContext} guests
 * @param {(host: Page) => Promise<string>} open answers the link for the guest
 * @returns {Promise<Pair>}
 */
async function connect(guests, open) {
  const context = await hosts.newContext();
  await context.addInitScript({ content: VISITOR });
  const host = await context.newPage();
  const link = await open(host);
  await host.evaluate(() => {
    void (/** @type {Visited} */ (globalThis).visitor.answer());
  });
  const guest = await guests.newPage();
  await guest.goto(link);
  await guest.evaluate(() => /** @type {Visited} */ (globalThis).visitor.join(0));
  return { host, guest };
}

/** @param {Page} host */
async function openReference(host) {
  await host.goto(`${reference.url}#host`);
  return `${reference.url}#guest`;
}

/** @param {Page} host */
const openParley = (host) => hostParley(host, parley.url);

/**
 * @param {Pair} pair
 * @param {string} path
 * @param {string} name
 * @returns {Promise<number>} milliseconds
 */
async function send({ host, guest }, path, name) {
  const received = guest.evaluate((file) => /** @type {Visited} */ (globalThis).visitor.receive(file), name);
  await host.locator('input[type=file]').setInputFiles(path);
  return received;
}

/** @returns {Promise<import('@playwright/test').BrowserContext>} */
async function launchGuests() {
  const guests = await launchProfile();
  await guests.addInitScript({ content: VISITOR });
  return guests;
}

async function measureSpeed() {
  const guests = await launchGuests();
  const pairs = {
    reference: await connect(guests, openReference),
    parley: await connect(guests, openParley),
  };
  const path = makeFile('speed.bin', mebibytes);
  /** @param {'reference' | 'parley'} side */
  const speedOf = (side) => async (/** @type {number} */ round) => {
    // A name of its own for every transfer, so that its buttons are its own.
    mkdirSync(join(folder, side), { recursive: true });
    const name = `${side}-${round}.bin`;
    linkSync(path, join(folder, side, name));
    const ms = await send(pairs[side], join(folder, side, name), name);
    await pairs[side].guest.evaluate(
      (file) => /** @type {Visited} */ (globalThis).visitor.discard(file),
      name,
    );
    return (mebibytes * MIB) / 1e6 / (ms / 1000);
  };
  const speeds = await interleave(rounds, { reference: speedOf('reference'), parley: speedOf('parley') });
  await guests.close();
  report(
    { name: 'files.sealed_throughput', unit: 'ratio', reference: 'bare page' },
    speeds.map((speed) => speed.parley / speed.reference),
    {
      parleyMBps: median(speeds.map((speed) => speed.parley)),
      referenceMBps: median(speeds.map((speed) => speed.reference)),
    },
    speeds,
  );
}

/** A browser of its own: nothing received before is still in the process. */
async function measureMemory() {
  const guests = await launchGuests();
  const pair = await connect(guests, openParley);
  const memory = await RendererMemory.withWorker(guests);
  const path = makeFile('large.bin', large);
  const beforeMib = memory.residentMib();
  memory.forgetPeak();
  const ms = await send(pair, path, 'large.bin');
  const [peakMib, afterMib] = [memory.peakMib(), memory.residentMib()];
  await guests.close();
  report(
    { name: 'files.receiver_memory_growth', unit: 'MiB', reference: `before ${large} MiB were received` },
    [peakMib - beforeMib],
    { beforeMib, peakMib, afterMib, parleyMBps: (large * MIB) / 1e6 / (ms / 1000) },
    { beforeMib, peakMib, afterMib, ms },
  );
}

try {
  await measureSpeed();
  if (process.platform === 'linux') await measureMemory();
  else process.stderr.write('Memory is read from /proc, which only Linux has.\n');
} finally {
  await hosts.close();
  await Promise.all([parley.close(), reference.close()]);
  rmSync(folder, { recursive: true, force: true });
}
