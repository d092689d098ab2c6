import type { Page } from '@playwright/test';
import { randomId, type MeetingId } from '../../src/lib/protocol/ids';
import { createSecret, makeFragment } from '../../src/lib/crypto/link';
import { barriersOn } from '../support/barriers';
import { expect, test } from './journey';

/** Where a browser cannot hold a meeting the page says so, in words that help, and asks the server for nothing. */

const OPENINGS = {
  'a new meeting': () => Promise.resolve('new'),
  'a link': () => makeFragment(randomId<MeetingId>(), createSecret()),
};

async function expectToldOnly(page: Page, address: string, says: RegExp[]): Promise<void> {
  const calls: string[] = [];
  page.on('request', (request) => calls.push(new URL(request.url()).pathname));
  page.on('websocket', (socket) => calls.push(new URL(socket.url()).pathname));
  await page.goto(address);
  const alert = page.getByRole('alert');
  for (const sentence of says) await expect(alert).toContainText(sentence);
  await expect(page.getByRole('link', { name: 'Go to your meetings' })).toBeVisible();
  // Neither would end otherwise.
  await expect(page.getByRole('button', { name: 'Open again' })).toBeHidden();
  await expect(page.getByRole('button', { name: 'Join' })).toBeHidden();
  expect(new URL(page.url()).hash).toBe('');
  expect(await barriersOn(page)).toEqual([]);
  expect(calls.filter((path) => path.startsWith('/trpc'))).toEqual([]);
}

for (const [what, fragment] of Object.entries(OPENINGS)) {
  test(`${what} in a browser without WebRTC`, async ({ host }) => {
    await host.context.addInitScript(() => Reflect.deleteProperty(globalThis, 'RTCPeerConnection'));
    await expectToldOnly(host.page, `/m#${await fragment()}`, [
      /This browser cannot hold a meeting\./,
      /Use a current Chrome, Edge, Firefox or Safari/,
    ]);
  });

  test(`${what} on a page that came over http from another machine`, async ({
    server,
    playwright,
    browserName,
    launchOptions,
  }) => {
    // A name of another machine, as far as the browser knows.
    const browser = await playwright[browserName].launch({
      ...launchOptions,
      args: [...(launchOptions.args ?? []), '--host-resolver-rules=MAP parley.test 127.0.0.1'],
    });
    const page = await browser.newPage({ locale: 'en-GB' });
    const faults: Error[] = [];
    page.on('pageerror', (error) => faults.push(error));
    await expectToldOnly(page, `http://parley.test:${server.port}/m#${await fragment()}`, [
      /This page did not come over a secure connection\./,
      /Open the same address with https\./,
    ]);
    expect(faults).toEqual([]);
    await browser.close();
  });
}
