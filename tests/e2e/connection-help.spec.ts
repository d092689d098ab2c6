import type { Page } from '@playwright/test';
import { hasCoturn, MISSING, startCoturn } from '../../scripts/coturn.mjs';
import { ParleyServer } from '../support/server';
import { expect, test as base } from './journey';

type Options = {
  /** What stands between the server's word and the relay: nothing, another secret, one place, or no relay at all. */
  relay: 'none' | 'good' | 'wrong-secret' | 'full';
};

/** The server with a real coturn of its own. Two relayed ends on one machine meet at its loopback address. */
const test = base.extend<Options>({
  relay: ['none', { option: true }],
  server: async ({ relay }, use) => {
    const coturn =
      relay === 'none'
        ? null
        : await startCoturn({
            options: {
              'allow-loopback-peers': true,
              'allowed-peer-ip': '127.0.0.1',
              ...(relay === 'full' && { 'user-quota': 1 }),
            },
          });
    const secret = relay === 'wrong-secret' ? { TURN_SECRET: 'another-secret-of-the-operator' } : {};
    // Nothing listens there: what a network that lets no TLS through looks like.
    const urls = coturn === null ? {} : { TURN_URLS: [...coturn.turnUrls, NO_TLS].join() };
    const server = new ParleyServer({ ...coturn?.env, ...urls, ...secret });
    await server.start();
    await use(server);
    await server.close();
    await coturn?.stop();
  },
});

const NO_TLS = 'turns:127.0.0.1:1029?transport=tcp';

async function runTest(page: Page): Promise<void> {
  await page.goto('/connection-help');
  await page.getByRole('button', { name: 'Run the test' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'The test is done.' })).toBeVisible({
    timeout: 45_000,
  });
}

const step = (page: Page, name: string) =>
  page
    .getByRole('list', { name: 'Connection' })
    .getByRole('listitem')
    .filter({ has: page.getByText(name, { exact: true }) });
const findings = (page: Page) => page.getByRole('list', { name: 'Findings' });

async function expectSteps(page: Page, steps: Record<string, string | RegExp>): Promise<void> {
  for (const [name, text] of Object.entries(steps)) await expect(step(page, name)).toContainText(text);
}

test('without STUN and TURN, the test says what that means', async ({ guest: { page } }) => {
  await runTest(page);
  await expectSteps(page, {
    'Server (WebSocket)': 'Works',
    'Server (event stream)': 'Works',
    Clock: 'Works',
    'Browser (WebRTC)': 'Works',
    'Public address (STUN)': 'Not set up on this server.',
    'Relay over UDP': 'Not set up on this server.',
  });
  await expect(findings(page)).toContainText('set up neither STUN nor TURN');

  await test.step('microphone and camera are opened on a press, and let go of', async () => {
    const devices = page.getByRole('list', { name: 'Microphone and camera' }).getByRole('listitem');
    await expect(devices).toContainText([/Microphone.*Not tested/, /Camera.*Not tested/]);
    await page.getByRole('button', { name: 'Test microphone and camera' }).click();
    await expect(devices).toContainText([/Microphone.*Works/, /Camera.*Works/]);
    await expect(findings(page)).toBeVisible();
  });

  await test.step('the report names no address', async () => {
    await page.getByRole('button', { name: 'Copy the report' }).click();
    await expect(page.getByText('The report is copied.')).toBeVisible();
    const report = await page.evaluate(() => navigator.clipboard.readText());
    expect(report).toContain('- Server (WebSocket): Works');
    expect(report).not.toMatch(/\d+\.\d+\.\d+|[0-9a-f]*::/);
  });
});

test('what is stopped can be run again', async ({ guest: { page } }) => {
  await page.goto('/connection-help');
  // The first time that it is asked, the server does not say what time it is.
  await page.route('**/healthz', () => undefined, { times: 1 });
  await page.getByRole('button', { name: 'Run the test' }).click();
  await expect(page.getByText('Testing: Clock')).toBeVisible();
  await page.getByRole('button', { name: 'Stop the test' }).click();
  await expect(page.getByText('The test was stopped.')).toBeVisible();
  await expectSteps(page, {
    'Server (WebSocket)': 'Works',
    Clock: 'Not tested',
    'Browser (WebRTC)': 'Not tested',
  });
  await page.getByRole('button', { name: 'Run the test' }).click();
  await expect(page.getByText('The test is done.')).toBeVisible();
});

test('a clock that is an hour fast is told', async ({ guest: { page } }) => {
  await page.clock.install({ time: Date.now() + 3_600_000 });
  await page.clock.resume();
  await runTest(page);
  await expect(findings(page)).toContainText('This device’s clock is 1 hour fast.');
});

test('a browser without WebRTC is told so', async ({ guest: { page } }) => {
  await page.addInitScript(() => Reflect.deleteProperty(window, 'RTCPeerConnection'));
  await runTest(page);
  await expectSteps(page, { 'Browser (WebRTC)': 'Fails', 'Relay over TLS': 'Needs WebRTC.' });
  await expect(findings(page)).toContainText('This browser cannot connect to another one.');
});

test.describe('without the WebSocket', () => {
  test.use({ expectedProblems: [[/WebSocket connection to .* failed/], { scope: 'test' }] });

  test('the fallback is named', async ({ guest: { page } }) => {
    await page.addInitScript(() => {
      // What a proxy that cuts upgrades looks like to a page.
      window.WebSocket = class extends WebSocket {
        constructor(url: string | URL) {
          super(new URL('/no-such-endpoint', url));
        }
      };
    });
    await runTest(page);
    await expectSteps(page, {
      'Server (WebSocket)': 'Fails',
      'Server (event stream)': 'Works',
    });
    await expect(findings(page)).toContainText('reached in another way, by server-sent events');
  });
});

test.describe('with a relay', () => {
  test.skip(!hasCoturn(), MISSING);
  test.use({ relay: 'good' });

  test('data passes over UDP and TCP, and TLS that is not there is said not to be', async ({
    guest: { page },
  }) => {
    await runTest(page);
    await expectSteps(page, {
      'Public address (STUN)': 'Works',
      'Relay over UDP': 'Works',
      'Relay over TCP': 'Works',
      'Relay over TLS': /Fails.*Not reached/,
    });
    await expect(findings(page)).toContainText('Everything works.');
    await expect(findings(page)).toContainText('The relay cannot be reached over TLS.');
  });
});

test.describe('with a relay that has another secret', () => {
  test.skip(!hasCoturn(), MISSING);
  test.use({ relay: 'wrong-secret' });

  test('its refusal is said, with its number', async ({ guest: { page } }) => {
    await runTest(page);
    await expectSteps(page, { 'Public address (STUN)': 'Works', 'Relay over UDP': /Fails.*\(401\)/ });
    await expect(findings(page)).toContainText('The relay refused this device over UDP and TCP (401).');
  });
});

test.describe('with a relay that has room for one', () => {
  test.skip(!hasCoturn(), MISSING);
  test.use({ relay: 'full' });

  test('that there is no room is said, with its number', async ({ guest: { page } }) => {
    await runTest(page);
    await expectSteps(page, { 'Relay over UDP': /Fails.*\(486\)/ });
    await expect(findings(page)).toContainText('The relay has no room left over UDP');
  });
});
