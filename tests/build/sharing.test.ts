import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CLIENT, filesIn } from './product';

/** What search engines and previews of links read: the pages as files, without their script. */
const pages = (await filesIn(CLIENT)).filter((file) => file.endsWith('.html'));
const read = (file: string) => readFile(join(CLIENT, file), 'utf8');
/** Empty until their script runs. */
const SHELLS = ['404.html', 'm.html'];

const found = (html: string, pattern: RegExp): string[] =>
  [...html.matchAll(new RegExp(pattern, 'g'))].map(([, words = '']) => words);
const named = (html: string, name: string) =>
  found(html, new RegExp(`<meta (?:name|property)="${name}" content="([^"]*)"`));

describe.for(pages)('%s', (file) => {
  test('says once what it is, to who only sees a link to it', async () => {
    const html = await read(file);
    expect(found(html, /<html lang="([^"]*)" dir="ltr">/)).toEqual(['en']);
    const [title, ...otherTitles] = found(html, /<title>([^<]+)<\/title>/);
    expect(title).toMatch(/^(?:\S.* · )?Parley$/);
    expect(otherTitles).toEqual([]);
    const [description = '', ...otherDescriptions] = named(html, 'description');
    expect(description).toMatch(/^\p{Lu}.{40,250}\.$/u);
    expect(otherDescriptions).toEqual([]);
    expect(named(html, 'og:title')).toEqual([title?.replace(' · Parley', '')]);
    expect(named(html, 'og:description')).toEqual([description]);
    expect(named(html, 'og:site_name')).toEqual(['Parley']);
    expect(named(html, 'og:type')).toEqual(['website']);
    expect(named(html, 'og:image')).toEqual(['/social.png']);
    expect(named(html, 'twitter:card')).toEqual(['summary_large_image']);
  });

  test('has one first heading, or none yet', async () => {
    expect(found(await read(file), /<(h1)\b/)).toHaveLength(SHELLS.includes(file) ? 0 : 1);
  });

  test('is left out by search engines if it is a shell, and only then', async () => {
    expect(named(await read(file), 'robots')).toEqual(SHELLS.includes(file) ? ['noindex'] : []);
  });
});

test('a link to a meeting looks like a link to Home: nothing in it speaks of a meeting', async () => {
  const [home, meeting] = [await read('index.html'), await read('m.html')];
  for (const name of ['description', 'og:title', 'og:description', 'og:image']) {
    expect(named(meeting, name), name).toEqual(named(home, name));
  }
});

test('titles and descriptions tell the pages apart', async () => {
  const texts = await Promise.all(pages.filter((file) => !SHELLS.includes(file)).map(read));
  for (const name of ['og:title', 'og:description']) {
    const said = texts.flatMap((html) => named(html, name));
    expect(new Set(said).size, name).toBe(texts.length);
  }
});

test('the picture of a link is there, in the size that its tags say', async () => {
  const png = await readFile(join(CLIENT, 'social.png'));
  // A PNG's header holds its width and height at bytes 16 and 20 (PNG, section 11.2.1).
  const size = [png.readUInt32BE(16), png.readUInt32BE(20)].map(String);
  const html = await read('index.html');
  expect([...named(html, 'og:image:width'), ...named(html, 'og:image:height')]).toEqual(size);
});
