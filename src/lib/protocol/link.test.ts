import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { concat, toBase64url } from './bytes';
import { checkedBytes, decodeFragment, encodeFragment, findFragment } from './link';

const MALFORMED = expect.objectContaining({ code: 'link/malformed' }) as Error;
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

test('a fragment is version, id, secret and check, in 68 characters', () => {
  fc.assert(
    fc.property(exactly(16), exactly(32), exactly(2), (id, secret, check) => {
      const checked = checkedBytes(id, secret);
      expect(checked).toEqual(concat(Uint8Array.of(1), id, secret));
      const fragment = encodeFragment(checked, check);
      expect(fragment).toHaveLength(68);
      expect(decodeFragment(fragment)).toEqual({ id, secret, checked, check });
    }),
  );
});

describe('what is no fragment', () => {
  const good = toBase64url(concat(Uint8Array.of(1), new Uint8Array(50).fill(9)));
  const version = (value: number) => toBase64url(concat(Uint8Array.of(value), new Uint8Array(50)));
  const hostile: Record<string, string> = {
    empty: '',
    '67 characters': good.slice(0, 67),
    '69 characters': `${good}A`,
    padding: `${good}====`,
    plus: `+${good.slice(1)}`,
    slash: `/${good.slice(1)}`,
    'version 0': version(0),
    'version 2': version(2),
    'version 255': version(255),
    'a leading #': `#${good}`,
    'two fragments': `${good}#${good}`,
    'a leading space': ` ${good}`,
    'zero width inside': `${good.slice(0, 20)}\u200B${good.slice(20)}`,
    'bidi override at the end': `${good}\u202E`,
    'letters of another script': good.replace(/^A/, '\u0410'),
    'percent-escaped': `%23${good}`,
    'a megabyte': 'A'.repeat(1_000_000),
    'a megabyte of what is trimmed': good + '.'.repeat(1_000_000),
  };
  for (const [name, text] of Object.entries(hostile)) {
    test(name, () => expect(() => decodeFragment(text)).toThrow(MALFORMED));
  }

  test('and what chat apps put behind one does not harm', () => {
    for (const tail of ['.', ',', ';', ')', '>', '"', "'", ' ', '\n', ').\u00A0', '">']) {
      expect(decodeFragment(good + tail)).toEqual(decodeFragment(good));
    }
  });

  test('random text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(() => decodeFragment(text)).toThrow(MALFORMED);
      }),
    );
  });
});

describe('finding a fragment', () => {
  test('behind the first #', () => {
    expect(findFragment('https://parley.example/m#abc')).toEqual({ kind: 'link', fragment: 'abc' });
    expect(findFragment('#abc')).toEqual({ kind: 'link', fragment: 'abc' });
    expect(findFragment('https://parley.example/m#a#b')).toEqual({ kind: 'link', fragment: 'a#b' });
    expect(findFragment('https://parley.example/m#')).toEqual({ kind: 'link', fragment: '' });
  });

  test('behind an escaped one, which tells that a rewriter saw it', () => {
    for (const url of ['https://parley.example/m%23abc', 'https://parley.example/M%23abc']) {
      expect(findFragment(url)).toEqual({ kind: 'rewritten', fragment: 'abc' });
    }
  });

  test('nowhere', () => {
    for (const url of ['', 'https://parley.example/', 'https://parley.example/m', 'abc', '%23abc']) {
      expect(findFragment(url)).toEqual({ kind: 'none' });
    }
  });
});
