import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8 } from './bytes';
import { MAX_FILE_NAME_BYTES, MAX_NAME_BYTES } from './limits';
import { cleanName, cleanText, fitBytes, safeFileName } from './text';

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string());
const HARMFUL =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/u;

describe('the text of a message', () => {
  test('keeps what people write', () => {
    for (const text of ['Grüße', 'שלום', 'سلام', 'ไทย', 'नमस्ते', '👩‍👩‍👧‍👦 🇩🇪 ❤️', 'a\n\tb', 'Z\u0308']) {
      expect(cleanText(text)).toBe(text);
    }
  });

  test('loses what hides or turns other text', () => {
    expect(cleanText('a\u202Eb\u2066c\u200Ed')).toBe('abcd');
    expect(cleanText('a\u0000b\u0007c\u200Bd\uFEFFe\u00ADf')).toBe('abcdef');
    expect(cleanText('a\r\nb\rc')).toBe('a\nb\nc');
    expect(cleanText('a\uD800b')).toBe('ab');
    expect(cleanText('a\u{E0041}b')).toBe('ab');
  });

  test('has no towers of 10,000 marks', () => {
    expect(cleanText('a' + '\u0301'.repeat(10_000))).toBe('a' + '\u0301'.repeat(4));
  });

  test('is clean whatever came, and cleaning again changes nothing', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const clean = cleanText(text);
        expect(clean).not.toMatch(HARMFUL);
        expect(cleanText(clean)).toBe(clean);
      }),
    );
  });

  test('the work grows with the length, no faster', () => {
    for (const unit of ['\u0301', '\u202E', 'a\u0301', ' ', '\r', '\u200D']) cleanText(unit.repeat(200_000));
  });
});

describe('a name', () => {
  test('is one line of text without edges', () => {
    expect(cleanName('  Ada \n\t Lovelace ')).toBe('Ada Lovelace');
    expect(cleanName('\u200B\u202E ')).toBe('');
    expect(cleanName('A\u030Angström')).toBe('Ångström');
  });

  test('fits, cut between characters', () => {
    expect(cleanName('x'.repeat(10_000))).toHaveLength(MAX_NAME_BYTES);
    expect(cleanName('🌿'.repeat(10_000))).toBe('🌿'.repeat(MAX_NAME_BYTES / 4));
    fc.assert(
      fc.property(anyText, (text) => {
        const name = cleanName(text);
        expect(utf8(name).length).toBeLessThanOrEqual(MAX_NAME_BYTES);
        expect(name).not.toMatch(/[\n\t]|^\s|\s$/);
        expect(cleanName(name)).toBe(name);
      }),
    );
  });
});

describe('a file name', () => {
  test('is a name and nothing else', () => {
    const names = [
      ['report.pdf', 'report.pdf'],
      ['Übersicht (2).tar.gz', 'Übersicht (2).tar.gz'],
      ['../../etc/passwd', 'passwd'],
      ['..\\..\\boot.ini', 'boot.ini'],
      ['C:\\Windows\\x.dll', 'x.dll'],
      ['/', 'file'],
      ['', 'file'],
      ['.', 'file'],
      ['..', 'file'],
      ['.bashrc', 'bashrc'],
      ['a.txt. . ', 'a.txt'],
      ['a\u0000b.txt', 'ab.txt'],
      ['photo\u202Egpj.exe', 'photogpj.exe'],
      ['a:b*c?.txt', 'a_b_c_.txt'],
      ['line\nbreak.txt', 'line break.txt'],
      ['CON', '_CON'],
      ['con.txt', '_con.txt'],
      ['Lpt1.log', '_Lpt1.log'],
      ['COM\u00B9', '_COM\u00B9'],
      ['console.txt', 'console.txt'],
      ['<img src=x onerror=1>.svg', '_img src=x onerror=1_.svg'],
    ] as const;
    for (const [given, safe] of names) expect([given, safeFileName(given)]).toEqual([given, safe]);
  });

  test('keeps its extension when the rest is cut', () => {
    const safe = safeFileName('ü'.repeat(400) + '.jpeg');
    expect(utf8(safe).length).toBeLessThanOrEqual(MAX_FILE_NAME_BYTES);
    expect(safe).toMatch(/^ü+\.jpeg$/);
  });

  test('is safe whatever came', () => {
    const hostile = fc.array(
      fc.constantFrom('.', '/', '\\', ' ', 'con', '\u202E', '\u0000', '~', 'a', '\n', '😀'),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          hostile.map((parts) => parts.join('')),
        ),
        (text) => {
          const safe = safeFileName(text);
          expect(safe).not.toBe('');
          expect(utf8(safe).length).toBeLessThanOrEqual(MAX_FILE_NAME_BYTES);
          expect(safe).not.toMatch(/[/\\<>:"|?*\n\t]|^[.\s]|[.\s]$/);
          expect(safe).not.toMatch(HARMFUL);
          expect(safe).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
          expect(safeFileName(safe)).toBe(safe);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

test('fitting bytes never cuts a character', () => {
  expect(fitBytes('aé🌿', 2)).toBe('a');
  expect(fitBytes('aé🌿', 3)).toBe('aé');
  expect(fitBytes('aé🌿', 6)).toBe('aé');
  expect(fitBytes('aé🌿', 7)).toBe('aé🌿');
  expect(fitBytes('a', 0)).toBe('');
});
