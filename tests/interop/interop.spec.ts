import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, GUEST, HOST, test } from './pair';
import { named, type BrowserName, type Person } from './person';
import { expectPicture, expectSilence, expectSound, figuresOf, type Figures } from './picture-and-sound';

const DIRECTIONS: [host: BrowserName, guest: BrowserName][] = [
  ['Chromium', 'Firefox'],
  ['Firefox', 'Chromium'],
];

for (const [hostBrowser, guestBrowser] of DIRECTIONS) {
  test.describe(`${hostBrowser} is the host, ${guestBrowser} the guest:`, () => {
    test.use({ hostBrowser, guestBrowser });

    test('messages and a file, both ways', async ({ host, guest }) => {
      note(await host.version(), await guest.version());
      await say(host, guest, 'From the host');
      await say(guest, host, 'From the guest');
      await give(host, guest, 'there.bin');
      await give(guest, host, 'back.bin');
    });

    test('a video call that the guest starts, muted, unmuted and hung up', async ({ host, guest }) => {
      await guest.press('Start video');
      await answer(host, `${GUEST} is calling`);
      await expectSealed(host, guest);
      await expectPicture(host, `${GUEST}'s video`);
      await expectPicture(guest, `${HOST}'s video`);
      await expectSound(host);
      await expectSound(guest);
      await expectFigures(host, GUEST, guest, HOST);

      await guest.press('Mute');
      await expectSilence(host);
      await guest.press('Unmute');
      await expectSound(host);

      await guest.press('Hang up');
      await expect.poll(() => host.read()).toContain(`${GUEST} hung up`);
      await expect.poll(() => host.sees('button', 'Start voice')).toBe(true);
    });

    test('a voice call that the host starts, then a screen and video', async ({ host, guest }) => {
      const { them, it, theirName } =
        hostBrowser === 'Chromium'
          ? { them: host, it: guest, theirName: HOST }
          : { them: guest, it: host, theirName: GUEST };
      await host.press('Start voice');
      await answer(guest, `${HOST} is calling`);
      await expectSealed(host, guest);
      await expectSound(guest);
      await expectSound(host);

      // Firefox has no screen to share without a display (NotFoundError); it shows Chromium's.
      await them.press('Share screen');
      await expectPicture(it, `${theirName}'s screen`);
      const { theirPicture, refused } = await figuresOf(it, theirName);
      expect(theirPicture).toMatch(/VP[89]$/);
      expect(refused).toBe('0');
      note(`screen: ${theirPicture}`);
      await them.press('Stop sharing');
      await expect.poll(() => it.sees('group', `${theirName}'s screen`)).toBe(false);

      await host.press('Start video');
      await guest.press('Start video');
      await expectPicture(host, `${GUEST}'s video`);
      await expectPicture(guest, `${HOST}'s video`);
      await expectFigures(host, GUEST, guest, HOST);
      await host.press('Hang up');
      await expect.poll(() => guest.read()).toContain(`${HOST} hung up`);
    });
  });
}

/** Shown beside the case's result. */
function note(...texts: string[]): void {
  test.info().annotations.push(...texts.map((description) => ({ type: 'note', description })));
}

async function say(from: Person, to: Person, text: string): Promise<void> {
  await from.fill('Message', text);
  await from.press('Send');
  await expect.poll(() => to.read('log', 'Conversation')).toContain(text);
  const log = () => from.read('log', 'Conversation');
  await expect.poll(log).toMatch(new RegExp(`${text}.*Delivered`, 's'));
}

async function give(from: Person, to: Person, name: string): Promise<void> {
  const path = join(from.downloads, name);
  const bytes = randomBytes(300_001);
  writeFileSync(path, bytes);
  const input = await from.page.waitForSelector('input[type=file]');
  if (input === null) throw new Error('There is nothing to attach a file with.');
  await from.page.bringToFront();
  await (await input.toElement('input')).uploadFile(path);
  await to.press(`Accept ${name}`);
  await to.press(`Save ${name}`);
  const saved = join(to.downloads, name);
  // Written under another name, or in pieces: it is whole when it is there and as long as it should be.
  await expect
    .poll(() => statSync(saved, { throwIfNoEntry: false })?.size, `${name} in ${to.browserName}'s downloads`)
    .toBe(bytes.length);
  expect(hash(readFileSync(saved))).toBe(hash(bytes));
  await expect.poll(() => from.read('group', name)).toMatch(/delivered/i);
}

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function answer(person: Person, words: string): Promise<void> {
  await person.page.locator(named('button', 'Accept')).wait();
  expect(await person.read('region', 'Call')).toContain(words);
  await person.press('Accept');
}

async function expectSealed(...people: Person[]): Promise<void> {
  for (const person of people) {
    await expect.poll(() => person.read('region', 'Call')).toContain("Sealed with your link's key");
    expect(await person.read()).not.toContain('Transport encryption only');
  }
}

/** Two pictures go by, in a codec whose packets survive sealing, and every frame opened. */
async function expectFigures(
  host: Person,
  guestName: string,
  guest: Person,
  hostName: string,
): Promise<void> {
  for (const [person, other] of [
    [host, guestName],
    [guest, hostName],
  ] as const) {
    let figures: Figures = { theirPicture: '', yourPicture: '', refused: '' };
    await expect
      .poll(async () => {
        figures = await figuresOf(person, other);
        return Math.min(...[figures.theirPicture, figures.yourPicture].map(framesPerSOf));
      }, `pictures a second, as ${person.browserName} counts them`)
      .toBeGreaterThan(5);
    expect(figures.theirPicture).toMatch(/VP[89]$/);
    expect(figures.yourPicture).toMatch(/VP[89]$/);
    expect(figures.refused, `frames that ${person.browserName} refused`).toBe('0');
    note(
      `${person.browserName} sees ${figures.theirPicture}, sends ${figures.yourPicture}, refused ${figures.refused};`,
    );
  }
}

const framesPerSOf = (picture: string): number => Number(/ (\d+) fps/.exec(picture)?.[1] ?? 0);
