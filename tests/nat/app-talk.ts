import type { BrowserContextOptions, Locator, Page } from '@playwright/test';
import { VISITOR, type Visitor } from '../../bench/visitor.mjs';
import { pathOf, type Path } from '../../src/lib/peer/path';
import { APP_URL, expect, type Lab, type Person } from './lab';
import type { PathClass } from './profiles';

declare const visitor: Visitor;
declare const connections: RTCPeerConnection[];

/** How one guest's visit went. */
export type Visit = {
  /** What the page says of the path, and what the browser's statistics say. */
  shown: PathClass | null;
  used: Path | null;
  /** From Join to the open channel, and to the host's answer to the first message on the guest's screen. */
  openMs: number;
  answeredMs: number;
};

export type JoinOptions = { isHidden?: boolean; context?: BrowserContextOptions };

/** Hosts a meeting in the real app and answers everybody; guests come and go. */
export class AppTalk {
  readonly host: Page;
  readonly link: string;
  readonly #visitor: Person;
  #guest: Page | null = null;
  #round = 0;

  private constructor(host: Page, link: string, visitor: Person) {
    this.host = host;
    this.link = link;
    this.#visitor = visitor;
  }

  static async open(lab: Lab, host: Person, guest: Person, isAnswering = true): Promise<AppTalk> {
    await lab.app();
    const page = await host.open();
    await page.addInitScript({ content: VISITOR });
    await page.goto(APP_URL);
    await page.getByRole('button', { name: 'New meeting' }).click();
    const link = page.getByRole('textbox', { name: 'Invite link' });
    await expect(link).toHaveValue(/\/m#[A-Za-z0-9_-]{68}$/);
    if (isAnswering) await page.evaluate(() => void visitor.answer());
    return new AppTalk(page, await link.inputValue(), guest);
  }

  /** The guest opens the link in a fresh profile, joins, says something and has the host's answer. */
  async visit(expected: PathClass, { isHidden = false, context = {} }: JoinOptions = {}): Promise<Visit> {
    const page = await this.#visitor.open(context);
    this.#guest = page;
    await page.addInitScript({ content: VISITOR });
    await page.goto(this.link);
    if (isHidden) await page.getByRole('checkbox', { name: 'Hide my address' }).check();
    const times = await page.evaluate((round) => visitor.join(round), this.#round++);
    return {
      shown: await this.#shown(expected),
      used: await usedPath(page),
      openMs: times.openAtMs - times.joinAtMs,
      answeredMs: times.answeredAtMs - times.joinAtMs,
    };
  }

  /** The guest is at the door, and has only to press what this answers. */
  async arrive(): Promise<Locator> {
    const page = await this.#visitor.open();
    this.#guest = page;
    await page.goto(this.link);
    await page.getByRole('textbox', { name: 'Your name' }).fill('Guest');
    return page.getByRole('button', { name: 'Join' });
  }

  /** The guest comes in to stay; answers the milliseconds from Join to the open channel. */
  async join(): Promise<number> {
    const button = await this.arrive();
    const from = Date.now();
    await button.click();
    await this.expectConnected();
    return Date.now() - from;
  }

  async expectConnected(): Promise<void> {
    for (const page of [this.guest, this.host]) {
      await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible();
      await expect(page.getByRole('region', { name: 'Connection' })).toContainText(/Direct|Relayed/);
    }
  }

  get guest(): Page {
    if (this.#guest === null) throw new Error('nobody is visiting');
    return this.#guest;
  }

  /** The guest is `a`, where the faults are. */
  get ends(): { a: Page; b: Page } {
    return { a: this.guest, b: this.host };
  }

  /** The goodbye; the host is alone afterwards. */
  async end(): Promise<void> {
    await this.guest.evaluate(() => visitor.leave());
    await this.host.evaluate(() => visitor.rest());
    await this.guest.context().close();
    this.#guest = null;
  }

  /** What both ends' pages say. Types may change once more within a second of opening, and are read now and then. */
  async #shown(expected: PathClass): Promise<PathClass | null> {
    const words = { direct: 'Direct', relayed: 'Relayed' } as const;
    const read = async (page: Page) => {
      const text = await page.getByRole('region', { name: 'Connection' }).innerText();
      return (['direct', 'relayed'] as const).find((one) => text.includes(words[one])) ?? null;
    };
    const both = async () => [...new Set([await read(this.guest), await read(this.host)])];
    await expect.poll(both, { timeout: 6_000, intervals: [50] }).toEqual([expected]);
    return read(this.guest);
  }
}

/** Of the connection that is in use, by the browser's own statistics. */
async function usedPath(page: Page): Promise<Path | null> {
  const report = await page.evaluate(async () => {
    const open = connections.findLast(({ connectionState }) => connectionState === 'connected');
    return open === undefined ? [] : [...(await open.getStats()).entries()];
  });
  return pathOf(new Map(report));
}
