import fc from 'fast-check';
import { createHash, hkdfSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { fromHex } from '../../../tests/vectors/fixed';
import { concat, fromBase64url, toBase64url, utf8, type Bytes } from '../protocol/bytes';
import { idBytes, randomId, toId, type MeetingId } from '../protocol/ids';
import { linkKeys } from './link-keys';
import { createSecret, makeFragment, openFragment } from './link';

const MALFORMED = { code: 'link/malformed' };
const id = toId<MeetingId>(fromHex('000102030405060708090a0b0c0d0e0f'));
const secret = fromHex('202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f');

test('a link is version, id, secret and two bytes of their hash', async () => {
  const checked = concat(Uint8Array.of(1), idBytes(id), secret);
  const check = createHash('sha256')
    .update(concat(utf8('parley1 link'), checked))
    .digest()
    .subarray(0, 2);
  expect(await makeFragment(id, secret)).toBe(toBase64url(concat(checked, check)));
});

test('a frozen link', async () => {
  const fragment = 'AQABAgMEBQYHCAkKCwwNDg8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-P4NJ';
  expect(await makeFragment(id, secret)).toBe(fragment);
  expect(await openFragment(fragment)).toEqual({ id, secret });
});

test('opens what it makes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 16, maxLength: 16 }), async (bytes) => {
      const link = { id: toId<MeetingId>(bytes), secret: createSecret() };
      expect(await openFragment(await makeFragment(link.id, link.secret))).toEqual(link);
    }),
  );
});

test('every character changed makes it malformed', async () => {
  const fragment = await makeFragment(id, secret);
  for (let at = 0; at < fragment.length; at++) {
    const other = fragment[at] === 'A' ? 'B' : 'A';
    const changed = fragment.slice(0, at) + other + fragment.slice(at + 1);
    // Two bytes of hash let 1 in 65,536 pass; of these fixed links none does.
    await expect(openFragment(changed)).rejects.toMatchObject(MALFORMED);
  }
});

test('hostile links', async () => {
  const fragment = await makeFragment(id, secret);
  const versions = [0, 2, 255].map((version) => {
    const checked = concat(Uint8Array.of(version), idBytes(id), secret);
    const check = createHash('sha256')
      .update(concat(utf8('parley1 link'), checked))
      .digest()
      .subarray(0, 2);
    return toBase64url(concat(checked, check));
  });
  const hostile = [
    '',
    fragment.slice(1),
    fragment.slice(0, -1),
    fragment + 'A',
    fragment + '=',
    fragment + '====',
    `#${fragment}`,
    `%23${fragment}`,
    ` ${fragment}`,
    `\u200B${fragment}`,
    fragment + '\u202E',
    fragment.slice(0, 30) + '\u200B' + fragment.slice(30),
    fragment.slice(0, 34) + '#' + fragment.slice(35),
    '+' + fragment.slice(1),
    fragment.slice(0, -1) + '/',
    'A'.repeat(68),
    '_'.repeat(68),
    'A'.repeat(1_000_000),
    ' '.repeat(1_000_000),
    ...versions,
  ];
  for (const text of hostile) await expect(openFragment(text)).rejects.toMatchObject(MALFORMED);
  for (const tail of ['.', ',', ')', '>.', '"', "'", ' \n']) {
    expect(await openFragment(fragment + tail)).toEqual({ id, secret });
  }
});

test('random text is malformed and nothing worse', async () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^AQ[A-Za-z0-9_-]{66}$/));
  await fc.assert(
    fc.asyncProperty(text, async (fragment) => {
      // One in 65,536 has the right check by chance, and is a link.
      const bytes = Buffer.from(fragment, 'base64url');
      const check = createHash('sha256').update('parley1 link').update(bytes.subarray(0, 49)).digest();
      fc.pre(bytes.length !== 51 || !check.subarray(0, 2).equals(bytes.subarray(49)));
      await expect(openFragment(fragment)).rejects.toMatchObject(MALFORMED);
    }),
  );
});

test('the keys of a link are HKDF of its secret under the meeting (section 4)', async () => {
  const expected = (label: string, length: number): Bytes =>
    new Uint8Array(hkdfSync('sha256', secret, 'parley1', concat(utf8(label), idBytes(id)), length));
  expect(await linkKeys(id, secret)).toEqual({
    psk: expected('parley1 psk', 32),
    pushTag: expected('parley1 push', 16),
  });
  expect(await linkKeys(randomId<MeetingId>(), secret)).not.toEqual(await linkKeys(id, secret));
});

test('secrets are 32 bytes, each its own', () => {
  expect(createSecret()).toHaveLength(32);
  expect(createSecret()).not.toEqual(createSecret());
  expect(fromBase64url(toBase64url(createSecret()))).toHaveLength(32);
});
