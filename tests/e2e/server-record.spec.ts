import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { barriersOn } from '../support/barriers';
import { Middleman, type Part } from '../support/middleman';
import { found } from '../support/needles';
import { STREAM } from '../support/relay';
import { expect, tap, test, type Frame } from './evening';
import { createMeeting, test as journey, Visitor } from './journey';
import { lockWith } from './kept';

/** The record on the page "What our server sees", held to what crossed the wire, field by field and byte by byte. */
type Field = { name: string; value: unknown };
type Message = {
  line: number;
  direction: 'sent' | 'received';
  names: string[];
  bytes: number;
  count: number;
  fields: Field[];
};
type Sum = { messages: number; bytes: number };
type Tab = {
  isThis: boolean;
  isMeeting: boolean;
  dropped: number;
  sent: Sum;
  received: Sum;
  messages: Message[];
};
type Piece = { isSent: boolean; text: string; path?: string };

const MEETING = 'A meeting in another tab';
const HIDDEN = ['session', 'credential', 'auth'];

async function download(page: Page): Promise<{ name: string; text: string; tabs: Tab[] }> {
  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download this record' }).click();
  const file = await coming;
  const text = readFileSync(await file.path(), 'utf8');
  return { name: file.suggestedFilename(), text, tabs: (JSON.parse(text) as { tabs: Tab[] }).tabs };
}

