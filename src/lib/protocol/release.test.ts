import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8 } from './bytes';
import { parseRelease } from './release';

const WORKER = `service-worker.${'ab'.repeat(16)}.js`;
const LIST = {
  v: 1,
  version: '1.2.3',
  key: '',
  changes: ['Something is better.'],
  files: { 'index.html': '01'.repeat(32), [WORKER]: 'ab'.repeat(32) },
};

const parse = (value: unknown) => parseRelease(utf8(JSON.stringify(value)));

test('a list says its version, what changed, every file, and which one is the service worker', () => {
  expect(parse(LIST)).toEqual({
    version: '1.2.3',
    key: '',
    changes: ['Something is better.'],
    files: new Map(Object.entries(LIST.files)),
    worker: WORKER,
  });
  expect(parse({ ...LIST, key: 'B'.repeat(87) }).key).toHaveLength(87);
});

test.each<[string, unknown]>([
  ['no list', 'text'],
  ['nothing', null],
  ['an array', [LIST]],
  ['another kind of list', { ...LIST, v: 2 }],
  ['no version', { ...LIST, version: '' }],
  ['an endless version', { ...LIST, version: '1'.repeat(65) }],
  ['half a key', { ...LIST, key: 'B'.repeat(86) }],
  ['changes that are no list', { ...LIST, changes: 'all' }],
  ['a change that is no sentence', { ...LIST, changes: [{}] }],
  ['endless changes', { ...LIST, changes: Array.from({ length: 51 }, () => 'x') }],
  ['an endless change', { ...LIST, changes: ['x'.repeat(501)] }],
  ['files that are none', { ...LIST, files: [] }],
  ['a hash that is none', { ...LIST, files: { ...LIST.files, a: 'AB'.repeat(32) } }],
  ['no service worker', { ...LIST, files: { 'index.html': '01'.repeat(32) } }],
  ['a worker of another name', { ...LIST, files: { 'service-worker.js': 'ab'.repeat(32) } }],
  ['a worker named for another hash', { ...LIST, files: { [WORKER]: 'ac'.repeat(32) } }],
  [
    'two workers',
    { ...LIST, files: { ...LIST.files, [`service-worker.${'cd'.repeat(16)}.js`]: 'cd'.repeat(32) } },
  ],
])('%s is refused', (_, value) => {
  expect(() => parse(value)).toThrow(expect.objectContaining({ code: 'protocol/malformed' }));
});

test('whatever else comes is refused in the same way', () => {
  const anything = fc.oneof(fc.uint8Array(), fc.json().map(utf8), fc.string().map(utf8));
  fc.assert(
    fc.property(anything, (bytes) => {
      expect(() => parseRelease(new Uint8Array(bytes))).toThrow(
        expect.objectContaining({ code: 'protocol/malformed' }),
      );
    }),
  );
  expect(() => parseRelease(new Uint8Array(1024 * 1024 + 1))).toThrow();
});
