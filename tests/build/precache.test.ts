import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLIENT, filesIn } from './product';

/** What a browser without a network never asks for. */
const LEFT_OUT = new Set([
  // The service worker itself is kept by the browser, not by its own cache.
  'service-worker.js',
  // Written after the list is made; the shell `/m` stands in for it.
  '404.html',
  // Kit's question whether a newer version is there; the service worker answers that.
  '_app/version.json',
]);

type Entry = { url: string; revision: string | null };

async function precacheList(): Promise<Entry[]> {
  const worker = await readFile(join(CLIENT, 'service-worker.js'), 'utf8');
  const list = /\[(?:\{"revision":(?:null|"[0-9a-f]+"),"url":"[^"]+"\},?)+\]/.exec(worker)?.[0];
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
  const built = (await filesIn(CLIENT)).filter((file) => !/\.(?:br|gz)$/.test(file) && !LEFT_OUT.has(file));
  expect(kept.sort()).toEqual(built);
});

test('the list names the pages, the manifest and every worker', async () => {
  const urls = (await precacheList()).map(({ url }) => url);
  expect(urls).toEqual(expect.arrayContaining(['/', 'm', 'manifest.webmanifest', 'icon-192.png']));
  expect(
    urls.filter((url) => /^_app\/immutable\/workers\/session\.worker[.-].*\.js$/.test(url)),
  ).toHaveLength(1);
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
