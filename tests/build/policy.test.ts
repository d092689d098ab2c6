import type { Browser, BrowserContext, ConsoleMessage, Page } from '@playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium, pageAddresses, startProduct, type Product } from './product';

/**
 * The content security policy and Trusted Types, as a browser judges them: nothing the app does is refused, and what
 * an attacker would do is.
 */
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

/** A page that notes every refusal, of the page and of its workers, and every error. */
async function watchedPage(context: BrowserContext): Promise<{ page: Page; refused: string[] }> {
  const page = await context.newPage();
  const refused: string[] = [];
  await page.exposeFunction('noteRefusal', (text: string) => refused.push(text));
  await page.addInitScript(() => {
    const { noteRefusal } = globalThis as unknown as { noteRefusal: (text: string) => void };
    document.addEventListener('securitypolicyviolation', (event) => {
      noteRefusal(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  const readConsole = (message: ConsoleMessage) => {
    if (/Content Security Policy|Trusted(?:Script|HTML)/.test(message.text())) refused.push(message.text());
  };
  page.on('console', readConsole);
  // A worker's refusals reach its own console only.
  page.on('worker', (worker) => worker.on('console', readConsole));
  page.on('pageerror', (error) => refused.push(error.message));
  return { page, refused };
}

test('no page does what its policy forbids', async () => {
  const context = await browser.newContext();
  const { page, refused } = await watchedPage(context);
  for (const address of await pageAddresses()) {
    await page.goto(product.origin + address, { waitUntil: 'networkidle' });
    expect(refused, address).toEqual([]);
  }
  await context.close();
});

test('neither does going from page to page, which is announced to those who do not see it', async () => {
  const context = await browser.newContext();
  const { page, refused } = await watchedPage(context);
  await page.goto(product.origin, { waitUntil: 'networkidle' });
  await page.getByRole('link', { name: 'How it works', exact: true }).first().click();
  await page.waitForURL('**/how-it-works');
  await page.locator('#svelte-announcer').filter({ hasText: 'How it works' }).waitFor({ state: 'attached' });
  expect(refused).toEqual([]);
  // Kit hides its announcer with an inline style; the policy's hash must let exactly that one through.
  expect(
    await page.locator('#svelte-announcer').evaluate((element) => getComputedStyle(element).position),
  ).toBe('absolute');
  await context.close();
});

test('neither does registering the service worker', async () => {
  const context = await browser.newContext();
  const { page, refused } = await watchedPage(context);
  await page.goto(product.origin);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  expect(refused).toEqual([]);
  await context.close();
});

test('what an attacker would do is refused', async () => {
  const context = await browser.newContext();
  const { page, refused } = await watchedPage(context);
  await page.goto(product.origin);
  // As an injected script would run; `evaluate` itself is above the policy, the timer's callback is not.
  const outcome = await page.evaluate(async () => {
    const attempts: Record<string, () => unknown> = {
      innerHTML: () => (document.createElement('div').innerHTML = '<img src=x>'),
      worker: () => new Worker('/_app/evil.js'),
      policy: () =>
        (
          globalThis as unknown as { trustedTypes: { createPolicy(name: string, rules: object): object } }
        ).trustedTypes.createPolicy('evil', {}),
      registration: () => navigator.serviceWorker.register('/evil.js'),
      elsewhere: () => fetch('https://example.invalid/'),
    };
    const refusedOnes: string[] = [];
    for (const [name, attempt] of Object.entries(attempts)) {
      try {
        await attempt();
      } catch {
        refusedOnes.push(name);
      }
    }
    return refusedOnes;
  });
  expect(outcome).toEqual(['innerHTML', 'worker', 'policy', 'registration', 'elsewhere']);
  expect(refused).not.toEqual([]);
  await context.close();
});
