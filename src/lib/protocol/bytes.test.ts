import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, equalBytes, fromBase64url, fromUtf8, Reader, toBase64url, utf8, Writer } from './bytes';

const MALFORMED = expect.objectContaining({ code: 'protocol/malformed' }) as Error;

describe('base64url', () => {
  test('is RFC 4648’s, without padding', () => {
    for (const [text, encoded] of [
      ['', ''],
      ['f', 'Zg'],
      ['fo', 'Zm8'],
      ['foo', 'Zm9v'],
      ['foobar', 'Zm9vYmFy'],
    ] as const) {
      expect(toBase64url(utf8(text))).toBe(encoded);
      expect(fromBase64url(encoded)).toEqual(utf8(text));
    }
    expect(toBase64url(Uint8Array.of(0xfb, 0xff))).toBe('-_8');
  });

  test('agrees with Node’s both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64url');
        expect(toBase64url(bytes)).toBe(text);
        expect(fromBase64url(text)).toEqual(bytes);
      }),
    );
    const large = new Uint8Array(100_000).fill(0xa5);
    expect(equalBytes(fromBase64url(toBase64url(large)), large)).toBe(true);
  });

  test('takes one spelling only', () => {
    const hostile = [
      'A',
      'AAAAA',
      'Zg==',
      'Zg=',
      'Zh',
      'Zm9',
      'Z g',
      ' Zg',
      'Zg\n',
      '+_8',
      '-/8',
      'Zgé',
      '\u200BZg',
    ];
    for (const text of hostile) expect(() => fromBase64url(text)).toThrow(MALFORMED);
    fc.assert(
      fc.property(fc.string(), (text) => {
        let bytes;
        try {
          bytes = fromBase64url(text);
        } catch (error) {
          expect(error).toEqual(MALFORMED);
          return;
        }
        expect(toBase64url(bytes)).toBe(text);
      }),
    );
  });
});

test('UTF-8 is strict', () => {
  for (const text of ['', 'Grüße 🌿', '\uFEFFkept']) expect(fromUtf8(utf8(text))).toBe(text);
  const hostile = [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x61, 0x80]];
  for (const bytes of hostile) expect(() => fromUtf8(Uint8Array.from(bytes))).toThrow(MALFORMED);
});

test('equality of bytes', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  expect(equalBytes(bytes, Uint8Array.of(1, 2, 3))).toBe(true);
  for (const other of [[1, 2], [1, 2, 3, 0], [1, 2, 4], [0, 2, 3], []]) {
    expect(equalBytes(bytes, Uint8Array.from(other))).toBe(false);
  }
  expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true);
});

describe('Writer and Reader', () => {
  test('integers are big-endian, text carries its length', () => {
    const bytes = new Writer().u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d).text16('é').done();
    expect(Array.from(bytes)).toEqual([1, 2, 3, 4, 5, 6, 7, 0, 0, 8, 9, 10, 11, 12, 13, 0, 2, 0xc3, 0xa9]);
    const reader = new Reader(bytes);
    expect([reader.u8(), reader.u16(), reader.u32(), reader.u64(), reader.text16(2)]).toEqual([
      1,
      0x0203,
      0x04050607,
      0x08090a0b0c0d,
      'é',
    ]);
    reader.end();
  });

  test('every value comes back', () => {
    const integer = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
    const fields = fc.tuple(
      integer(8),
      integer(16),
      integer(32),
      fc.maxSafeNat(),
      fc.boolean(),
      fc.uint8Array({ maxLength: 40 }),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
    );
    fc.assert(
      fc.property(fields, ([a, b, c, d, flag, bytes, text]) => {
        const writer = new Writer()
          .u8(a)
          .u16(b)
          .u32(c)
          .u64(d)
          .u8(flag ? 1 : 0);
        const reader = new Reader(writer.bytes16(bytes).text16(text).raw(bytes).done());
        expect([reader.u8(), reader.u16(), reader.u32(), reader.u64(), reader.flag()]).toEqual([
          a,
          b,
          c,
          d,
          flag,
        ]);
        expect(reader.bytes16(40)).toEqual(bytes);
        expect(reader.text16(1000)).toBe(text);
        expect(reader.left).toBe(bytes.length);
        expect(reader.rest()).toEqual(bytes);
        reader.end();
      }),
    );
  });

  test('what does not fit is not written', () => {
    const misuses: Array<() => unknown> = [
      () => new Writer().u8(256),
      () => new Writer().u8(-1),
      () => new Writer().u16(65_536),
      () => new Writer().u32(2 ** 32),
      () => new Writer().u32(1.5),
      () => new Writer().u64(-1),
      () => new Writer().u64(2 ** 53),
      () => new Writer().u64(NaN),
      () => new Writer().bytes16(new Uint8Array(65_536)),
    ];
    for (const misuse of misuses) expect(misuse).toThrow(RangeError);
  });

  test('what is missing, too long, too large or left over is malformed', () => {
    const of = (...bytes: number[]) => new Reader(Uint8Array.from(bytes));
    const misreads: Array<() => unknown> = [
      () => of().u8(),
      () => of(1).u16(),
      () => of(1, 2, 3).u32(),
      () => of(1, 2, 3, 4, 5, 6, 7).u64(),
      () => of(0x80, 0, 0, 0, 0, 0, 0, 0).u64(),
      () => of(0, 0x20, 0, 0, 0, 0, 0, 0).u64(),
      () => of(255, 255, 255, 255, 255, 255, 255, 255).u64(),
      () => of(1).raw(2),
      () => of(0, 3, 1, 2).bytes16(3),
      () => of(0, 3, 1, 2, 3).bytes16(2),
      () => of(0, 1, 0xff).text16(1),
      () => of(2).flag(),
      () => of(1).end(),
    ];
    for (const misread of misreads) expect(misread).toThrow(MALFORMED);
    expect(of(0, 0x1f, 255, 255, 255, 255, 255, 255).u64()).toBe(Number.MAX_SAFE_INTEGER);
  });

  test('what was read does not change when the message does', () => {
    const message = concat(Uint8Array.of(7), Uint8Array.of(8));
    const read = new Reader(message).raw(2);
    message.fill(0);
    expect(Array.from(read)).toEqual([7, 8]);
  });
});
