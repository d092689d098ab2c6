import type { BrowserContext, Page } from '@playwright/test';
import type { MeetingId } from '../../src/lib/protocol/ids';
import { meetingOf, STREAM } from '../support/relay';
import { expect } from './journey';

export const HOST_NAME = 'Harriet';

/** The client library's keep-alive, when it falls due between a socket's closing and its end. */
const CLOSING = /WebSocket is already in CLOSING or CLOSED state/;

/** One meeting with a host's and a guest's page of its own, so that several can be tried side by side. */
export class Lane {
  readonly guestName: string;
  readonly host: Page;
  readonly guest: Page;
  readonly link: string;
  readonly problems: string[];

  private constructor(
    pages: { host: Page; guest: Page },
    link: string,
    guestName: string,
    problems: string[],
  ) {
    this.host = pages.host;
    this.guest = pages.guest;
    this.link = link;
    this.guestName = guestName;
    this.problems = problems;
  }

  static async open(hosts: BrowserContext, guests: BrowserContext, guestName: string): Promise<Lane> {
    const problems: string[] = [];
    const [host, guest] = await Promise.all([hosts.newPage(), guests.newPage()]);
    for (const page of [host, guest]) watch(page, problems);
    await host.goto('/m#new');
    const link = host.getByRole('textbox', { name: 'Invite link' });
    await expect(link).toHaveValue(/\/m#[A-Za-z0-9_-]{68}$/);
    await host.getByRole('button', { name: 'Change your name' }).click();
    await host.getByRole('dialog').getByRole('textbox', { name: 'Your name' }).fill(HOST_NAME);
    await host.keyboard.press('Enter');
    return new Lane({ host, guest }, await link.inputValue(), guestName, problems);
  }

  /** Another guest of the same meeting. */
  besides(guest: Page, guestName: string): Lane {
    watch(guest, this.problems);
    return new Lane({ host: this.host, guest }, this.link, guestName, this.problems);
  }

  get meeting(): MeetingId {
    return meetingOf(this.link);
  }

  /** Opens the link afresh and joins, as the same person as before. */
  async join(): Promise<void> {
    await this.guest.goto(this.link);
    await this.guest.getByRole('textbox', { name: 'Your name' }).fill(this.guestName);
    await this.guest.getByRole('button', { name: 'Join' }).click();
  }

  /** The two are connected, to each other: true names, and the same safety words at both ends. */
  async expectTrueConnection(timeout = 20_000): Promise<void> {
    await expect(this.guest.getByRole('textbox', { name: 'Message' })).toBeVisible({ timeout });
    for (const [page, name] of [
      [this.guest, HOST_NAME],
      [this.host, this.guestName],
    ] as const) {
      await expect(page.getByRole('list', { name: 'People' })).toContainText(name, { timeout });
      await expect(page.getByRole('region', { name: 'Connection' })).toContainText(/Direct|Relayed/, {
        timeout,
      });
    }
    const words = await wordsOn(this.guest);
    expect(words).toMatch(/^[a-z]+ \d+( [a-z]+ \d+){3}$/);
    // The host's page may still be showing the words of the connection before.
    await expect.poll(() => wordsOn(this.host), { timeout }).toBe(words);
  }

  async expectTalk(text: string): Promise<void> {
    await this.guest.getByRole('textbox', { name: 'Message' }).fill(text);
    await this.guest.getByRole('button', { name: 'Send', exact: true }).click();
    await expect(this.host.getByRole('log').getByText(text, { exact: true })).toHaveCount(1);
  }

  /** The guest is told that something is wrong, and is connected to nobody. */
  async expectWarning(text: RegExp): Promise<void> {
    await expect(this.guest.getByRole('alert')).toContainText(text, { timeout: 30_000 });
    await expect(this.guest.getByRole('textbox', { name: 'Message' })).toBeHidden();
  }
}

function watch(page: Page, problems: string[]): void {
  page.on('pageerror', (error) => problems.push(`${error.name}: ${error.message}`));
  page.on('console', (message) => {
    const isExpected = CLOSING.test(message.text()) || message.location().url.endsWith(STREAM);
    if (message.type() === 'error' && !isExpected) problems.push(message.text());
  });
}

async function wordsOn(page: Page): Promise<string> {
  const items = page.getByRole('region', { name: 'Safety words' }).getByRole('listitem');
  return (await items.allInnerTexts()).join(' ').replace(/\s+/g, ' ');
}
