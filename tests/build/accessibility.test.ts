import type { Browser } from '@playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { barriersOn } from '../support/barriers';
import { launchChromium, pageAddresses, startProduct, type Product } from './product';

/** Every page on its own, as a machine can judge it: WCAG 2.2 AA, in both colour schemes, on a phone and on a desk. */
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

test.for([
  { colorScheme: 'light', width: 320 },
  { colorScheme: 'dark', width: 1440 },
] as const)('nothing is in anybody’s way: $colorScheme, $width px wide', async ({ colorScheme, width }) => {
  const context = await browser.newContext({
    colorScheme,
    viewport: { width, height: 800 },
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const found: string[] = [];
  for (const address of [...(await pageAddresses()), '/nowhere', '/m#new']) {
    await page.goto('about:blank');
    await page.goto(product.origin + address, { waitUntil: 'networkidle' });
    await page.getByRole('main').filter({ hasText: /\S/ }).waitFor();
    found.push(...(await barriersOn(page)).map((barrier) => `${address} ${barrier}`));
    const isWider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    if (isWider) found.push(`${address} scrolls sideways`);
  }
  expect(found).toEqual([]);
  await context.close();
});
