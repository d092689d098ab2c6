/**
 * Takes the pictures that the manifest shows to whoever installs the app, from the build in build/, into static/.
 *
 *   node scripts/screenshots.mjs
 */
import { fileURLToPath } from 'node:url';
import { hostParley, launchBrowser, startParley } from '../bench/support.mjs';

const STATIC = fileURLToPath(new URL('../static/', import.meta.url));
/** As in the manifest (vite.config.ts): 1280x800, and 390x844 at twice the density. */
const WIDE = { viewport: { width: 1280, height: 800 } };
const NARROW = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};
/** @type {readonly ['host' | 'guest', string][]} */
const TALK = [
  ['guest', 'Hi Ada, did the photographs of the roof come through?'],
  ['host', 'All twelve, thank you. The left side looks worse than I thought.'],
  ['guest', 'Shall we call the carpenter on Thursday?'],
  ['host', 'Yes. I’ll send you the link half an hour before.'],
];

const parley = await startParley();
const browser = await launchBrowser();
try {
  const [host, guest] = await Promise.all(
    [WIDE, NARROW].map(async (look) => (await browser.newContext({ ...look, locale: 'en-GB' })).newPage()),
  );
  if (host === undefined || guest === undefined) throw new Error('two pages');
  // As on a phone, which shares no screen.
  await guest.addInitScript(() => Reflect.deleteProperty(MediaDevices.prototype, 'getDisplayMedia'));
  const link = await hostParley(host, parley.url);
  await host.getByRole('button', { name: 'Rename', exact: true }).click();
  await host.getByRole('textbox', { name: 'Meeting name' }).fill('The roof');
  await host.getByRole('button', { name: 'Save' }).click();
  await guest.goto(link);
  await guest.getByRole('textbox', { name: 'Your name' }).fill('Grace');
  await guest.getByRole('button', { name: 'Join' }).click();
  const pages = { host, guest };
  for (const page of [host, guest]) await page.getByRole('textbox', { name: 'Message' }).waitFor();
  for (const [who, text] of TALK) {
    await pages[who].getByRole('textbox', { name: 'Message' }).fill(text);
    await pages[who].getByRole('button', { name: 'Send', exact: true }).click();
    for (const page of [host, guest]) await page.getByText(text).first().waitFor();
  }
  // Where the name was given is far down in it.
  await host.getByRole('region', { name: 'Details' }).evaluate((panel) => (panel.scrollTop = 0));
  await host.screenshot({ path: `${STATIC}screenshot-wide.png` });
  await guest.screenshot({ path: `${STATIC}screenshot-narrow.png` });
} finally {
  await browser.close();
  await parley.close();
}
