import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import words from '../../lib/words/pages/en.json';

/**
 * Every sentence on this page has a test that would fail were it untrue, and that is found by its name: the title begins
 * with the sentence's key. What is written here about a test elsewhere is checked too.
 */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** What claims nothing: headings, and the names of the modes, whose sentences stand beside them. */
const NAMES = new Set([
  'sees_seen',
  'sees_unseen',
  'sees_disk',
  'sees_log',
  'sees_log_normal',
  'sees_log_off',
  'sees_log_debug',
  'sees_relayed',
  'sees_push_service',
  'sees_promise',
]);

/** Sentences that a test held before they were written. */
const ELSEWHERE: Readonly<Record<string, readonly (readonly [file: string, title: string])[]>> = {
  sees_promise_source: [
    ['tests/build/reproducible.test.ts', 'two clean builds in different surroundings are the same bytes'],
    ['tests/build/verify-deploy.test.ts', 'a site that runs this build sends the same'],
    ['tests/build/verify-deploy.test.ts', 'one changed byte is found'],
  ],
};

const TITLE = /\b(?:test|journey)\(\s*(['"`])((?:\\.|(?!\1).)*)\1/g;
const titlesIn = (file: string) =>
  [...readFileSync(ROOT + file, 'utf8').matchAll(TITLE)].map(([, , title = '']) => title);

const tests = ['src', 'tests'].flatMap((folder) =>
  readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:test|spec)\.ts$/.test(name))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
);
const titles = tests.flatMap(titlesIn);
const page = readFileSync(ROOT + 'src/routes/what-our-server-sees/+page.svelte', 'utf8');
const said = [...page.matchAll(/\bm\.(sees_\w+)/g)].map(([, key = '']) => key);

test('every sentence on the page has a test of its name', () => {
  expect(said.length).toBeGreaterThan(30);
  const isHeld = (key: string) =>
    NAMES.has(key) || key in ELSEWHERE || titles.some((title) => title.startsWith(`${key}: `));
  expect(said.filter((key) => !isHeld(key))).toEqual([]);
});

test('every sentence that is written is on the page, and every test of one is of one that is', () => {
  const written = Object.keys(words).filter((key) => key.startsWith('sees_'));
  expect([...new Set(said)].sort()).toEqual(written.sort());
  const held = titles.flatMap((title) => /^(sees_\w+): /.exec(title)?.[1] ?? []);
  expect([...held, ...NAMES, ...Object.keys(ELSEWHERE)].filter((key) => !written.includes(key))).toEqual([]);
  expect(new Set(held).size).toBe(held.length);
});

test.each(Object.values(ELSEWHERE).flat())('%s has "%s"', (file, title) => {
  expect(titlesIn(file)).toContain(title);
});
