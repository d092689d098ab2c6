import { test as base, expect, type BrowserContext, type Page } from '@playwright/test';
import { Middleman, type Part } from '../support/middleman';
import { descriptionsOf, keepDescriptions } from './descriptions';
import { createMeeting, expectConnected, expectHeard, joinMeeting, say, Visitor } from './journey';

/**
 * One evening with everything in it that a server could learn of: two meetings, messages, a file, a call, the test of a
 * connection. It is lived once for all tests of a file, with a tap on everything that crosses the wire.
 */
export type Frame = { isSent: boolean; text: string; socket: number };
export type Evening = {
  middleman: Middleman;
  /** All that went by, of both browsers. */
  parts: Part[];
  host: Tapped;
  guest: Tapped;
  link: string;
  /** Of the link. */
  id: string;
  secret: Buffer;
  /** What the server must not know, by what it is. */
  secrets: Record<string, Buffer>;
  /** What crossed the wire while a picture and a voice went from host to guest. */
  duringCall: Part[];
};
/** Somebody with the frames of the page of the meeting, as the browser itself saw them. */
export type Tapped = { visitor: Visitor; context: BrowserContext; meeting: Page; frames: Frame[] };

const HOST = 'Zephyrine Oakenhollow';
const GUEST = 'Persephone Quillfeather';
const SAID = 'zanzibar umbrella nine three four one';
const FILE_NAME = 'ledger of wonders.txt';
const FILE_TEXT = 'kaleidoscope-7719-porcelain ';

export const test = base.extend<object, { evening: Evening }>({
  evening: [
    async ({ playwright, browserName, launchOptions }, use) => {
      const parts: Part[] = [];
      const middleman = await Middleman.start({ LOG_MODE: 'debug' });
      middleman.onPart = (part) => parts.push(part);
      const browsers = await Promise.all([1, 2].map(() => playwright[browserName].launch(launchOptions)));
      const [host, guest] = await Promise.all(browsers.map((browser) => visit(browser, middleman.url)));
      if (host === undefined || guest === undefined) throw new Error('nobody came');
      await use(await live(middleman, parts, host, guest));
      await Promise.all(browsers.map((browser) => browser.close()));
      await middleman.close();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
});

type Browser = { newContext(options: { baseURL: string; locale: string }): Promise<BrowserContext> };

async function visit(browser: Browser, baseURL: string): Promise<Tapped> {
  const context = await browser.newContext({ baseURL, locale: 'en-GB' });
  await context.addInitScript(keepDescriptions);
  const meeting = await context.newPage();
  return { visitor: new Visitor(context, meeting, []), context, meeting, frames: tap(meeting) };
}

/** Everything that the WebSockets of the page carry from now on. */
export function tap(page: Page): Frame[] {
  const frames: Frame[] = [];
  let sockets = 0;
  page.on('websocket', (opened) => {
    const socket = ++sockets;
    const keep = (isSent: boolean) => (frame: { payload: string | Buffer }) =>
      frames.push({ isSent, text: String(frame.payload), socket });
    opened.on('framesent', keep(true));
    opened.on('framereceived', keep(false));
  });
  return frames;
}

async function live(middleman: Middleman, parts: Part[], host: Tapped, guest: Tapped): Promise<Evening> {
  const [one, other] = [host.visitor, guest.visitor];
  const page = host.meeting;
  // Two that are only saved, and what Home asks of them.
  await createMeeting(one);
  await createMeeting(one);
  const asked = () => host.frames.filter(({ text }) => text.includes('"path":"watch"')).length;
  const before = asked();
  await page.goto('/');
  await expect.poll(asked).toBeGreaterThan(before);
  const link = await createMeeting(one);
  const fragment = Buffer.from(link.slice(-68), 'base64url');
  await page.getByRole('button', { name: 'Change your name' }).click();
  await page.getByRole('dialog').getByRole('textbox', { name: 'Your name' }).fill(HOST);
  await page.keyboard.press('Enter');
  await joinMeeting(other, link, GUEST);
  await expectConnected(one, other);
  await say(other, SAID);
  await expectHeard(one, SAID);
  const buffer = Buffer.from(FILE_TEXT.repeat(4_000));
  await guest.meeting
    .locator('input[type=file]')
    .setInputFiles({ name: FILE_NAME, mimeType: 'text/plain', buffer });
  await page.getByRole('button', { name: `Accept ${FILE_NAME}` }).click();
  await expect(page.getByRole('button', { name: `Save ${FILE_NAME}` })).toBeVisible();
  const words = page.getByRole('region', { name: 'Safety words' }).getByRole('listitem');
  await expect(words).toHaveCount(4);
  const safety = (await words.allInnerTexts()).map((word) => word.replace(/[^a-z]/gi, ''));

  const quietFrom = parts.length;
  await page.getByRole('button', { name: 'Start video', exact: true }).click();
  await guest.meeting.getByRole('button', { name: 'Accept', exact: true }).click();
  const picture = guest.meeting.getByRole('group', { name: `${HOST}'s video` }).locator('video');
  const playedS = () => picture.first().evaluate((video: HTMLVideoElement) => video.currentTime);
  await expect.poll(playedS).toBeGreaterThan(1);
  const duringCall = parts.slice(quietFrom);
  await page.getByRole('button', { name: 'Hang up', exact: true }).click();

  const inside = await descriptionsOf(page);
  return {
    ...{ middleman, parts, host, guest, link, duringCall },
    id: fragment.subarray(1, 17).toString('base64url'),
    secret: fragment.subarray(17, 49),
    secrets: {
      'the secret': fragment.subarray(17, 49),
      'the end of the link': Buffer.from(link.slice(-40)),
      'the name of the host': Buffer.from(HOST),
      'the name of the guest': Buffer.from(GUEST),
      'what was said': Buffer.from(SAID),
      'a file name': Buffer.from(FILE_NAME),
      'a file': Buffer.from(FILE_TEXT),
      ...Object.fromEntries(
        [' ', ', ', '-', '","'].map((gap) => [`safety words with "${gap}"`, Buffer.from(safety.join(gap))]),
      ),
      'a description': Buffer.from('v=0\r\no=-'),
      'a candidate': Buffer.from('candidate:'),
      ...inside,
    },
  };
}

export { expect };
