import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, type Page } from '@playwright/test';
import { Middleman, type Part } from '../support/middleman';
import { found } from '../support/needles';
import { hasRedis, REDIS_MISSING, RedisServer } from '../support/redis';
import { STREAM } from '../support/relay';
import { descriptionsOf, keepDescriptions } from './descriptions';
import { createMeeting, expect, expectConnected, expectHeard, joinMeeting, say, Visitor } from './journey';

/**
 * The proof of SERVER: every byte to and from the server, what it wrote down, its registry and its heap during a real
 * meeting, and with Redis all that Redis was told and holds, searched for everything that it must not know. Once in each
 * log mode, and over both ways to the server.
 */
const HOST = 'Zephyrine Oakenhollow';
const GUEST = 'Persephone Quillfeather';
const SAID = ['zanzibar umbrella nine three four one', 'the marzipan locomotive departs at dusk'] as const;
const FILE_NAME = 'ledger of wonders.txt';
const FILE_TEXT = 'kaleidoscope-7719-porcelain ';

type Setting = {
  middleman: Middleman;
  parts: Part[];
  host: Visitor;
  guest: Visitor;
  dumps: string;
  redis: { server: RedisServer; recording: ReturnType<RedisServer['record']> } | null;
};

const test = base.extend<{ logMode: 'normal' | 'debug'; isOnRedis: boolean; setting: Setting }>({
  logMode: ['normal', { option: true }],
  isOnRedis: [false, { option: true }],
  setting: async ({ playwright, browserName, launchOptions, logMode, isOnRedis }, use) => {
    const server = new RedisServer();
    if (isOnRedis) await server.start();
    const redis = isOnRedis ? { server, recording: server.record() } : null;
    const store: Record<string, string> = isOnRedis ? { REDIS_URL: server.url } : {};
    const dumps = mkdtempSync(join(tmpdir(), 'parley-heap-'));
    const flags = ['--heapsnapshot-signal=SIGUSR2', `--diagnostic-dir=${dumps}`];
    const middleman = await Middleman.start({ LOG_MODE: logMode, ...store }, flags);
    const parts: Part[] = [];
    middleman.onPart = (part) => parts.push(part);
    const visit = async () => {
      const browser = await playwright[browserName].launch(launchOptions);
      const context = await browser.newContext({ baseURL: middleman.url, locale: 'en-GB' });
      await context.addInitScript(keepDescriptions);
      return { browser, visitor: new Visitor(context, await context.newPage(), []) };
    };
    const [host, guest] = await Promise.all([visit(), visit()]);
    await use({ middleman, parts, host: host.visitor, guest: guest.visitor, dumps, redis });
    await Promise.all([host.browser.close(), guest.browser.close()]);
    await middleman.close();
    redis?.recording.stop();
    await server.close();
    rmSync(dumps, { recursive: true });
  },
});

/** Takes a heap snapshot of the server while the meeting goes on. */
async function heapOf({ middleman, dumps }: Setting): Promise<Buffer> {
  process.kill(middleman.server.pid, 'SIGUSR2');
  const snapshot = () => readdirSync(dumps).find((name) => name.endsWith('.heapsnapshot'));
  await expect.poll(snapshot, { timeout: 30_000 }).toBeDefined();
  const path = join(dumps, snapshot() ?? '');
  // Whole when its last brace is written.
  const isWhole = () => readFileSync(path).subarray(-8).toString().includes('}');
  await expect.poll(isWhole, { timeout: 30_000 }).toBe(true);
  return readFileSync(path);
}

async function meet({ host, guest }: Setting): Promise<{ link: string; words: string[] }> {
  const link = await createMeeting(host);
  await host.page.getByRole('button', { name: 'Change your name' }).click();
  await host.page.getByRole('dialog').getByRole('textbox', { name: 'Your name' }).fill(HOST);
  await host.page.keyboard.press('Enter');
  await joinMeeting(guest, link, GUEST);
  await expectConnected(host, guest);
  await say(guest, SAID[0]);
  await expectHeard(host, SAID[0]);
  await say(host, SAID[1]);
  await expectHeard(guest, SAID[1]);
  const buffer = Buffer.from(FILE_TEXT.repeat(4_000));
  const picker = guest.page.locator('input[type=file]');
  await picker.setInputFiles({ name: FILE_NAME, mimeType: 'text/plain', buffer });
  await host.page.getByRole('button', { name: `Accept ${FILE_NAME}` }).click();
  await expect(host.page.getByRole('button', { name: `Save ${FILE_NAME}` })).toBeVisible();
  return { link, words: await wordsOn(host.page) };
}

async function wordsOn(page: Page): Promise<string[]> {
  const items = page.getByRole('region', { name: 'Safety words' }).getByRole('listitem');
  await expect(items).toHaveCount(4);
  return (await items.allInnerTexts()).map((word) => word.replace(/[^a-z]/gi, ''));
}

