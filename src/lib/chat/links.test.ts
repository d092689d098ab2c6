import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pieces, type Piece } from './links';

const links = (text: string): Extract<Piece, { type: 'link' }>[] =>
  pieces(text).filter((piece) => piece.type === 'link');

/** How the one link of a text is shown. */
const shown = (text: string): string | undefined => links(text)[0]?.text;

describe('pieces', () => {
  it('finds links and leaves the sentence around them', () => {
    expect(pieces('See https://parley.example/m?a=1#b, then (http://b.example/x).')).toEqual([
      { type: 'text', text: 'See ' },
      { type: 'link', text: 'https://parley.example/m?a=1#b', href: 'https://parley.example/m?a=1#b' },
      { type: 'text', text: ', then (' },
      { type: 'link', text: 'http://b.example/x', href: 'http://b.example/x' },
      { type: 'text', text: ').' },
    ]);
  });

  it.each([
    ['https://a.example/Foo_(bar)', 'https://a.example/Foo_(bar)'],
    ['https://a.example/Foo_(bar))', 'https://a.example/Foo_(bar)'],
    ['https://a.example/[1]]...', 'https://a.example/[1]'],
    ['<https://a.example/x>', 'https://a.example/x'],
    ['"https://a.example/x"', 'https://a.example/x'],
    ['“https://a.example/x”', 'https://a.example/x'],
    ['**https://a.example/x**', 'https://a.example/x'],
    ['HTTPS://A.example/X?!', 'https://a.example/X'],
    ['https://a.example/x\nnext', 'https://a.example/x'],
  ])('ends the link of %j where the address ends', (text, link) => {
    expect(shown(text)).toBe(link);
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,<script>1</script>',
    'file:///etc/passwd',
    'ftp://a.example',
    'mailto:a@a.example',
    'www.a.example',
    'https://',
    'https:///a.example',
    'https://?x',
    'https://a b',
    'http:/a.example',
    'https://a.example:99999/',
    'https://[::1',
    'xhttps://a.example',
  ])('makes no link of %j', (text) => {
    expect(links(text).filter(({ href }) => !href.startsWith('https://a/'))).toEqual([]);
  });

  it.each([
    ['https://bank.example@evil.example/login', 'https://evil.example/login', 'https://evil.example/login'],
    ['https://bank.example:443@evil.example', 'https://evil.example', 'https://evil.example/'],
    ['https://a:b@c@evil.example/', 'https://evil.example/', 'https://evil.example/'],
    [
      'https://evil.example\\@bank.example/',
      'https://evil.example\\@bank.example/',
      'https://evil.example/@bank.example/',
    ],
    ['http://0x7f.1/', 'http://127.0.0.1/', 'http://127.0.0.1/'],
    ['http://2130706433/', 'http://127.0.0.1/', 'http://127.0.0.1/'],
    ['https://a.example:8443/x', 'https://a.example:8443/x', 'https://a.example:8443/x'],
    ['http://[::1]:80/x', 'http://[::1]/x', 'http://[::1]/x'],
  ])('shows of %j the host that is asked', (text, link, href) => {
    expect(links(text)).toEqual([{ type: 'link', text: link, href }]);
  });

  it.each([
    // Cyrillic а, and a whole Cyrillic name under a Latin end.
    ['https://p\u0430ypal.com/', 'https://xn--pypal-4ve.com/'],
    ['https://\u0430\u0440\u0440\u04cf\u0435.com/', 'https://xn--80ak6aa92e.com/'],
    // Greek omicron, dotless i, full-width letters, a fraction slash that looks like the end of the host.
    ['https://g\u03bfogle.com/', 'https://xn--gogle-rce.com/'],
    ['https://g\u0131thub.com/', 'https://xn--gthub-n4a.com/'],
    ['https://\uff47oogle.com/', 'https://google.com/'],
    ['https://bank.com\u30CEevil.jp/', 'https://bank.xn--comevil-v04f.jp/'],
    ['https://XN--PYPAL-4VE.com/', 'https://xn--pypal-4ve.com/'],
  ])('shows %j in the form that nobody mistakes', (text, link) => {
    expect(shown(text)).toBe(link);
  });

  it.each([
    'https://m\u00fcnchen.example/stra\u00dfe',
    'https://\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444/',
    'https://\u4f8b\u3048.jp/',
    'https://\ud55c\uad6d.com/',
  ])('shows %j as its readers write it', (text) => {
    expect(shown(text)).toBe(text);
  });

  it('keeps code as it is, links in it too', () => {
    expect(pieces('Try `npm i` or\n```\nlet a = `1`;\nhttps://a.example\n```\nnow')).toEqual([
      { type: 'text', text: 'Try ' },
      { type: 'code', text: 'npm i', isBlock: false },
      { type: 'text', text: ' or\n' },
      { type: 'code', text: 'let a = `1`;\nhttps://a.example', isBlock: true },
      { type: 'text', text: '\nnow' },
    ]);
    expect(pieces('a ` b ``` c')).toEqual([{ type: 'text', text: 'a ` b ``` c' }]);
  });

  it('takes hostile lengths in its stride', () => {
    const bulk = ['`', '```', '(', 'https://', 'https://a.example/(', 'http://a@'].map((part) =>
      part.repeat(Math.floor(16_384 / part.length)),
    );
    for (const label of ['1.', '1-', '\u0483', '\u0430\u0483', '\u4f8b']) {
      bulk.push(`https://${label.repeat(8000)}!/`, `https://${label.repeat(100)}!/`);
    }
    const start = performance.now();
    for (const text of bulk) pieces(text);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('never loses a character outside of links, and only links to the web', () => {
    const part = fc.constantFrom(
      'https://',
      'http://',
      'a.example',
      '@',
      '/',
      '\\',
      '`',
      '```',
      '.',
      ')',
      '(',
      ' ',
      '\n',
      'javascript:',
      'ü',
      '#',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string({ unit: 'grapheme', maxLength: 3 }))), (parts) => {
        const text = parts.join('');
        const found = pieces(text);
        for (const piece of found) {
          if (piece.type === 'link') expect(piece.href).toMatch(/^https?:\/\/[^/@\\]+\//);
        }
        if (found.every(({ type }) => type === 'text')) {
          expect(found.map((piece) => piece.text).join('')).toBe(text);
        }
      }),
      { numRuns: 500 },
    );
  });
});
