import { join } from 'node:path';
import { test as base, expect } from '@playwright/test';
import { ParleyServer } from '../support/server';
import { Person, type BrowserName } from './person';

type Fixtures = {
  hostBrowser: BrowserName;
  guestBrowser: BrowserName;
  /** Two who are connected: the host and Grace, who came by the link. */
  host: Person;
  guest: Person;
};
type Meeting = Pick<Fixtures, 'host' | 'guest'>;

/** How each is called on the other's page. */
export const HOST = 'the host';
export const GUEST = 'Grace';

/** Firefox reports every WebSocket that a page was still opening when it was left. */
const LEFT_SOCKET =
  /ws:\S+ was interrupted while the page was loading|can’t establish a connection to the server at ws:/;

export const test = base.extend<Fixtures & { meeting: Meeting }>({
  hostBrowser: ['Chromium', { option: true }],
  guestBrowser: ['Firefox', { option: true }],
  meeting: async ({ hostBrowser, guestBrowser }, use) => {
    const server = new ParleyServer();
    const people: Person[] = [];
    try {
      await start(server);
      const host = await Person.at(hostBrowser);
      people.push(host);
      const guest = await Person.at(guestBrowser);
      people.push(guest);
      await meet(server, host, guest);
      await use({ host, guest });
      for (const { browserName, problems } of people) {
        const unexpected = problems.filter((problem) => !LEFT_SOCKET.test(problem));
        const what = `${browserName}: console errors, page errors and violations of the policy`;
        expect(unexpected, what).toEqual([]);
      }
    } finally {
      for (const person of people) await person.close();
      await server.close();
    }
  },
  host: async ({ meeting }, use) => use(meeting.host),
  guest: async ({ meeting }, use) => use(meeting.guest),
});

/** PARLEY_BUILD names another build than the project's: Node runs the first script that it is given, and no other. */
function start(server: ParleyServer): Promise<void> {
  const build = process.env['PARLEY_BUILD'];
  return server.start(build === undefined ? [] : [join(build, 'server', 'main.js')]);
}

async function meet(server: ParleyServer, host: Person, guest: Person): Promise<void> {
  await host.page.goto(server.url);
  await host.press('New meeting');
  await expect.poll(() => host.value('Invite link')).toMatch(/\/m#[A-Za-z0-9_-]{68}$/);
  await guest.page.goto(await host.value('Invite link'));
  await guest.fill('Your name', GUEST);
  await guest.press('Join');
  for (const person of [host, guest]) {
    await expect.poll(() => person.sees('textbox', 'Message')).toBe(true);
    await expect.poll(() => person.read('region', 'Connection')).toMatch(/Direct|Relayed/);
  }
}

export { expect };
