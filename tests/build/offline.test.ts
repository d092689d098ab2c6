import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeNextVersion } from './next-version';
import { launchChromium, pageAddresses, ROOT, startProduct, type Product } from './product';

/** The app kept on the device: there without a server, and never exchanged without consent. */
let browser: Browser;
let folder: string;
let product: Product;
let context: BrowserContext;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-build-'));
  await cp(join(ROOT, 'build'), join(folder, 'build'), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  product = await startProduct(join(folder, 'build'));
  context = await browser.newContext();
});

afterEach(async () => {
  await context.close();
  await product.stop();
  await rm(folder, { recursive: true, force: true });
});

async function openKept(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(product.origin);
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
  return page;
}

async function publishNewVersion(): Promise<void> {
  await makeNextVersion(join(folder, 'build', 'client'), { version: '0.99.0', changes: ['It is new.'] });
  // The server reads the list of its files when it starts.
  const { port } = new URL(product.origin);
  await product.stop();
  product = await startProduct(join(folder, 'build'), Number(port));
}

test('every page opens with the server gone', async () => {
  const page = await openKept();
  await product.stop();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  for (const address of await pageAddresses()) {
    const response = await page.goto(product.origin + address);
    expect(response?.fromServiceWorker(), address).toBe(true);
    await page.getByRole('main').filter({ hasText: /\S/ }).waitFor();
    expect(faults, address).toEqual([]);
  }
});

test('an unknown address is answered by the server, and by the shell without one', async () => {
  const page = await openKept();
  expect((await page.goto(`${product.origin}/nowhere`))?.status()).toBe(404);
  await product.stop();
  expect((await page.goto(`${product.origin}/nowhere`))?.status()).toBe(200);
  await page.getByRole('main').filter({ hasText: /\S/ }).waitFor();
});

test('a parameter does not make one page out of another, and the API is left alone', async () => {
  const page = await openKept();
  const isFromWorker = async (path: string) => {
    const answered = page.waitForResponse(product.origin + path);
    await page.evaluate((address) => fetch(address).then(() => undefined), path);
    return (await answered).fromServiceWorker();
  };
  expect(await isFromWorker('/m')).toBe(true);
  expect(await isFromWorker('/m?utm_source=elsewhere')).toBe(false);
  expect(await isFromWorker('/m.html')).toBe(false);
  expect(await isFromWorker('/trpc/status')).toBe(false);
  // Opened as a page the API answers with an error and no body, which a navigation reports as a failure.
  const direct = await context.newPage();
  const answered = direct.waitForResponse(`${product.origin}/trpc/status`);
  await expect(direct.goto(`${product.origin}/trpc/status`)).rejects.toThrow(
    'ERR_HTTP_RESPONSE_CODE_FAILURE',
  );
  expect((await answered).fromServiceWorker()).toBe(false);
});

test('a new version waits until the person agrees, and other windows are left alone', async () => {
  const page = await openKept();
  const other = await context.newPage();
  await other.goto(product.origin);
  await publishNewVersion();

  await page.reload();
  const notice = page.getByRole('status').filter({ hasText: 'A new version is ready: 0.99.0' });
  await notice.waitFor();
  // Nothing of it is on the device: what a browser has found it would also start by itself one day.
  const workers = () =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      return [registration?.installing, registration?.waiting, registration?.active].map(
        (worker) => worker?.scriptURL ?? null,
      );
    });
  const [, , before] = await workers();
  expect(await workers()).toEqual([null, null, before]);

  await other.evaluate(() => Object.assign(globalThis, { isSameLoad: true }));
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Update now' }).click()]);
  const [installing, waiting, after] = await workers();
  expect([installing, waiting]).toEqual([null, null]);
  expect(after).not.toBe(before);
  await notice.waitFor({ state: 'detached' });
  expect(await other.evaluate(() => 'isSameLoad' in globalThis)).toBe(true);
});
