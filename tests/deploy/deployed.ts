import { test as base, type Browser, type BrowserContext, type Page, type WebSocket } from '@playwright/test';
import { chromium, expect } from '@playwright/test';
import { CHROMIUM_ARGS, requireChromium } from '../../scripts/find-chromium.mjs';
import { Visitor } from '../e2e/journey';
import { Topology, type ProxyName } from './topology';

/** Somebody who came over TLS. Their browser takes the one certificate that nobody signed, and no other. */
export class Guest extends Visitor {
  /** Of each WebSocket of theirs that is gone: milliseconds to the first word on the next one. */
  readonly gapsMs: number[] = [];
  #goneAtMs: number | null = null;

  constructor(context: BrowserContext, page: Page, problems: string[]) {
    super(context, page, problems);
    page.on('websocket', (socket) => this.#watch(socket));
  }

  #watch(socket: WebSocket): void {
    socket.on('close', () => (this.#goneAtMs ??= performance.now()));
    socket.on('framereceived', ({ payload }) => {
      if (this.#goneAtMs === null || !String(payload).includes('"hello"')) return;
      this.gapsMs.push(performance.now() - this.#goneAtMs);
      this.#goneAtMs = null;
    });
  }
}

type Fixtures = { visit: () => Promise<Guest> };
type WorkerFixtures = { front: ProxyName; topology: Topology; browser: Browser };

export const test = base.extend<Fixtures, WorkerFixtures>({
  front: ['nginx', { option: true, scope: 'worker' }],
  topology: [
    async ({ front }, use) => {
      const topology = await Topology.start(front);
      await use(topology);
      await topology.close();
    },
    { scope: 'worker' },
  ],
  browser: [
    async ({ topology }, use) => {
      const browser = await chromium.launch({
        executablePath: requireChromium(),
        args: [...CHROMIUM_ARGS, `--ignore-certificate-errors-spki-list=${topology.certificate.spkiHash}`],
      });
      await use(browser);
      await browser.close();
    },
    { scope: 'worker' },
  ],
  /** Another person, with a profile of their own. */
  visit: async ({ browser, topology }, use) => {
    const guests: Guest[] = [];
    await use(async () => {
      const context = await browser.newContext({ baseURL: topology.origin, locale: 'en-GB' });
      const problems: string[] = [];
      const page = await context.newPage();
      page.on('pageerror', ({ name, message }) => problems.push(`${name}: ${message}`));
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(message.text());
      });
      const guest = new Guest(context, page, problems);
      guests.push(guest);
      return guest;
    });
    for (const { context } of guests) await context.close();
  },
});

export { expect };
