import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from '@playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { afterRest, sentBytes, pageLoads } from '../../scripts/size.mjs';
import { CLIENT, filesIn, launchChromium, startProduct, type Product } from './product';

/** What Chromium loads on the first view is what the budget reckons with, and no more. */
let product: Product;
let browser: Browser;

beforeAll(async () => {
  product = await startProduct();
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await product.stop();
});

/** Scripts that a page and its workers ask for, as paths below the site's root. What keeps the app does not count. */
async function scriptsOf(address: string, isReady: string): Promise<string[]> {
  const context = await browser.newContext();
  const loaded = new Set<string>();
  context.on('request', (request) => {
    const { pathname } = new URL(request.url());
    const isService = request.serviceWorker() !== null || pathname.startsWith('/service-worker.');
    if (pathname.endsWith('.js') && !isService) loaded.add(pathname.slice(1));
  });
  const page = await context.newPage();
  await page.goto(product.origin + address);
  await page.getByRole('button', { name: isReady }).waitFor();
  await page.waitForLoadState('networkidle');
  await context.close();
  return [...loaded].filter((file) => !afterRest().has(file));
}

test.for([
  { name: 'Home', address: '/', isReady: 'New meeting' },
  { name: 'Meeting', address: '/m#new', isReady: 'Copy link' },
])('$name loads what its budget counts', async ({ name, address, isReady }) => {
  const reckoned = pageLoads().find((page) => page.name === name);
  if (reckoned === undefined) throw new Error(`There is no budget for ${name}`);
  const loaded = await scriptsOf(address, isReady);
  expect(loaded.length).toBeGreaterThan(3);
  expect(loaded.filter((file) => !reckoned.files.has(file))).toEqual([]);
  const total = loaded.reduce((sum, file) => sum + sentBytes(file), 0);
  expect(total).toBeLessThanOrEqual(reckoned.budgetBytes);
});

test('a page waits for the styles of what it shows first, and not for those of what may come later', async () => {
  const stylesOf = async (page: string) =>
    [...(await readFile(join(CLIENT, page), 'utf8')).matchAll(/assets\/(\w+)\.[\w-]+\.css/g)].map(
      ([, name]) => name,
    );
  const styles = await stylesOf('m.html');
  expect(styles).toContain('shell');
  for (const later of ['Call', 'TransferCard', 'HandedCard', 'Updates']) expect(styles).not.toContain(later);
  expect((await filesIn(CLIENT)).some((file) => /assets\/Call\..*\.css$/.test(file))).toBe(true);
});
