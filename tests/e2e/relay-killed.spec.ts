import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hasCoturn, MISSING, startCoturn } from '../../scripts/coturn.mjs';
import { ParleyServer } from '../support/server';
import { createMeeting, expect, expectConnected, expectHeard, say, test as base } from './journey';

type Relay = { env: Record<string, string>; kill(): Promise<void>; start(): Promise<void> };

/** A meeting over a real coturn that ends without a word (its keeper sends SIGKILL) and comes back where it was. */
const test = base.extend<{ relay: Relay }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures it needs from this pattern
  relay: async ({}, use) => {
    // Two relayed ends on one machine meet at its loopback address.
    const options = { 'allow-loopback-peers': true, 'allowed-peer-ip': '127.0.0.1' };
    let coturn = await startCoturn({ options });
    const { port, secret, env } = coturn;
    await use({
      env,
      kill: () => coturn.stop(),
      async start() {
        coturn = await startCoturn({ port, secret, options });
      },
    });
    await coturn.stop();
  },
  server: async ({ relay }, use) => {
    const server = new ParleyServer(relay.env);
    await server.start();
    await use(server);
    await server.close();
  },
});

test.skip(!hasCoturn(), MISSING);

test('kill -9 of the relay in the middle of a file: it goes on, whole, and no word is lost', async ({
  host,
  guest,
  relay,
}) => {
  test.setTimeout(120_000);
  const content = randomBytes(20 * 1024 * 1024);
  const link = await createMeeting(host);
  await guest.page.goto(link);
  await guest.page.getByRole('textbox', { name: 'Your name' }).fill('Grace');
  await guest.page.getByRole('checkbox', { name: 'Hide my address' }).check();
  await guest.page.getByRole('button', { name: 'Join' }).click();
  await expectConnected(host, guest);
  await expect(guest.page.getByRole('region', { name: 'Connection' })).toContainText('Relayed');

  const film = { name: 'film.bin', mimeType: 'application/octet-stream', buffer: content };
  await host.page.getByLabel('Attach files').last().setInputFiles(film);
  const card = guest.page.getByRole('group', { name: 'film.bin' });
  await card.getByRole('button', { name: 'Accept film.bin' }).click();
  await expect
    .poll(async () => Number(await card.getByRole('progressbar').getAttribute('value')))
    .toBeGreaterThan(0);

  await relay.kill();
  await expect(guest.page.getByRole('region', { name: 'Connection' })).not.toContainText('Relayed');
  await say(host, 'Said into the gap');
  await relay.start();
  await expectHeard(guest, 'Said into the gap');
  const save = card.getByRole('button', { name: 'Save film.bin' });
  await expect(save).toBeVisible({ timeout: 60_000 });
  const download = guest.page.waitForEvent('download');
  await save.click();
  const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  expect(hash(readFileSync(await (await download).path()))).toBe(hash(content));
});