/** What the record must say of a text, reckoned here and not by the code that is tested. */
function fieldsOf(text: string, name = ''): Field[] {
  const walk = (value: unknown, path: string): Field[] => {
    if (typeof value === 'object' && value !== null && Object.keys(value).length > 0)
      return Object.entries(value).flatMap(([key, inner]) =>
        walk(inner, path === '' ? key : `${path}.${key}`),
      );
    const last = path.split('.').at(-1) ?? '';
    if (typeof value !== 'string') return [{ name: path, value: JSON.stringify(value) }];
    if (last === 'envelope')
      return [{ name: path, value: { sealedBytes: Buffer.from(value, 'base64url').length } }];
    if (HIDDEN.includes(last)) return [{ name: path, value: { withheldCharacters: value.length } }];
    return [{ name: path, value }];
  };
  return walk(/^[{[]/.test(text) ? JSON.parse(text) : text, name);
}

const isSignOfLife = ({ text }: Piece) => text === 'PING' || text === 'PONG';
const sumOf = (pieces: readonly Piece[]): Sum => ({
  messages: pieces.length,
  bytes: pieces.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0),
});

/** The server's last word to a socket that the page is closing: a browser may hand over no message after `close()`. */
const LAST_WORD = /^\{"id":\d+,"result":\{"type":"stopped"\}\}$/;
const isLastWord = ({ text }: Piece) => LAST_WORD.test(text);

type Line = { isSent: boolean; bytes: number; fields: Field[] };
const lineOf = ({ isSent, text, path }: Piece): Line => ({
  isSent,
  bytes: Buffer.byteLength(text),
  fields: [...(path === undefined ? [] : [{ name: 'path', value: path }]), ...fieldsOf(text)],
});

/**
 * Signs of life that follow on one another are one line of the record, so they are counted and not lined up. What is
 * sent and what comes pass each other on the way: each has its order, and between the two there is none.
 */
function expectSame(tab: Tab, wire: readonly Piece[]): void {
  const said = tab.messages.flatMap(({ count, direction, bytes, fields }): Line[] =>
    Array.from({ length: count }, () => ({ isSent: direction === 'sent', bytes, fields })),
  );
  const alive = said.filter(({ fields: [first] }) => /^P[IO]NG$/.test(String(first?.value)));
  expect(alive).toHaveLength(wire.filter(isSignOfLife).length);
  const last = said.filter(({ fields }) => fields.some(({ value }) => value === 'stopped'));
  const lastWords = wire.filter(isLastWord);
  expect(last.length).toBeLessThanOrEqual(lastWords.length);
  for (const line of last) expect(lastWords.map(lineOf)).toContainEqual(line);

  expect(tab.dropped).toBe(0);
  const received = sumOf(wire.filter((piece) => !piece.isSent && !isLastWord(piece)));
  expect(tab.sent).toEqual(sumOf(wire.filter(({ isSent }) => isSent)));
  expect(tab.received).toEqual({
    messages: received.messages + last.length,
    bytes: last.reduce((sum, { bytes }) => sum + bytes, received.bytes),
  });

  const expected = wire.filter((piece) => !isSignOfLife(piece) && !isLastWord(piece)).map(lineOf);
  const shown = said.filter((line) => !alive.includes(line) && !last.includes(line));
  for (const sent of [true, false])
    expect(shown.filter(({ isSent }) => isSent === sent)).toEqual(
      expected.filter(({ isSent }) => isSent === sent),
    );
}

const tabOf = (tabs: readonly Tab[], isWanted: (tab: Tab) => boolean): Tab => {
  const tab = tabs.find(isWanted);
  if (tab === undefined) throw new Error('no such tab in the record');
  return tab;
};

test('sees_promise_look: the record of a meeting is what crossed the wire, field by field', async ({
  evening: { host, guest, secrets, id },
}) => {
  for (const { context, frames, meeting } of [host, guest]) {
    // The page of a meeting lives through several documents; only the last one's record is still there.
    const [opened] = await Promise.all([
      context.waitForEvent('page'),
      meeting.getByRole('link', { name: 'What our server has seen of this meeting' }).click(),
    ]);
    await expect(opened.getByRole('table', { name: MEETING })).toBeVisible();
    const since: Frame[] = [];
    await expect(async () => {
      const { tabs } = await download(opened);
      const tab = tabOf(tabs, ({ isMeeting }) => isMeeting);
      since.splice(0, since.length, ...lastDocument(frames, tab.sent.messages));
      expectSame(tab, since);
    }).toPass({ timeout: 30_000 });
    const { name, text } = await download(opened);
    expect(name).toBe('what-our-server-saw.json');
    // What the record shows is the meeting's number, and of what is secret nothing.
    expect(text).toContain(id);
    expect(found(secrets, { text: Buffer.from(text) })).toEqual([]);
    for (const { text: said } of since) {
      for (const [, hidden = ''] of said.matchAll(/"(?:envelope|session)":"([^"]+)"/g))
        expect(text).not.toContain(hidden.slice(0, 24));
    }
    await expectShown(opened, since);
    expect(await barriersOn(opened)).toEqual([]);
    await opened.close();
  }
});

/** The frames of the sockets of the newest document: those from the last socket that sent the first of so many messages. */
function lastDocument(frames: readonly Frame[], sent: number): readonly Frame[] {
  const from = frames.findLastIndex(
    ({ isSent }, index) => isSent && frames.slice(index).filter((frame) => frame.isSent).length === sent,
  );
  return frames.slice(Math.max(0, from));
}

/** Every field of the last messages is to be read on the page itself. */
async function expectShown(page: Page, wire: readonly Frame[]): Promise<void> {
  const table = page.getByRole('table', { name: MEETING });
  const shown = await table.innerText();
  for (const { text } of wire.filter((piece) => !isSignOfLife(piece) && !isLastWord(piece)).slice(-20)) {
    for (const { name, value } of fieldsOf(text)) {
      expect(shown).toContain(name);
      if (typeof value === 'string' && value !== '') expect(shown).toContain(value);
    }
  }
  expect(shown).toMatch(/sealed, [\d.]+\s?(?:bytes|kB)/);
}

test('sees_log_now: the mode that the server is in is marked', async ({ evening: { guest } }) => {
  const page = await guest.context.newPage();
  const frames = tap(page);
  await page.goto('/what-our-server-sees');
  const mark = page.getByText('This server is in this mode now.');
  await expect(mark).toBeVisible();
  await expect(page.locator('dl > div').filter({ has: mark }).locator('dt')).toHaveText('Debug');
  // What that took is in the record as well.
  await expect(page.getByRole('table', { name: 'This tab' })).toContainText('serverInfo');
  expect(frames.map(({ text }) => text).join()).toContain('"logMode":"debug"');
  await page.close();
});

test('sees_log_unknown: while no server answers, no mode is claimed', async ({ evening: { guest } }) => {
  const page = await guest.context.newPage();
  await page.addInitScript(() => {
    window.WebSocket = class extends WebSocket {
      constructor(url: string | URL) {
        super(new URL('/no-such-endpoint', url));
      }
    };
    window.EventSource = class extends EventSource {
      constructor(url: string | URL) {
        super(new URL('/no-such-endpoint', url));
      }
    };
  });
  await page.goto('/what-our-server-sees');
  await expect(page.getByText('This server has not said yet which mode it is in.')).toBeVisible();
  await expect(page.getByText('This server is in this mode now.')).toHaveCount(0);
  await page.close();
});

journey(
  'over the fallback the record has every request and every event',
  async ({ playwright, browserName, launchOptions }) => {
    const parts: Part[] = [];
    const middleman = await Middleman.start();
    middleman.onPart = (part) => parts.push(part);
    const browser = await playwright[browserName].launch(launchOptions);
    const context = await browser.newContext({ baseURL: middleman.url, locale: 'en-GB' });
    const meeting = await context.newPage();
    await meeting.addInitScript(() => {
      window.WebSocket = class extends WebSocket {
        constructor(url: string | URL) {
          super(new URL('/no-such-endpoint', url));
        }
      };
    });
    await createMeeting(new Visitor(context, meeting, []));
    await expect.poll(() => parts.some(({ url }) => url.includes('claim'))).toBe(true);
    const calls = () => parts.filter(({ url, kind }) => url.startsWith('/trpc/') && kind === 'body');
    // Before the page that shows it begins to speak over its own connection.
    const streams = parts.filter(({ url }) => url === STREAM).length;
    expect(streams).toBeGreaterThan(0);
    const page = await context.newPage();
    await page.goto('/what-our-server-sees');
    await expect(page.getByRole('table', { name: MEETING })).toBeVisible();
    await expect(async () => {
      const { tabs } = await download(page);
      const tab = tabOf(tabs, ({ isMeeting }) => isMeeting);
      const bodies = calls().filter(({ url }) => url !== STREAM);
      const pick = (direction: 'in' | 'out') =>
        bodies
          .filter((part) => part.direction === direction)
          .map(({ url, bytes }) => ({ isSent: direction === 'in', path: url, text: bytes.toString() }));
      const said = tab.messages.flatMap((one) => Array.from({ length: one.count }, () => one));
      const requests = said.filter(({ fields: [path] }) => !String(path?.value).startsWith(STREAM));
      for (const direction of ['in', 'out'] as const) {
        const shown = requests
          .filter((one) => (one.direction === 'sent') === (direction === 'in'))
          .map(({ bytes, fields }) => ({ bytes, fields }));
        const wire = pick(direction).map(({ path, text }) => ({
          bytes: Buffer.byteLength(text),
          fields: [{ name: 'path', value: path }, ...fieldsOf(text)],
        }));
        expect(shown.length).toBeGreaterThan(1);
        expect(wire).toEqual(shown);
      }
      const events = said.filter(({ fields: [path] }) => String(path?.value) === `${STREAM} message`);
      expect(events.flatMap(({ names }) => names)).toContain('hello');
    }).toPass({ timeout: 30_000 });
    await browser.close();
    await middleman.close();
  },
);

journey('a record goes with its tab, and with the lock', async ({ host }) => {
  await createMeeting(host);
  const meeting = host.page;
  const page = await host.newTab();
  await page.goto('/what-our-server-sees');
  const record = page.getByRole('table', { name: MEETING });
  await expect(record).toContainText('claim');
  const settings = await host.newTab();
  await settings.goto('/settings');
  await lockWith(settings, 'lantern walnut cloud river');
  await page.bringToFront();
  await expect(record).toContainText('claim');
  await settings.getByRole('button', { name: 'Lock now' }).click();
  await page.bringToFront();
  await expect(page.getByText('claim', { exact: true })).toHaveCount(0);
  await meeting.close();
});
