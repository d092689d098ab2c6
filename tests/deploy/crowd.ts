import type { Browser, Page } from '@playwright/test';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import type { Crowd, Outcome } from './crowd.page';
import type { Topology } from './topology';

declare const crowd: Crowd;

const ENTRY = fileURLToPath(new URL('crowd.page.ts', import.meta.url));

/** A page with a crowd in it (crowd.page.ts). */
export class CrowdPage {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async open(browser: Browser, topology: Topology): Promise<CrowdPage> {
    // The app's policy lets no other script in; and what the worker keeps would not be asked for over the network.
    const context = await browser.newContext({
      baseURL: topology.origin,
      bypassCSP: true,
      serviceWorkers: 'block',
    });
    const page = await context.newPage();
    await page.goto('/');
    await page.addScriptTag({ content: await bundled() });
    return new CrowdPage(page);
  }

  stay(): Promise<void> {
    return this.#page.evaluate(() => crowd.stay());
  }
  host(): Promise<void> {
    return this.#page.evaluate(() => crowd.host());
  }
  begin(): Promise<void> {
    return this.#page.evaluate(() => crowd.begin());
  }
  visit(): Promise<void> {
    return this.#page.evaluate(() => crowd.visit());
  }
  async end(): Promise<Outcome> {
    const outcome = await this.#page.evaluate(() => crowd.end());
    await this.#page.context().close();
    return outcome;
  }
}

async function bundled(): Promise<string> {
  const results = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, target: 'es2022', lib: { entry: ENTRY, formats: ['iife'], name: 'page' } },
  });
  const [result] = Array.isArray(results) ? results : [results];
  const chunk = result !== undefined && 'output' in result ? result.output[0] : undefined;
  if (chunk === undefined) throw new Error('the crowd does not build');
  return chunk.code;
}
