import { createHash, hkdfSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { concat, utf8, type Bytes } from '../protocol/bytes';
import { idBytes, randomId, type FileId } from '../protocol/ids';
import { importAeadKey, open, seal } from './aead';
import { contextOf, SessionSecrets, type Direction, type Purpose } from './session-secrets';
import { SAFETY_WORDS } from './word-list';

const EMPTY: Bytes = new Uint8Array(0);
const filled = (value: number, length = 32): Bytes => new Uint8Array(length).fill(value);
const split = () => ({ h: filled(1), k1: filled(2), k2: filled(3) });
const zeroIv = new Uint8Array(12);

/** `X(Extract(h, k1 | k2), label | 0 | direction | ctx, length)` by another implementation. */
function derived(label: string, direction: number, ctx: Bytes, length: number): Bytes {
  const info = concat(utf8(label), Uint8Array.of(0, direction), ctx);
  return new Uint8Array(hkdfSync('sha256', concat(filled(2), filled(3)), filled(1), info, length));
}

let secrets: SessionSecrets;
beforeAll(async () => {
  secrets = await SessionSecrets.from(split());
});

async function isSameKey(key: CryptoKey, raw: Bytes): Promise<boolean> {
  const sealed = await seal(key, zeroIv, EMPTY, filled(9));
  const opened = await open(await importAeadKey(raw), zeroIv, EMPTY, sealed);
  return Buffer.from(opened).equals(filled(9));
}

const directions: Array<[Direction, number]> = [
  ['i2r', 0],
  ['r2i', 1],
];

for (const purpose of ['signal', 'chat', 'file', 'media'] satisfies Purpose[]) {
  for (const [direction, byte] of directions) {
    test(`${purpose} ${direction}: key and iv are what section 5 says`, async () => {
      const ctx = filled(7);
      const { key, iv } = await secrets.keysFor(purpose, direction, ctx);
      expect(iv).toEqual(derived(`parley1 ${purpose} iv`, byte, ctx, 12));
      expect(await isSameKey(key, derived(`parley1 ${purpose}`, byte, ctx, 32))).toBe(true);
    });
  }
}

test('a file’s key is its own for every attempt', async () => {
  const [ctx, file, attempt] = [filled(7), randomId<FileId>(), filled(8, 16)];
  const key = await secrets.fileKey('i2r', ctx, file, attempt);
  const expected = derived('parley1 file', 0, concat(ctx, idBytes(file), attempt), 32);
  expect(await isSameKey(key, expected)).toBe(true);
  const other = await secrets.fileKey('i2r', ctx, file, filled(9, 16));
  await expect(isSameKey(other, expected)).rejects.toMatchObject({ code: 'crypto/open-failed' });
});

describe('keys stay inside', () => {
  test('nothing can be exported, and a key does only what was asked for', async () => {
    const { key } = await secrets.keysFor('chat', 'i2r', EMPTY, ['encrypt']);
    expect(key.extractable).toBe(false);
    expect(key.usages).toEqual(['encrypt']);
    const file = await secrets.fileKey('i2r', EMPTY, randomId<FileId>(), filled(0, 16), ['decrypt']);
    expect(file.usages).toEqual(['decrypt']);
    const { key: both } = await secrets.keysFor('chat', 'i2r', EMPTY);
    expect([...both.usages].sort()).toEqual(['decrypt', 'encrypt']);
  });

  test('the keys that made them are overwritten', async () => {
    const raw = split();
    await SessionSecrets.from(raw);
    expect([raw.k1, raw.k2]).toEqual([filled(0), filled(0)]);
  });
});

test('the context is a hash of both fingerprints in order', async () => {
  const expected = createHash('sha256')
    .update(concat(filled(1), filled(2)))
    .digest();
  expect(await contextOf(filled(1), filled(2))).toEqual(new Uint8Array(expected));
  expect(await contextOf(filled(2), filled(1))).not.toEqual(new Uint8Array(expected));
});

describe('safety words', () => {
  test('are four bytes of the handshake and both random choices (section 6)', async () => {
    const [rI, rR] = [filled(4), filled(5)];
    const ikm = concat(rI, rR);
    const picks = new Uint8Array(hkdfSync('sha256', ikm, filled(1), utf8('parley1 words'), 4));
    expect(await secrets.safetyWords(rI, rR)).toEqual(
      Array.from(picks, (pick) => ({ word: SAFETY_WORDS[pick], number: pick + 1 })),
    );
  });

  test('change with either choice and with the handshake', async () => {
    const [rI, rR] = [filled(4), filled(5)];
    const words = await secrets.safetyWords(rI, rR);
    expect(await secrets.safetyWords(filled(6), rR)).not.toEqual(words);
    expect(await secrets.safetyWords(rI, filled(6))).not.toEqual(words);
    const other = await SessionSecrets.from({ ...split(), h: filled(6) });
    expect(await other.safetyWords(rI, rR)).not.toEqual(words);
  });

  test('the list: 256, unique, plain, and no one the beginning of another', () => {
    expect(SAFETY_WORDS).toHaveLength(256);
    expect(new Set(SAFETY_WORDS).size).toBe(256);
    for (const word of SAFETY_WORDS) {
      expect(word).toMatch(/^[a-z]{3,8}$/);
      const longer = SAFETY_WORDS.filter((other) => other !== word && other.startsWith(word));
      expect(longer).toEqual([]);
    }
  });

  test('the list never changes: its order is protocol', () => {
    const hash = createHash('sha256').update(SAFETY_WORDS.join(' ')).digest('hex');
    expect(hash).toBe('380dacb6e981fffe5faf9bda26e6467041ef2e227005c80ebef2ff5b7e7d3832');
  });
});
