import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import LOCALES from '../../src/lib/words/locales.json';
import { CLIENT, filesIn, ROOT } from './product';

/** What a browser without a network never asks for. */
const LEFT_OUT = new Set([
  // Written after the list is made; the shell `/m` stands in for it.
  '404.html',
  // Kit's question whether a newer version is there; the list of the release answers that.
  '_app/version.json',
  // Has the hash of the service worker, so it cannot be in there; the worker keeps it beside its files.
  'release.json',
  'release.sig',
  // What other programs ask for, which show links or look for pages.
  'social.png',
  // What whoever installs the app is shown before they do.
  'screenshot-narrow.png',
  'screenshot-wide.png',
  // What other people’s apps show with a link.
  'social.png',
]);
/** The service worker itself is kept by the browser, not by its own cache. */
const WORKER = /^service-worker\.[0-9a-f]{32}\.js$/;

type Entry = { url: string; revision: string | null; integrity: string; locale?: string };

/** Folders of words that pages load; `told` is in the service worker. */
const AREAS = readdirSync(join(ROOT, 'src', 'lib', 'words'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['compiled', 'told'].includes(entry.name))
  .map(({ name }) => name);

async function precacheList(): Promise<Entry[]> {
  const name = (await filesIn(CLIENT)).find((file) => WORKER.test(file)) ?? '';
  const worker = await readFile(join(CLIENT, name), 'utf8');
  const list =
    /\[(?:\{"integrity":"[^"]+",(?:"locale":"[\w-]+",)?"revision":(?:null|"[0-9a-f]+"),"url":"[^"]+"\},?)+\]/.exec(
      worker,
    )?.[0];
  if (list === undefined) throw new Error('The service worker holds no list of files');
  return JSON.parse(list) as Entry[];
}

/** `m` is the address of m.html, and `/` that of index.html. */
async function fileOf(url: string): Promise<string> {
  if (url === '/') return 'index.html';
  const files = await filesIn(CLIENT);
  return files.includes(url) ? url : `${url}.html`;
}

test('the service worker keeps exactly what the build holds', async () => {
  const kept = await Promise.all((await precacheList()).map(({ url }) => fileOf(url)));
  const isKept = (file: string) => !/\.(?:br|gz)$/.test(file) && !LEFT_OUT.has(file) && !WORKER.test(file);
  const built = (await filesIn(CLIENT)).filter(isKept);
  expect(kept.sort()).toEqual(built);
});

test('the list names the pages, the manifest and every worker', async () => {
  const urls = (await precacheList()).map(({ url }) => url);
  expect(urls).toEqual(expect.arrayContaining(['/', 'm', 'manifest.webmanifest', 'icon-192.png']));
  expect(
    urls.filter((url) => /^_app\/immutable\/workers\/session\.worker[.-].*\.js$/.test(url)),
  ).toHaveLength(1);
});

test('words are marked with their language, and need none that are marked with another', async () => {
  const entries = await precacheList();
  const localeOf = new Map(entries.map(({ url, locale }) => [url, locale]));
  const locales = Object.keys(LOCALES);
  const marked = entries.flatMap(({ locale }) => (locale === undefined ? [] : [locale]));
  expect([...new Set(marked)].sort()).toEqual([...locales].sort());
  // One file for each area, and one that says where they are; English needs none of those.
  expect(marked.filter((each) => each === 'en')).toHaveLength(AREAS.length);
  for (const locale of locales.filter((each) => each !== 'en')) {
    expect(
      marked.filter((each) => each === locale),
      locale,
    ).toHaveLength(AREAS.length + 1);
  }
  for (const { url, locale } of entries.filter((entry) => entry.locale !== undefined)) {
    const source = await readFile(join(CLIENT, url), 'utf8');
    const imported = [...source.matchAll(/from"\.\/([\w-]+\.js)"/g)].map(
      ([, name]) => `_app/immutable/chunks/${name}`,
    );
    for (const part of imported)
      expect([undefined, locale], `${url} needs ${part}`).toContain(localeOf.get(part));
  }
});

test('each entry tells one version of a file from another', async () => {
  for (const { url, revision } of await precacheList()) {
    if (url.startsWith('_app/immutable/')) {
      expect(revision, url).toBeNull();
      expect(url).toMatch(/[.-][\w-]{8}\.\w+$|\/[\w-]{8}\.js$/);
    } else {
      const content = await readFile(join(CLIENT, await fileOf(url)));
      expect(revision, url).toBe(createHash('md5').update(content).digest('hex'));
    }
  }
});

test('each entry has the hash of the file as it is served: nothing is rewritten after the list is made', async () => {
  for (const { url, integrity } of await precacheList()) {
    const content = await readFile(join(CLIENT, await fileOf(url)));
    expect(integrity, url).toBe(`sha256-${createHash('sha256').update(content).digest('base64')}`);
  }
});

test('the manifest makes the app installable', async () => {
  const manifest = JSON.parse(await readFile(join(CLIENT, 'manifest.webmanifest'), 'utf8')) as {
    icons: { src: string; sizes: string; purpose?: string }[];
  };
  expect(manifest).toMatchObject({ name: 'Parley', start_url: '/', scope: '/', display: 'standalone' });
  for (const { src, sizes } of manifest.icons) {
    const png = await readFile(join(CLIENT, src));
    // A PNG's header holds its width and height at bytes 16 and 20 (PNG, section 11.2.1).
    expect(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`).toBe(sizes);
  }
});