async function expectBlind(setting: Setting): Promise<void> {
  const { middleman, parts, host, guest, redis } = setting;
  const { link, words } = await meet(setting);
  const heap = await heapOf(setting);
  const { dataDir, output } = middleman.server;

  const files = readdirSync(dataDir).map((name) => readFileSync(join(dataDir, name)));
  // All that goes in; of what comes out, not the client itself, which everybody may read.
  const told = parts.filter(({ direction, url }) => direction === 'in' || url.startsWith('/trpc'));
  const haystacks: Record<string, Buffer> = {
    'the bytes to and from the server': Buffer.concat(told.map(({ bytes }) => bytes)),
    'the log': Buffer.from(output),
    'the registry': redis === null ? Buffer.concat(files) : await redis.server.file(),
    'the heap': heap,
    ...(redis === null ? {} : { 'what Redis was told': redis.recording.bytes }),
  };
  const fragment = Buffer.from(link.slice(-68), 'base64url');
  const [id, secret] = [fragment.subarray(1, 17), fragment.subarray(17, 49)];
  const secrets = {
    'the secret': secret,
    'the end of the link': Buffer.from(link.slice(-40)),
    'the name of the host': Buffer.from(HOST),
    'the name of the guest': Buffer.from(GUEST),
    'what the guest said': Buffer.from(SAID[0]),
    'what the host said': Buffer.from(SAID[1]),
    'a file name': Buffer.from(FILE_NAME),
    'a file': Buffer.from(FILE_TEXT),
    ...Object.fromEntries(
      [' ', ', ', '-', '\n', '","'].map((gap) => [
        `safety words with "${gap}"`,
        Buffer.from(words.join(gap)),
      ]),
    ),
    'a description': Buffer.from('v=0\r\no=-'),
    'a fingerprint': Buffer.from('a=fingerprint:'),
    'ICE credentials': Buffer.from('a=ice-ufrag:'),
    'a candidate': Buffer.from('candidate:'),
    ...(await descriptionsOf(host.page)),
    ...(await descriptionsOf(guest.page)),
  };
  expect(found(secrets, haystacks)).toEqual([]);

  await base.step('the search does find what the server works with', () => {
    const where = found({ 'the id': id }, haystacks);
    for (const place of Object.keys(haystacks).filter((name) => name !== 'the log')) {
      expect(where).toContain(`the id in ${place}`);
    }
    expect(where).not.toContain('the id in the log');
    const envelopes = [
      ...(haystacks['the bytes to and from the server'] ?? '').toString().matchAll(/"envelope":"([^"]+)"/g),
    ];
    expect(envelopes.length).toBeGreaterThan(5);
    for (const [index, [, envelope = '']] of envelopes.entries()) {
      const start = 10 + (index % 3);
      const piece = Buffer.from(envelope, 'base64url').subarray(start, start + 24);
      expect(found({ piece }, haystacks)).toContain('piece in the bytes to and from the server');
    }
  });
  await base.step('no request line and no header holds the id', () => {
    const heads = Buffer.concat(parts.filter(({ kind }) => kind === 'head').map(({ bytes }) => bytes));
    expect(found({ 'the id': id }, { 'request lines and headers': heads })).toEqual([]);
  });
}

test('the search finds a needle in every spelling, wherever it begins', () => {
  const needle = randomBytes(24);
  for (const encoding of ['latin1', 'hex', 'base64', 'base64url'] as const) {
    for (const before of [1_000, 1_001, 1_002]) {
      const text = Buffer.concat([randomBytes(before), needle, randomBytes(500)]).toString(encoding);
      const here = Buffer.from(text, encoding === 'latin1' ? 'latin1' : 'utf8');
      expect(found({ it: needle }, { here, there: randomBytes(2_000) })).toEqual(['it in here']);
    }
  }
  const text = 'a "word"\r\nand another';
  const here = Buffer.from(JSON.stringify({ text }));
  expect(found({ it: Buffer.from(text) }, { here })).toEqual(['it in here']);
});

test.describe('over a WebSocket, in log mode debug', () => {
  test.use({ logMode: 'debug' });

  test('the server sees, keeps and writes nothing of what is said', async ({ setting }) => {
    test.setTimeout(120_000);
    await expectBlind(setting);
    expect(setting.parts.some(({ kind }) => kind === 'frame')).toBe(true);
    // The fullest log there is: it names addresses, and still no meeting.
    expect(setting.middleman.server.output).toContain('127.0.0.1');
  });
});

test.describe('on Redis', () => {
  test.use({ isOnRedis: true });
  test.skip(!hasRedis, REDIS_MISSING);

  test('neither the server nor Redis sees or keeps anything of what is said', async ({ setting }) => {
    test.setTimeout(120_000);
    await expectBlind(setting);
    // Envelopes between people at one process do not pass through it.
    expect(setting.redis?.recording.bytes.length).toBeGreaterThan(1_000);
    expect(readdirSync(setting.middleman.server.dataDir)).toEqual([]);
  });
});

test.describe('over server-sent events, in log mode normal', () => {
  test.use({ logMode: 'normal' });

  test('the server sees, keeps and writes nothing of what is said', async ({ setting }) => {
    test.setTimeout(120_000);
    for (const { context } of [setting.host, setting.guest]) {
      await context.addInitScript(() => {
        window.WebSocket = class extends WebSocket {
          constructor(url: string | URL) {
            super(new URL('/no-such-endpoint', url));
          }
        };
      });
    }
    await expectBlind(setting);
    expect(setting.parts.some(({ kind }) => kind === 'frame')).toBe(false);
    expect(setting.parts.some(({ url }) => url === STREAM)).toBe(true);
    const log = setting.middleman.server.output.replace(/^Parley is ready at .*$/m, '');
    expect(log).toContain('127.0.0.0');
    expect(log).not.toContain('127.0.0.1');
  });
});
