/**
 * What the vault costs whoever opens the app without a network.
 *
 *   node bench/vault.mjs [--rounds 10] [--meetings 1000]
 *
 * Three devices that keep the app, the server gone: one with nothing saved (the reference: its Home is complete when it
 * says what Parley is), one with a single meeting, one with a thousand. From the navigation's start to the list being
 * there. Then their list is scrolled, beside the page with one meeting. Then the device with the thousand is locked:
 * from the press of Unlock to the list, less what Argon2id alone takes on this machine.
 */
import { randomBytes } from 'node:crypto';
import { argon2id } from 'hash-wasm';
import { backupOf } from '../tests/support/backup-file.mjs';
import { launchBrowser, median, readOptions, report, startParley } from './support.mjs';

/** @typedef {import('@playwright/test').BrowserContext} Context */

const { rounds, meetings } = readOptions({ rounds: 10, meetings: 1_000 });
const PASSPHRASE = 'lantern walnut cloud river';
const ARGON2ID = { memorySize: 65_536, iterations: 3, parallelism: 1, hashLength: 32 };

/** A device that keeps the app and so many meetings. @param {number} count */
async function device(count) {
  const browser = await launchBrowser();
  const context = await browser.newContext();
  await context.addInitScript(() => {
    const target = /** @type {{ shownAtMs?: number }} */ (globalThis);
    new MutationObserver(() => {
      if (target.shownAtMs !== undefined) return;
      if (document.querySelector('ul[aria-labelledby] li a, .aside figure') === null) return;
      requestAnimationFrame(() => (target.shownAtMs ??= performance.now()));
    }).observe(document, { subtree: true, childList: true });
  });
  const page = await context.newPage();
  await page.goto(`${parley.url}/settings`);
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
  if (count > 0) {
    await page.getByLabel('Import backup').setInputFiles(backupOf(count));
    await page.getByRole('button', { name: 'Import', exact: true }).click({ timeout: 60_000 });
    await page.getByText(`Imported: ${count.toLocaleString('en')} added`).waitFor({ timeout: 60_000 });
  }
  await page.close();
  return { browser, context };
}

/** Milliseconds from the navigation's start until Home is complete. @param {Context} context */
async function openHome(context) {
  const page = await context.newPage();
  await page.goto(`${parley.url}/`);
  const handle = await page.waitForFunction(
    () => /** @type {{ shownAtMs?: number }} */ (globalThis).shownAtMs ?? null,
  );
  const shownAtMs = Number(await handle.jsonValue());
  await page.close();
  return shownAtMs;
}

/** Milliseconds from the press of Unlock to the list. @param {Context} context */
async function unlock(context) {
  const page = await context.newPage();
  await page.goto(`${parley.url}/`);
  await page.getByLabel('Passphrase').fill(PASSPHRASE);
  const tookMs = await page.evaluate(async () => {
    const target = /** @type {{ shownAtMs?: number }} */ (globalThis);
    delete target.shownAtMs;
    const startMs = performance.now();
    const button = [...document.querySelectorAll('button')].find(
      (one) => one.textContent?.trim() === 'Unlock',
    );
    button?.click();
    while (target.shownAtMs === undefined) await new Promise((next) => requestAnimationFrame(next));
    return target.shownAtMs - startMs;
  });
  await page.close();
  return tookMs;
}

/** Milliseconds between pictures while the list is scrolled, the slow end: of twenty, one takes longer. @param {Context} context */
async function scroll(context) {
  const page = await context.newPage();
  await page.goto(`${parley.url}/`);
  await page.waitForFunction(() => /** @type {{ shownAtMs?: number }} */ (globalThis).shownAtMs ?? null);
  const gapsMs = await page.evaluate(async () => {
    /** @type {number[]} */
    const gaps = [];
    const nextFrame = () =>
      new Promise((/** @type {(atMs: number) => void} */ next) => requestAnimationFrame(next));
    let beforeMs = await nextFrame();
    for (let frame = 0; frame < 120; frame++) {
      scrollBy(0, 200);
      const atMs = await nextFrame();
      gaps.push(atMs - beforeMs);
      beforeMs = atMs;
    }
    return gaps;
  });
  await page.close();
  return gapsMs.sort((a, b) => a - b)[Math.floor(gapsMs.length * 0.95)] ?? NaN;
}

async function stretch() {
  const startMs = performance.now();
  await argon2id({ ...ARGON2ID, password: PASSPHRASE, salt: randomBytes(16), outputType: 'binary' });
  return performance.now() - startMs;
}

const parley = await startParley();
const [empty, one, many] = [await device(0), await device(1), await device(meetings)];
await parley.close();
try {
  /** @type {Record<'empty' | 'one' | 'many', number[]>} */
  const raw = { empty: [], one: [], many: [] };
  for (let round = 0; round <= rounds; round++) {
    const [a, b, c] = [
      await openHome(empty.context),
      await openHome(one.context),
      await openHome(many.context),
    ];
    // The first warms up the disk's and the engine's caches.
    if (round === 0) continue;
    raw.empty.push(a);
    raw.one.push(b);
    raw.many.push(c);
  }
  const medians = { emptyMs: median(raw.empty), oneMs: median(raw.one), manyMs: median(raw.many) };
  for (const [name, values] of /** @type {const} */ ([
    ['', raw.one],
    ['_many', raw.many],
  ])) {
    const about = {
      name: `vault.open_offline${name}`,
      unit: 'ratio',
      reference: 'the same app with nothing saved',
    };
    const ratios = values.map((tookMs, round) => tookMs / (raw.empty[round] ?? NaN));
    report(about, ratios, medians, raw);
  }

  const scrolling = { many: /** @type {number[]} */ ([]), one: /** @type {number[]} */ ([]) };
  for (let round = 0; round < rounds; round++) {
    scrolling.one.push(await scroll(one.context));
    scrolling.many.push(await scroll(many.context));
  }
  const smooth = { name: 'vault.scroll_many', unit: 'ms', reference: 'a list of one' };
  report(smooth, scrolling.many, { referenceMs: median(scrolling.one) }, scrolling);

  const page = await many.context.newPage();
  await page.goto(`${parley.url}/settings`);
  await page.getByRole('button', { name: 'Lock with a passphrase' }).click();
  await page.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await page.getByLabel('Once more').fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Lock', exact: true }).click();
  await page.getByRole('button', { name: 'Lock now' }).waitFor({ timeout: 60_000 });
  await page.close();
  const unlocking = { took: /** @type {number[]} */ ([]), argon2id: /** @type {number[]} */ ([]) };
  for (let round = 0; round < rounds; round++) {
    unlocking.argon2id.push(await stretch());
    unlocking.took.push(await unlock(many.context));
  }
  const over = unlocking.took.map((tookMs, round) => tookMs - (unlocking.argon2id[round] ?? NaN));
  const about = { name: 'vault.unlock_beyond_argon2id', unit: 'ms', reference: 'Argon2id in Node' };
  report(about, over, { tookMs: median(unlocking.took), argon2idMs: median(unlocking.argon2id) }, unlocking);
} finally {
  await Promise.all([empty, one, many].map(({ browser }) => browser.close()));
}
