/**
 * How long it takes a guest to be heard: Parley against the bare page, on this machine, in the same run.
 *
 *   node bench/connect.mjs [--rounds 20]
 *
 * The host waits in a browser of its own. Each round a guest with an empty profile opens the link in another browser,
 * joins as soon as the page allows, says something, and is done when the answer is on its screen.
 */
import { startReference } from './reference/server.mjs';
import {
  hostParley,
  interleave,
  launchBrowser,
  median,
  readOptions,
  report,
  startParley,
} from './support.mjs';
import { joiningVisitor, VISITOR } from './visitor.mjs';

/** @typedef {Awaited<ReturnType<import('./visitor.mjs').Visitor['join']>>} Visit */
/** @typedef {typeof globalThis & { visitor: import('./visitor.mjs').Visitor, visit: Promise<Visit> }} Visited */

const { rounds } = readOptions({ rounds: 20 });
const parley = await startParley();
const reference = await startReference();
const hosts = await launchBrowser();
const guests = await launchBrowser();

/** @returns {Promise<import('@playwright/test').Page>} */
async function newHostPage() {
  const context = await hosts.newContext();
  await context.addInitScript({ content: VISITOR });
  return context.newPage();
}

/** @param {import('@playwright/test').Page} page */
const startAnswering = (page) =>
  page.evaluate(() => {
    void (/** @type {Visited} */ (globalThis).visitor.answer());
  });

/**
 * One guest, from an empty profile to the goodbye.
 * @param {import('@playwright/test').Page} host
 * @param {string} link
 * @param {number} round
 */
async function visit(host, link, round) {
  const context = await guests.newContext();
  await context.addInitScript({ content: joiningVisitor(round) });
  const page = await context.newPage();
  await page.goto(link);
  const times = await page.evaluate(() => /** @type {Visited} */ (globalThis).visit);
  await page.evaluate(() => /** @type {Visited} */ (globalThis).visitor.leave());
  await host.evaluate(() => /** @type {Visited} */ (globalThis).visitor.rest());
  await context.close();
  return times;
}

/**
 * @param {string} name
 * @param {{ reference: Visit, parley: Visit }[]} pairs
 * @param {(visit: Visit) => number} measure milliseconds
 */
function reportRatio(name, pairs, measure) {
  const ratios = pairs.map((pair) => measure(pair.parley) / measure(pair.reference));
  const medians = {
    parleyMs: median(pairs.map((pair) => measure(pair.parley))),
    referenceMs: median(pairs.map((pair) => measure(pair.reference))),
  };
  report({ name, unit: 'ratio', reference: 'bare page' }, ratios, medians, pairs);
}

try {
  const [bareHost, parleyHost] = [await newHostPage(), await newHostPage()];
  await bareHost.goto(`${reference.url}#host`);
  const link = await hostParley(parleyHost, parley.url);
  await startAnswering(bareHost);
  await startAnswering(parleyHost);
  const pairs = await interleave(rounds, {
    reference: (round) => visit(bareHost, `${reference.url}#guest`, round),
    parley: (round) => visit(parleyHost, link, round),
  });
  reportRatio('connect.navigation_to_message', pairs, (one) => one.answeredAtMs);
  reportRatio('connect.join_to_open', pairs, (one) => one.openAtMs - one.joinAtMs);
} finally {
  await Promise.all([hosts.close(), guests.close()]);
  await Promise.all([parley.close(), reference.close()]);
}
