import { CALLER } from './caller.mjs';
import { hostParley, launchBrowser } from './support.mjs';

/** @typedef {import('@playwright/test').Page} Page */
/** @typedef {import('@playwright/test').Browser} Browser */
/** @typedef {import('./caller.mjs').Caller} Caller */
/** @typedef {typeof globalThis & { visitor: import('./visitor.mjs').Visitor, caller: Caller }} Called */
/** @typedef {{ host: Page, guest: Page, close: () => Promise<void> }} Pair */

/** Makes the app use transport encryption only: to it, this is a browser that cannot seal. */
export const UNSEALED = 'delete globalThis.RTCRtpScriptTransform;';
/** What the app says of a call. */
export const SEAL = { sealed: "Sealed with your link's key", unsealed: 'Transport encryption only' };

const PERMISSIONS = ['camera', 'microphone'];
const WHOLE_PICTURE = { width: 1280, height: 720 };
const LOOK_EVERY_MS = 500;
/** So many looks in a row must find the whole picture. */
const STEADY_LOOKS = 4;
const PATIENCE_LOOKS = 120;

/** A browser whose fake camera is as quick as the app wishes: 30 pictures a second, not Chromium's 20. */
export const launchCaller = () => launchBrowser(['--use-fake-device-for-media-stream=fps=30']);

/** @param {number} ms */
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Two pages with an empty profile each.
 * @param {Browser} hosts
 * @param {Browser} guests
 * @param {string} script runs in both before everything else
 * @returns {Promise<Pair>}
 */
export async function openPair(hosts, guests, script = '') {
  const contexts = await Promise.all([
    hosts.newContext({ permissions: PERMISSIONS }),
    guests.newContext({ permissions: PERMISSIONS }),
  ]);
  for (const context of contexts) await context.addInitScript({ content: `${script} ${CALLER}` });
  const [host, guest] = [await contexts[0].newPage(), await contexts[1].newPage()];
  const close = async () => {
    await Promise.all(contexts.map((context) => context.close()));
  };
  return { host, guest, close };
}

/**
 * A new meeting whose guest has been answered.
 * @param {Browser} hosts
 * @param {Browser} guests
 * @param {string} url
 * @param {string} [script]
 * @returns {Promise<Pair>}
 */
export async function meet(hosts, guests, url, script) {
  const pair = await openPair(hosts, guests, script);
  const link = await hostParley(pair.host, url);
  await pair.host.evaluate(() => {
    void (/** @type {Called} */ (globalThis).visitor.answer());
  });
  await pair.guest.goto(link);
  await pair.guest.evaluate(() => /** @type {Called} */ (globalThis).visitor.join(0));
  return pair;
}

/**
 * @param {Page} page
 * @param {string} name
 */
export const press = (page, name) =>
  page.evaluate((button) => /** @type {Called} */ (globalThis).caller.press(button), name);

/**
 * The host's video call rings at the guest, who wants to be seen or not.
 * @param {Pair} pair
 * @param {{ camera: boolean }} wish of the guest
 */
export async function ring({ host, guest }, { camera }) {
  await press(host, 'Start video');
  // Checked by itself as soon as the caller's picture is announced.
  const box = guest.getByRole('checkbox', { name: 'Turn my camera on', checked: true });
  await box.waitFor();
  if (!camera) await box.uncheck();
}

/** @param {Page} guest */
export const accept = (guest) => guest.evaluate(() => /** @type {Called} */ (globalThis).caller.accept());

/** @param {Pair} pair */
export async function hangUp({ host, guest }) {
  await press(guest, 'Hang up');
  const without = () => /** @type {Called} */ (globalThis).caller.without('Hang up');
  await Promise.all([host.evaluate(without), guest.evaluate(without)]);
}

/** @param {Page} page */
export const received = (page) => page.evaluate(() => /** @type {Called} */ (globalThis).caller.received());

/** @param {import('./caller.mjs').Received} seen */
export const isWhole = ({ width, height }) =>
  width === WHOLE_PICTURE.width && height === WHOLE_PICTURE.height;

/**
 * Until the page receives the whole picture and goes on receiving it: a call begins small and grows.
 * @param {Page} page
 */
export async function whole(page) {
  let steady = 0;
  for (let look = 0; look < PATIENCE_LOOKS && steady < STEADY_LOOKS; look++) {
    await pause(LOOK_EVERY_MS);
    steady = isWhole(await received(page)) ? steady + 1 : 0;
  }
  if (steady < STEADY_LOOKS) {
    const seen = JSON.stringify(await received(page));
    throw new Error(`The picture never grew to 1280x720: ${seen}`);
  }
}

/**
 * @param {Pair} pair
 * @param {keyof typeof SEAL} kind
 */
export async function requireSeal({ host, guest }, kind) {
  for (const page of [host, guest]) {
    const said = await page.evaluate(() => /** @type {Called} */ (globalThis).caller.said());
    if (!said.includes(SEAL[kind])) throw new Error(`The page should say "${SEAL[kind]}": ${said}`);
  }
}
