import { describe, expect, test } from 'vitest';
import { bestLocale, directionOf, regionalTag } from './locale';
import { partsOf } from './rich';

describe('the language', () => {
  test('is the first wish that can be met, in its script, and English where none can', () => {
    expect(bestLocale(['xx', 'en-GB'])).toBe('en');
    expect(bestLocale(['nonsense tag', ''])).toBe('en');
    expect(bestLocale([])).toBe('en');
  });

  test('is written as where the browser is', () => {
    expect(regionalTag('en', ['de-AT', 'en-GB', 'en'])).toBe('en-GB');
    expect(regionalTag('en', ['de'])).toBe('en');
  });

  test('of English runs from left to right', () => expect(directionOf('en')).toBe('ltr'));
});

test('a sentence is cut where words are marked', () => {
  expect(partsOf('Read <link>how it works</link>.')).toEqual([
    { mark: null, words: 'Read ' },
    { mark: 'link', words: 'how it works' },
    { mark: null, words: '.' },
  ]);
  expect(partsOf('<b>All</b>')).toEqual([{ mark: 'b', words: 'All' }]);
  expect(partsOf('1 < 2 <open')).toEqual([{ mark: null, words: '1 < 2 <open' }]);
});
