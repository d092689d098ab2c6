import { appendFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test as base, type BrowserContext, type Page } from '@playwright/test';
import { barriersOn } from '../support/barriers';
import { fingerprintOf, Published, Site } from './published';

/** Two real builds at one address, one after the other: what people see of it, and what a server cannot do to them. */
const [OLD, NEXT] = ['0.8.0', '0.9.0'];
const CHANGE = 'Rooms have a view now.';

const test = base.extend<{ site: Site }, { published: Published }>({
  published: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures it needs from this pattern
    async ({}, use) => {
      const published = await Published.make(OLD, NEXT, CHANGE);
      await use(published);
      await published.remove();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  // eslint-disable-next-line no-empty-pattern -- as above
  site: async ({}, use) => {
    const site = new Site();
    await use(site);
    await site.stop();
  },
});

/** Opens Home and waits until this device keeps the version that is served. */
async function openKept(context: BrowserContext, site: Site): Promise<Page> {
  const page = await context.newPage();
  await page.goto(site.origin);
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
  return page;
}

/** What Settings says of the version that runs. */
async function expectRunning(page: Page, site: Site, version: string, build: string): Promise<void> {
  await page.goto(`${site.origin}/settings`);
  const section = page.getByRole('region', { name: 'This app' });
  await expect(section.getByText(version, { exact: true })).toBeVisible();
  await expect(section.getByText(await fingerprintOf(build))).toBeVisible();
  await expect(section.getByText(/^Signed by the key (?:[0-9a-f]{4} ?){8}$/)).toBeVisible();
}

const noticeOn = (page: Page) =>
  page.getByRole('status').filter({ hasText: `A new version is ready: ${NEXT}` });

/** Addresses of the service workers that the browser has. */
const workersOn = (page: Page) =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    return [registration?.installing, registration?.waiting, registration?.active].flatMap(
      (worker) => worker?.scriptURL ?? [],
    );
  });

/** Errors in the console other than those of a server that is gone. */
function problemsOf(page: Page): string[] {
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('ERR_CONNECTION_REFUSED'))
      problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  return problems;
}

test('a new version is named, with what changed and its fingerprint, and waits for consent', async ({
  context,
  site,
  published,
}) => {
  await site.serve(published.old);
  const page = await openKept(context, site);
  const problems = problemsOf(page);
  await expectRunning(page, site, OLD, published.old);
  const before = await workersOn(page);

  await site.serve(published.next);
  await page.goto(site.origin);
  await expect(noticeOn(page)).toBeVisible();
  await expect(page.getByText(CHANGE)).toBeVisible();
  await page.getByText('More, and its fingerprint').click();
  await expect(page.getByText(await fingerprintOf(published.next))).toBeVisible();
  await expect(page.getByRole('status').getByText(/Signed by the key/)).toBeVisible();
  expect(await barriersOn(page)).toEqual([]);

  await test.step('without consent the old one goes on, also when every window was closed', async () => {
    await page.close();
    const again = await context.newPage();
    await again.goto(site.origin);
    await expect(noticeOn(again)).toBeVisible();
    expect(await workersOn(again)).toEqual(before);
    await expectRunning(again, site, OLD, published.old);
    await again.close();
  });

  await test.step('and without a server', async () => {
    await site.stop();
    const offline = await context.newPage();
    await expectRunning(offline, site, OLD, published.old);
  });
  expect(problems).toEqual([]);
});

test('with consent it takes over, and is there without a server', async ({ context, site, published }) => {
  await site.serve(published.old);
  const page = await openKept(context, site);
  const problems = problemsOf(page);
  await site.serve(published.next);
  await page.reload();
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Update now' }).click()]);
  await expectRunning(page, site, NEXT, published.next);
  await expect(noticeOn(page)).toHaveCount(0);
  expect(problems).toEqual([]);
  await site.stop();
  await expectRunning(page, site, NEXT, published.next);
});

