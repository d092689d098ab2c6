import type { Page } from '@playwright/test';
import { barriersOn } from '../support/barriers';
import { ParleyServer } from '../support/server';
import {
  createMeeting,
  expect,
  expectConnected,
  joinMeeting,
  test as base,
  WHILE_AWAY,
  type Visitor,
} from './journey';

/** What people are told of a server that writes down more than it usually does. */

/** One whose operator is looking for a fault, and then is not. */
class Operated extends ParleyServer {
  async restart(LOG_MODE: 'normal' | 'debug'): Promise<void> {
    await this.kill('SIGTERM');
    this.environment = { LOG_MODE };
    await this.start();
  }
}

const test = base.extend<{ server: Operated }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures it needs from this pattern
  server: async ({}, use) => {
    const server = new Operated({ LOG_MODE: 'debug' });
    await server.start();
    await use(server);
    await server.close();
  },
});
// Between two runs of the server its pages find nobody.
test.use({ expectedProblems: [WHILE_AWAY] });

const NOTICE = 'This server is in debug mode: it writes down full network addresses.';
const notice = (page: Page) => page.getByRole('status').filter({ hasText: NOTICE, visible: true });

async function expectReadable({ page }: Visitor): Promise<void> {
  expect(await barriersOn(page)).toEqual([]);
}

test('debug mode is said wherever somebody might come online, and for as long as it lasts', async ({
  server,
  host,
  guest,
}) => {
  const link = await createMeeting(host);
  await test.step('to a host in a meeting', () => expect(notice(host.page)).toBeVisible());
  await test.step('to a guest before joining, and while waiting', async () => {
    await host.page.goto('/');
    await guest.page.goto(link);
    await expect(guest.page.getByRole('button', { name: 'Join' })).toBeVisible();
    await expect(notice(guest.page)).toBeVisible();
    await expectReadable(guest);
    await joinMeeting(guest, link, 'Ada');
    await expect(guest.page.getByRole('heading', { name: 'Waiting for the host' })).toBeVisible();
    await expect(notice(guest.page)).toBeVisible();
  });
  await test.step('on Home, with a meeting', async () => {
    await expect(host.page.getByRole('list', { name: 'Your meetings' })).toBeVisible();
    await expect(notice(host.page)).toBeVisible();
    await expectReadable(host);
  });
  await test.step('to both in the meeting', async () => {
    await host.page.getByRole('list', { name: 'Your meetings' }).getByRole('link').click();
    await expectConnected(host, guest);
    for (const { page } of [host, guest]) await expect(notice(page)).toHaveCount(1);
    await expectReadable(guest);
  });
  await test.step('it goes with the mode, and comes with it, in a meeting that goes on', async () => {
    await server.restart('normal');
    for (const { page } of [host, guest]) await expect(notice(page)).toHaveCount(0);
    await server.restart('debug');
    for (const { page } of [host, guest]) await expect(notice(page)).toBeVisible();
    await expectConnected(host, guest);
  });
});

test('a server in its usual mode says nothing of it', async ({ server, host }) => {
  await server.restart('normal');
  await createMeeting(host);
  await expect(notice(host.page)).toHaveCount(0);
  await host.page.goto('/settings');
  await expect(host.page.getByText(/^Normal: what happened/)).toBeVisible();
  await expect(notice(host.page)).toHaveCount(0);
});
