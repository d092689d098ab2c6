import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { AppTalk } from './app-talk';
import { Beats } from './beat';
import { FAULTS, inTrouble } from './faults';
import { expect, note, test } from './lab';
import { GOOD } from './wire';

/** What is not back by then does not come back. */
const PATIENCE_MS = 30_000;
const MESSAGES = 1_000;
const EVERY_MS = 80;
const FILE_MIB = 500;
const MIB = 1024 * 1024;

/** So often the picture has to have moved on: more than a receiver may have in hand from before. */
const MOMENTS = 30;

/** How soon the page says that it does not get through, and what. */
const WORD_MS = 15_000;
const WORD = /takes longer than it should|found no way to each other|server cannot be reached/;

test.setTimeout(235_000);

test('2,000 numbered messages through every fault: none lost, none doubled', async ({ lab }) => {
  const { guest, host } = await inTrouble(lab, 'numbered');
  const talk = await AppTalk.open(lab, host, guest, false);
  await talk.join();
  const beats = await Beats.start('app', talk.ends, EVERY_MS, MESSAGES);
  expect(await beats.exchangedAtMs(Date.now(), PATIENCE_MS)).not.toBeNull();
  for (const [name, fault] of Object.entries(FAULTS)) {
    await test.step(name, async () => {
      const usableAtMs = await fault(lab, guest.site);
      const atMs = await beats.exchangedAtMs(usableAtMs, PATIENCE_MS);
      expect(atMs, 'messages flow again').not.toBeNull();
      note(`${name} ${(atMs ?? NaN) - usableAtMs} ms`);
    });
  }
  await test.step('all there', () => beats.expectWhole(MESSAGES));
});

test(`a file of ${FILE_MIB} MB through every fault: it is whole`, async ({ lab }) => {
  const { guest, host } = await inTrouble(lab, 'file');
  const talk = await AppTalk.open(lab, host, guest, false);
  await talk.join();
  const path = join(lab.identity.folder, 'film.bin');
  const block = randomBytes(MIB);
  for (let i = 0; i < FILE_MIB; i++) {
    block.writeUInt32BE(i);
    writeFileSync(path, block, { flag: 'a' });
  }
  await talk.host.getByLabel('Attach files').last().setInputFiles(path);
  const card = talk.guest.getByRole('group', { name: 'film.bin' });
  await card.getByRole('button', { name: 'Accept film.bin' }).click();
  const progress = async () => Number(await card.getByRole('progressbar').getAttribute('value'));
  for (const [name, fault] of Object.entries(FAULTS)) {
    await test.step(name, async () => {
      // It goes on after the fault before, and is struck on its way.
      const before = await progress();
      await expect.poll(progress, { timeout: PATIENCE_MS }).toBeGreaterThan(before);
      await fault(lab, guest.site);
    });
  }
  await expect(card.getByRole('button', { name: 'Save film.bin' })).toBeVisible({ timeout: 120_000 });
  const download = talk.guest.waitForEvent('download');
  await card.getByRole('button', { name: 'Save film.bin' }).click();
  expect(await sha256(await (await download).path())).toBe(await sha256(path));
});

test('a video call through every fault: pictures come again, both ways', async ({ lab }) => {
  const { guest, host } = await inTrouble(lab, 'call');
  const talk = await AppTalk.open(lab, host, guest, false);
  await talk.join();
  await talk.host.getByRole('button', { name: 'Start video' }).click();
  await talk.guest.getByRole('checkbox', { name: /camera/i }).check();
  await talk.guest.getByRole('button', { name: 'Accept' }).click();
  await Promise.all([frames(talk.guest), frames(talk.host)]);
  for (const [name, fault] of Object.entries(FAULTS)) {
    await test.step(name, async () => {
      await fault(lab, guest.site);
      await Promise.all([frames(talk.guest), frames(talk.host)]);
    });
  }
  for (const page of [talk.guest, talk.host]) {
    await expect(page.getByRole('button', { name: 'Hang up' })).toBeVisible();
  }
});

test('100 ms and 5 % loss each way: it connects', async ({ lab }) => {
  const { guest, host } = await inTrouble(lab, 'slow');
  await guest.site.wire?.become({ ...GOOD, delayMs: 100, loss: 0.05 });
  const talk = await AppTalk.open(lab, host, guest, false);
  note(`${await talk.join()} ms from Join`);
  const beats = await Beats.start('app', talk.ends, EVERY_MS, 100);
  await beats.expectWhole(100);
});

for (const loss of [0.4, 1]) {
  const title = 'it says what is wrong within 15 s, keeps trying and connects when it is better';
  test(`${loss * 100} % loss each way: ${title}`, async ({ lab }) => {
    const { guest, host } = await inTrouble(lab, `lossy-${loss * 10}`);
    const talk = await AppTalk.open(lab, host, guest, false);
    const join = await talk.arrive();
    await guest.site.wire?.become({ ...GOOD, loss });
    const from = Date.now();
    await join.click();
    const page = talk.guest;
    const word = page.getByRole('alert').filter({ hasText: WORD });
    const box = page.getByRole('textbox', { name: 'Message' });
    // Where anything passes, luck may carry it all the way; then nothing is wrong.
    await expect((loss < 1 ? word.or(box) : word).first()).toBeVisible({ timeout: WORD_MS });
    const words = (await box.isVisible()) ? 'connected' : await word.first().innerText();
    note(`after ${Date.now() - from} ms: ${words.split('\n')[0]}`);
    await guest.site.wire?.become(GOOD);
    await talk.expectConnected();
  });
}

/** A few more frames of the other's picture were shown. */
async function frames(page: Page): Promise<void> {
  const video = page.getByRole('group', { name: /'s video$/ }).locator('video');
  await expect(video).toBeVisible();
  const shown = () => video.evaluate((element) => (element as HTMLVideoElement).currentTime);
  for (let i = 0; i < MOMENTS; i++) {
    const before = await shown();
    await expect.poll(shown, { timeout: PATIENCE_MS, intervals: [100] }).not.toBe(before);
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