test('a meeting in another window goes on with what it has', async ({ context, site, published }) => {
  await site.serve(published.old);
  const page = await openKept(context, site);
  const meeting = await context.newPage();
  const problems = problemsOf(meeting);
  await meeting.goto(site.origin);
  await meeting.getByRole('button', { name: 'New meeting' }).click();
  await expect(meeting.getByRole('textbox', { name: 'Invite link' })).toBeVisible();
  await meeting.evaluate(() => Object.assign(globalThis, { isSameLoad: true }));

  await site.serve(published.next);
  await page.reload();
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Update now' }).click()]);
  await expectRunning(page, site, NEXT, published.next);

  // Loaded only now: a part that neither the server nor the new version has, nor the browser's own cache for long.
  const browser = await context.newCDPSession(meeting);
  await browser.send('Network.clearBrowserCache');
  await meeting.getByRole('button', { name: 'Show QR code' }).click();
  await expect(meeting.getByRole('img', { name: /QR/ })).toBeVisible();
  expect(await meeting.evaluate(() => 'isSameLoad' in globalThis)).toBe(true);
  await expect(meeting.getByText('A new version is ready')).toHaveCount(0);
  expect(problems).toEqual([]);

  await test.step('what it had is thrown away when no window can need it', async () => {
    await meeting.close();
    await page.close();
    const alone = await context.newPage();
    await alone.goto(site.origin);
    const [worker] = await workersOn(alone);
    const id = /service-worker\.(\w+)\.js/.exec(worker ?? '')?.[1] ?? '';
    // One version's own, and which languages are spoken on this device, whatever the version.
    await expect
      .poll(() => alone.evaluate(async () => (await caches.keys()).sort()))
      .toEqual(['languages', `parley-files-${id}`, `parley-list-${id}`, `parley-words-${id}`]);
  });
});

test('a file that is not the listed one is not installed', async ({ context, site, published }) => {
  await site.serve(published.old);
  const page = await openKept(context, site);
  const before = await workersOn(page);
  const part = await published.newPart();
  const tampered = await published.copyOf(published.next, (client) => tamper(client, part));
  await site.serve(tampered);
  await page.reload();
  await page.getByRole('button', { name: 'Update now' }).click();
  await expect(page.getByRole('alert')).toContainText('The new version was not installed');
  expect(await workersOn(page)).toEqual(before);
  await expectRunning(page, site, OLD, published.old);

  await test.step('once the server is in order, it is', async () => {
    await site.serve(published.next);
    await page.goto(site.origin);
    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Update now' }).click()]);
    await expectRunning(page, site, NEXT, published.next);
  });
});

test('nor is anything kept of a server whose files are not the listed ones', async ({
  context,
  site,
  published,
}) => {
  await site.serve(await published.copyOf(published.old, (client) => tamper(client, 'm.html')));
  const page = await context.newPage();
  await page.goto(site.origin);
  const fate = await page.evaluate(async () => {
    for (;;) {
      const worker = (await navigator.serviceWorker.getRegistration())?.installing;
      if (worker) {
        await new Promise((resolve) => worker.addEventListener('statechange', resolve));
        return worker.state;
      }
      await new Promise(requestAnimationFrame);
    }
  });
  expect(fate).toBe('redundant');
  await expect.poll(() => workersOn(page)).toEqual([]);
});

for (const [name, isSigned] of [
  ['without a signature', false],
  ['with somebody else’s signature', true],
] as const) {
  test(`a version ${name} is refused in words`, async ({ context, site, published }) => {
    await site.serve(published.old);
    const page = await openKept(context, site);
    const before = await workersOn(page);
    const signature = await published.signatureOfAnother(published.next);
    const refused = await published.copyOf(published.next, (client) =>
      isSigned ? writeFile(join(client, 'release.sig'), signature) : rm(join(client, 'release.sig')),
    );
    await site.serve(refused);
    await page.reload();
    await expect(page.getByRole('alert')).toContainText('the publisher of yours did not sign');
    await expect(page.getByRole('button', { name: 'Update now' })).toHaveCount(0);
    expect(await workersOn(page)).toEqual(before);
    await expectRunning(page, site, OLD, published.old);
  });
}

test('other code under the address of the version that is here raises an alarm', async ({
  context,
  site,
  published,
}) => {
  await site.serve(published.old);
  const page = await openKept(context, site);
  const hostile = await published.copyOf(published.old, async (client) => {
    const worker = (await readdir(client)).find((file) => /^service-worker\.\w+\.js$/.test(file)) ?? '';
    await tamper(client, worker);
  });
  await site.serve(hostile);
  await page.reload();
  await expect(page.getByRole('alert')).toContainText('has put other code in the place');
});

/** One byte more, in every encoding. */
async function tamper(client: string, file: string): Promise<void> {
  await appendFile(join(client, file), '\n');
  await Promise.all(['.br', '.gz'].map((suffix) => rm(join(client, file + suffix), { force: true })));
}
