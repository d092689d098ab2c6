import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createMeeting,
  expect,
  expectConnected,
  expectHeard,
  joinMeeting,
  say,
  test,
  WHILE_AWAY,
  type Visitor,
} from './journey';

test.describe('the server goes away', () => {
  test.use({
    expectedProblems: [[WHILE_AWAY], { scope: 'test' }],
  });

  test('killed and started again during a meeting: nobody notices, newcomers come in', async ({
    host,
    guest,
    server,
  }) => {
    const link = await createMeeting(host);
    await joinMeeting(guest, link, 'Grace');
    await expectConnected(host, guest);
    await say(guest, 'Before');
    await expectHeard(host, 'Before');

    await server.kill('SIGKILL');
    await say(guest, 'While it is down');
    await expectHeard(host, 'While it is down');
    await say(host, 'We do not need it');
    await expectHeard(guest, 'We do not need it');

    await server.start();
    await test.step('the guest leaves and finds the way back: exists outlived the restart, presence came back', async () => {
      await joinMeeting(guest, link, 'Grace');
      await expectConnected(host, guest);
      await say(guest, 'After');
      await expectHeard(host, 'After');
    });
    for (const text of ['Before', 'While it is down', 'After']) await expectHeard(host, text);
  });

  test('a meeting opened while the server is down begins when it is back', async ({
    host,
    guest,
    server,
  }) => {
    const link = await createMeeting(host);
    await host.page.goto('/');
    await joinMeeting(guest, link, 'Grace');
    await expect(guest.page.getByText('Waiting for the host').first()).toBeVisible();
    await server.kill('SIGTERM');
    await server.start();
    await host.page.reload();
    await host.page.getByRole('list', { name: 'Your meetings' }).getByRole('link').click();
    await expectConnected(host, guest);
  });
});

test('a connection that dies is rebuilt, and every message arrives once', async ({ host, guest }) => {
  // The page's own connections, so that the test can break one the way a lost network does.
  for (const { page } of [host, guest]) {
    await page.addInitScript(() => {
      const made: RTCPeerConnection[] = [];
      Object.assign(globalThis, { connections: made });
      window.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(configuration?: RTCConfiguration) {
          super(configuration);
          made.push(this);
        }
      };
    });
  }
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);
  await say(guest, 'message 0');
  await expectHeard(host, 'message 0');

  for (let round = 1; round <= 3; round++) {
    await host.page.evaluate(() => {
      for (const connection of (globalThis as unknown as { connections: RTCPeerConnection[] }).connections)
        connection.close();
    });
    await say(guest, `message ${round}`);
    await say(host, `answer ${round}`);
    await expectHeard(host, `message ${round}`);
    await expectHeard(guest, `answer ${round}`);
  }
  for (let round = 0; round <= 3; round++) await expectHeard(host, `message ${round}`);
});

test('a tab closed and opened again during a 200 MB file: the file goes on and is whole', async ({
  host,
  guest,
}) => {
  test.setTimeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), 'parley-file-'));
  const path = join(folder, 'big film.bin');
  const block = randomBytes(1024 * 1024);
  for (let i = 0; i < 200; i++) {
    block.writeUInt32BE(i);
    writeFileSync(path, block, { flag: 'a' });
  }
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);

  await host.page.getByLabel('Attach files').last().setInputFiles(path);
  const card = () => guest.page.getByRole('group', { name: 'big film.bin' });
  await card().getByRole('button', { name: 'Accept big film.bin' }).click();
  const progress = async () => Number(await card().getByRole('progressbar').getAttribute('value'));
  await expect.poll(progress).toBeGreaterThan(0);

  await guest.page.close();
  await guest.newTab();
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);
  // Without another question: the person agreed before.
  await expect(card().getByRole('button', { name: 'Save big film.bin' })).toBeVisible({ timeout: 120_000 });
  const download = guest.page.waitForEvent('download');
  await card().getByRole('button', { name: 'Save big film.bin' }).click();
  const saved = await (await download).path();
  expect(await sha256(saved)).toBe(await sha256(path));
  rmSync(folder, { recursive: true });
});

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

test('a tab that sleeps and wakes has missed nothing', async ({ host, guest }) => {
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);

  // As a phone does with what is not in sight: the whole process stands still, its worker and its timers too.
  const renderers = await processesOf(guest, 'renderer');
  for (const id of renderers) process.kill(id, 'SIGSTOP');
  try {
    await expect(host.page.getByRole('status').filter({ hasText: 'Reconnecting' })).toBeVisible();
    await say(host, 'While you slept');
  } finally {
    for (const id of renderers) process.kill(id, 'SIGCONT');
  }

  await expectHeard(guest, 'While you slept');
  await expect(host.page.getByRole('status').filter({ hasText: 'Reconnecting' })).toBeHidden();
  await say(guest, 'Awake again');
  await expectHeard(host, 'Awake again');
});

async function processesOf({ context }: Visitor, type: string): Promise<number[]> {
  const devtools = await context.browser()?.newBrowserCDPSession();
  const answer = await devtools?.send('SystemInfo.getProcessInfo');
  const ids = answer?.processInfo.filter((one) => one.type === type).map(({ id }) => id) ?? [];
  expect(ids).not.toEqual([]);
  return ids;
}
