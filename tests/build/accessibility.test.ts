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
  { colorScheme: 'light', width: 320, letterPx: 16, locale: 'en' },
  { colorScheme: 'dark', width: 1440, letterPx: 16, locale: 'en' },
  // A browser set to letters twice as large (WCAG 1.4.4), in the language with the longest words.
  { colorScheme: 'light', width: 390, letterPx: 32, locale: 'de' },
  { colorScheme: 'dark', width: 1440, letterPx: 32, locale: 'de' },
] as const)(
  'nothing is in anybody’s way: $colorScheme, $width px wide, letters of $letterPx px',
  async (look) => {
    const { colorScheme, width, letterPx, locale } = look;
    const context = await browser.newContext({
      locale,
      colorScheme,
      viewport: { width, height: 800 },
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    const found: string[] = [];
    for (const address of [...(await pageAddresses()), '/nowhere', '/m#new', '/m#no-link']) {
      await page.goto('about:blank');
      await page.goto(product.origin + address, { waitUntil: 'networkidle' });
      await page.getByRole('main').filter({ hasText: /\S/ }).waitFor();
      // Each page begins with letters of the usual size.
      await devtools.send('Page.setFontSizes', { fontSizes: { standard: letterPx } });
      await page.waitForFunction(
        (px) => getComputedStyle(document.documentElement).fontSize === `${px}px`,
        letterPx,
      );
      found.push(...(await barriersOn(page)).map((barrier) => `${address} ${barrier}`));
      const isWider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      if (isWider) found.push(`${address} scrolls sideways`);
    }
    expect(found).toEqual([]);
    await context.close();
  },
);
