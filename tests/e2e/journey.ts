import {
  test as base,
  expect,
  type Browser,
  type BrowserContext,
  type BrowserType,
  type LaunchOptions,
  type Page,
  type TestInfo,
} from '@playwright/test';
import { barriersOn } from '../support/barriers';
import { ParleyCluster } from '../support/cluster';
import { ParleyServer } from '../support/server';

/** One person at one device: a browser process of their own, with a profile of its own. */
export class Visitor {
  readonly context: BrowserContext;
  readonly problems: string[];
  page: Page;

  constructor(context: BrowserContext, page: Page, problems: string[]) {
    this.context = context;
    this.page = page;
    this.problems = problems;
  }

  /** A tab like the first, with the same profile. */
  async newTab(): Promise<Page> {
    this.page = await this.context.newPage();
    watch(this.page, this.problems);
    return this.page;
  }
}

export type Fixtures = {
  server: ParleyServer;
  host: Visitor;
  guest: Visitor;
  /** Texts of console errors that this journey brings about on purpose. */
  expectedProblems: RegExp[];
  /** How many share the work. */
  processes: number;
  /** What their browsers ask for. */
  hostLocale: string;
  guestLocale: string;
};

/** What Chromium writes of its own accord while no server answers, whatever was under way: a socket, a file, a look for an update. */
export const WHILE_AWAY =
  /WebSocket (connection to|is already in)|Failed to load resource|ERR_CONNECTION_REFUSED|error occurred when fetching the script/;

/** One browser for each end, started once for many files: to start them for every test takes a tenth of the time. */
type Browsers = { hosts: Browser; guests: Browser };

/** Where a journey ends, nothing may be in anybody's way. */
const JOURNEY = /\/\d+-[\w-]+\.spec\.ts$/;

export const test = base.extend<Fixtures, Browsers>({
  expectedProblems: [[], { option: true }],
  processes: [1, { option: true }],
  hostLocale: ['en-GB', { option: true }],
  guestLocale: ['en-GB', { option: true }],
  server: async ({ processes }, use) => {
    const server = processes === 1 ? new ParleyServer() : new ParleyCluster(processes);
    await server.start();
    await use(server);
    await server.close();
  },
  hosts: [
    ({ playwright, browserName, launchOptions }, use) => started(playwright[browserName], launchOptions, use),
    { scope: 'worker' },
  ],
  guests: [
    ({ playwright, browserName, launchOptions }, use) => started(playwright[browserName], launchOptions, use),
    { scope: 'worker' },
  ],
  host: ({ hosts, server, hostLocale, expectedProblems }, use, test) =>
    visit(hosts, server, hostLocale, expectedProblems, test, use),
  guest: ({ guests, server, guestLocale, expectedProblems }, use, test) =>
    visit(guests, server, guestLocale, expectedProblems, test, use),
});

async function started(
  type: BrowserType,
  options: LaunchOptions,
  use: (browser: Browser) => Promise<void>,
): Promise<void> {
  const browser = await type.launch(options);
  await use(browser);
  await browser.close();
}

async function visit(
  browser: Browser,
  server: ParleyServer,
  locale: string,
  expected: RegExp[],
  { file, project }: TestInfo,
  use: (visitor: Visitor) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({
    baseURL: server.url,
    permissions: ['clipboard-read', 'clipboard-write'],
    locale,
  });
  const problems: string[] = [];
  const page = await context.newPage();
  watch(page, problems);
  await use(new Visitor(context, page, problems));
  const isJourney = project.name === 'e2e' && JOURNEY.test(file);
  const barriers = isJourney ? await barriersIn(context) : [];
  await context.close();
  const unexpected = problems.filter((problem) => !expected.some((pattern) => pattern.test(problem)));
  expect(unexpected, 'console errors, page errors and violations of the content security policy').toEqual([]);
  expect(barriers, 'what is in the way of those who use a keyboard or a screen reader').toEqual([]);
}

async function barriersIn(context: BrowserContext): Promise<string[]> {
  const found: string[] = [];
  for (const page of context.pages()) {
    if (page.url().startsWith('http')) found.push(...(await barriersOn(page)));
  }
  return found;
}

function watch(page: Page, problems: string[]): void {
  page.on('console', (message) => {
    if (message.type() === 'error' || /Content Security Policy|Trusted/i.test(message.text())) {
      problems.push(message.text());
    }
  });
  page.on('pageerror', (error) => problems.push(`${error.name}: ${error.message}`));
}

/** New meeting on Home; answers the invite link. */
export async function createMeeting({ page }: Visitor): Promise<string> {
  await page.goto('/');
  await page.getByRole('button', { name: 'New meeting' }).click();
  const link = page.getByRole('textbox', { name: 'Invite link' });
  await expect(link).toHaveValue(/\/m#[A-Za-z0-9_-]{68}$/);
  return link.inputValue();
}

export async function joinMeeting({ page }: Visitor, link: string, name: string): Promise<void> {
  await page.goto(link);
  await page.getByRole('textbox', { name: 'Your name' }).fill(name);
  await page.getByRole('button', { name: 'Join' }).click();
}

/** Both are in and the channel is open. */
export async function expectConnected(...visitors: Visitor[]): Promise<void> {
  for (const { page } of visitors) {
    await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible();
    await expect(page.getByRole('region', { name: 'Connection' })).toContainText(/Direct|Relayed/);
  }
}

export async function say({ page }: Visitor, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

export async function expectHeard({ page }: Visitor, text: string): Promise<void> {
  await expect(page.getByRole('log', { name: 'Conversation' }).getByText(text, { exact: true })).toHaveCount(
    1,
  );
}

export { expect };
