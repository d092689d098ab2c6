import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { chosenLocale } from './choice';
import { bestLocale, directionOf, LANGUAGES, regionalTag } from './locale';
import { partsOf } from './rich';

describe('the language', () => {
  test('is the first wish that can be met, in its script, and English where none can', () => {
    expect(bestLocale(['xx', 'de-AT', 'en-GB'])).toBe('de');
    expect(bestLocale(['pt-BR'])).toBe('pt');
    expect(bestLocale(['zh-TW', 'fr-CA'])).toBe('fr');
    expect(bestLocale(['zh-CN'])).toBe('zh-Hans');
    expect(bestLocale(['sr-Latn', 'nonsense tag', ''])).toBe('en');
    expect(bestLocale([])).toBe('en');
  });

  test('is written as where the browser is', () => {
    expect(regionalTag('en', ['de-AT', 'en-GB', 'en'])).toBe('en-GB');
    expect(regionalTag('en', ['de'])).toBe('en');
  });

  test('runs from right to left in Arabic alone', () => {
    expect(LANGUAGES.filter(([locale]) => directionOf(locale) === 'rtl').map(([locale]) => locale)).toEqual([
      'ar',
    ]);
  });

  test('that Parley does not speak was never chosen', () => {
    expect(chosenLocale()).toBeNull();
  });
});

describe('the page, written in English,', () => {
  const source = /<script>([^]*?)<\/script>/.exec(readFileSync('src/app.html', 'utf8'))?.[1] ?? '';
  const isHidden = (languages: readonly string[], chosen: string | null = null): boolean => {
    const dataset: { words?: string } = {};
    const localStorage = { getItem: (key: string) => (key === 'parley-language' ? chosen : null) };
    const document = { documentElement: { dataset } };
    runInNewContext(source, { document, localStorage, navigator: { languages } });
    return dataset.words === 'coming';
  };
  const WISHES = [
    ...LANGUAGES.map(([locale]) => [locale]),
    ...[
      ['en-GB', 'de'],
      ['ko', 'en'],
      ['sv', 'de-AT', 'en'],
      ['zh-TW', 'fr'],
      ['zh-TW'],
      ['zh-CN', 'en'],
      ['pt-BR'],
      [],
    ],
    ['sr-Latn', 'nonsense tag', ''],
  ];

  test.each(WISHES)(
    'is hidden until other words are there, and for nobody who reads it: %s %s %s',
    (...wishes) => {
      expect(isHidden(wishes)).toBe(bestLocale(wishes) !== 'en');
    },
  );

  test('is shown or hidden as somebody chose', () => {
    for (const [locale] of LANGUAGES) expect(isHidden(['en', 'de'], locale), locale).toBe(locale !== 'en');
    expect(isHidden(['de'], 'en')).toBe(false);
    expect(isHidden(['de'], 'tlh')).toBe(true);
    expect(isHidden(['en'], 'tlh')).toBe(false);
  });
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
