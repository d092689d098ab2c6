import { createHash, createHmac, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../../tests/vectors/fixed';
import { utf8, type Bytes } from '../protocol/bytes';
import { expand, extract, hkdf, hmac, importHmacKey, sha256 } from './hash';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }) as fc.Arbitrary<Bytes>;

describe('known answers', () => {
  test('SHA-256 of "abc" (FIPS 180-4)', async () => {
    expect(toHex(await sha256(utf8('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  test('HKDF (RFC 5869, test case 1)', async () => {
    const ikm = fromHex('0b'.repeat(22));
    const salt = fromHex('000102030405060708090a0b0c');
    const info = fromHex('f0f1f2f3f4f5f6f7f8f9');
    const okm = '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865';
    const prk = await extract(salt, ikm);
    expect(toHex(prk)).toBe('077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5');
    expect(toHex(await expand(prk, info, 42))).toBe(okm);
    expect(toHex(await hkdf(salt, ikm, info, 42))).toBe(okm);
  });

  test('HKDF with empty salt and info (RFC 5869, test case 3)', async () => {
    const prk = await extract(new Uint8Array(0), fromHex('0b'.repeat(22)));
    expect(toHex(prk)).toBe('19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04');
    expect(toHex(await expand(prk, new Uint8Array(0), 42))).toBe(
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    );
  });
});

test('agrees with another implementation on every input, the empty ones too', async () => {
  await fc.assert(
    fc.asyncProperty(
      bytes(80),
      bytes(80),
      bytes(40),
      fc.integer({ min: 1, max: 100 }),
      async (a, b, info, n) => {
        expect(toHex(await sha256(a))).toBe(createHash('sha256').update(a).digest('hex'));
        expect(toHex(await hmac(a, b))).toBe(createHmac('sha256', a).update(b).digest('hex'));
        const okm = Buffer.from(hkdfSync('sha256', b, a, info, n)).toString('hex');
        expect(toHex(await expand(await extract(a, b), info, n))).toBe(okm);
      },
    ),
  );
});

test('expand takes a handle as well as bytes, and ends at 255 blocks', async () => {
  const prk = await extract(utf8('salt'), utf8('ikm'));
  const handle = await importHmacKey(prk);
  expect(handle.extractable).toBe(false);
  expect(await expand(handle, utf8('x'), 255 * 32)).toEqual(await expand(prk, utf8('x'), 255 * 32));
  await expect(expand(prk, utf8('x'), 255 * 32 + 1)).rejects.toThrow(RangeError);
});
