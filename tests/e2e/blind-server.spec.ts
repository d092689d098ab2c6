import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base } from '@playwright/test';
import { Middleman, type Part } from '../support/middleman';
import { createMeeting, expect, expectConnected, expectHeard, joinMeeting, say, Visitor } from './journey';

/**
 * The proof of SERVER: every byte to and from the server, what it wrote down, its registry and its heap during a real
 * meeting, searched for everything that it must not know.
 */
const NAME = 'Persephone Quillfeather';
const MESSAGE = 'zanzibar umbrella nine three four one';
const FILE_NAME = 'ledger of wonders.txt';
const FILE_TEXT = 'kaleidoscope-7719-porcelain ';

/** A needle as it stands: raw, in hexadecimal, and in base64 at each of the three places a byte can begin at. */
function spellings(needle: Buffer): Buffer[] {
  const base64 = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), needle]).toString('base64');
    // The characters at both ends also hold bits of the neighbours.
    const inner = text.slice(shift === 0 ? 0 : 4, Math.floor(((needle.length + shift) * 8) / 24) * 4);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [
    needle,
    ...[needle.toString('hex'), needle.toString('hex').toUpperCase(), ...base64].map((text) =>
      Buffer.from(text),
    ),
  ];
}

function found(needles: Record<string, Buffer>, haystacks: Record<string, Buffer>): string[] {
  return Object.entries(needles).flatMap(([what, needle]) =>
    Object.entries(haystacks).flatMap(([where, haystack]) =>
      spellings(needle).some((spelling) => haystack.includes(spelling)) ? [`${what} in ${where}`] : [],
    ),
  );
}

for (const logMode of ['normal', 'debug'] as const) {
  base(
    `the server sees, keeps and writes nothing of what is said (log mode ${logMode})`,
    async ({ playwright, browserName, launchOptions }) => {
      base.setTimeout(120_000);
      const dumps = mkdtempSync(join(tmpdir(), 'parley-heap-'));
      const middleman = await Middleman.start({ LOG_MODE: logMode }, [
        '--heapsnapshot-signal=SIGUSR2',
        `--diagnostic-dir=${dumps}`,
      ]);
      const parts: Part[] = [];
      middleman.onPart = (part) => parts.push(part);
      const browsers = await Promise.all([1, 2].map(() => playwright[browserName].launch(launchOptions)));
      const visitors = await Promise.all(
        browsers.map(async (browser) => {
          const context = await browser.newContext({ baseURL: middleman.url, locale: 'en-GB' });
          return new Visitor(context, await context.newPage(), []);
        }),
      );
      const [host, guest] = visitors;
      if (host === undefined || guest === undefined) throw new Error('two browsers were asked for');

      const link = await createMeeting(host);
      await joinMeeting(guest, link, NAME);
      await expectConnected(host, guest);
      await say(guest, MESSAGE);
      await expectHeard(host, MESSAGE);
      await guest.page
        .locator('input[type=file]')
        .setInputFiles({
          name: FILE_NAME,
          mimeType: 'text/plain',
          buffer: Buffer.from(FILE_TEXT.repeat(4_000)),
        });
      await host.page.getByRole('button', { name: `Accept ${FILE_NAME}` }).click();
      await expect(host.page.getByRole('button', { name: `Save ${FILE_NAME}` })).toBeVisible();
      const words = await host.page
        .getByRole('region', { name: 'Safety words' })
        .getByRole('listitem')
        .allInnerTexts();

      process.kill(middleman.server.pid, 'SIGUSR2');
      const snapshot = () => readdirSync(dumps).find((name) => name.endsWith('.heapsnapshot'));
      await expect.poll(snapshot, { timeout: 30_000 }).toBeDefined();
      const heapPath = join(dumps, snapshot() ?? '');
      // Whole when its last brace is written.
      await expect
        .poll(() => readFileSync(heapPath).subarray(-8).toString().includes('}'), { timeout: 30_000 })
        .toBe(true);

      const fragment = Buffer.from(link.slice(-68), 'base64url');
      const [id, secret] = [fragment.subarray(1, 17), fragment.subarray(17, 49)];
      const wire = Buffer.concat(
        parts.filter(({ url }) => url.startsWith('/trpc')).map(({ bytes }) => bytes),
      );
      const registry = readdirSync(middleman.server.dataDir).map((name) =>
        readFileSync(join(middleman.server.dataDir, name)),
      );
      const haystacks = {
        'the bytes to and from the server': wire,
        'the log': Buffer.from(middleman.server.output),
        'the registry': Buffer.concat(registry),
        'the heap': readFileSync(heapPath),
      };
      const secrets = {
        'the secret': secret,
        'the end of the link': Buffer.from(link.slice(-40)),
        'a name': Buffer.from(NAME),
        'a message': Buffer.from(MESSAGE),
        'a file name': Buffer.from(FILE_NAME),
        'a file': Buffer.from(FILE_TEXT),
        'safety words': Buffer.from(words.map((word) => word.replace(/[^a-z]/gi, '')).join(' ')),
        'a description': Buffer.from('a=fingerprint:sha-256'),
        'ICE credentials': Buffer.from('a=ice-ufrag:'),
        'a candidate': Buffer.from(' typ host'),
      };
      expect(found(secrets, haystacks)).toEqual([]);

      // The search does find what is there: the id, which the server works with.
      expect(found({ 'the id': id }, haystacks)).toContain('the id in the bytes to and from the server');
      expect(found({ 'the id': id }, haystacks)).toContain('the id in the registry');
      expect(found({ 'the id': id }, { 'the log': haystacks['the log'] })).toEqual([]);
      // No request line or header holds it.
      const heads = Buffer.concat(parts.filter(({ kind }) => kind === 'head').map(({ bytes }) => bytes));
      expect(found({ 'the id': id, 'the secret': secret }, { 'request lines and headers': heads })).toEqual(
        [],
      );

      await Promise.all(browsers.map((browser) => browser.close()));
      await middleman.close();
      rmSync(dumps, { recursive: true });
    },
  );
}
