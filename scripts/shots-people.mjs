/** What people do in the pictures of `shots.mjs`, by the names that the product promises. */
import { hostParley } from '../bench/support.mjs';

/**
 * @typedef {import('@playwright/test').Page} Page
 * @typedef {{
 *   browser: import('@playwright/test').Browser,
 *   parley: { url: string },
 *   shoot: (name: string, page: Page, how?: { isLong?: boolean }) => Promise<void>,
 * }} Stage
 */

const LOOK = {
  viewport: { width: 1280, height: 800 },
  locale: 'en-GB',
  reducedMotion: /** @type {const} */ ('reduce'),
};

/** @param {Stage} stage */
export async function newPerson({ browser }) {
  const context = await browser.newContext({ ...LOOK, permissions: ['clipboard-read', 'clipboard-write'] });
  return context.newPage();
}

/**
 * @param {Page} page
 * @param {string} name
 */
export const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

/**
 * @param {Page} page
 * @param {string} name
 */
export async function rename(page, name) {
  await press(page, 'Rename');
  await page.getByRole('textbox', { name: 'Meeting name' }).fill(name);
  await press(page, 'Save');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
}

/**
 * @param {Page} page
 * @param {string} link
 */
export async function join(page, link, name = 'Grace') {
  await page.goto(link);
  await page.getByRole('textbox', { name: 'Your name' }).fill(name);
  await press(page, 'Join');
}

/** @param {Page} page */
export const connected = (page) => page.getByRole('textbox', { name: 'Message' }).waitFor();

/**
 * @param {Page} page
 * @param {string} text
 */
export async function say(page, text) {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await press(page, 'Send');
}

/**
 * Two in a meeting that has a name.
 * @param {Stage} stage
 */
export async function meet(stage, name = 'The roof') {
  const host = await newPerson(stage);
  const guest = await newPerson(stage);
  const link = await hostParley(host, stage.parley.url);
  await rename(host, name);
  await join(guest, link);
  await Promise.all([connected(host), connected(guest)]);
  return { host, guest, link };
}
