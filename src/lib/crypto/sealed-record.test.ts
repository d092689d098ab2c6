import { describe, expect, test } from 'vitest';
import { concat, utf8, type Bytes } from '../protocol/bytes';
import { open } from './aead';
import { createDataKey, openRecord, sealRecord } from './sealed-record';

const OPEN_FAILED = { code: 'crypto/open-failed' };
const plaintext = utf8('a meeting');
const flipped = (bytes: Bytes, at: number): Bytes => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

test('the data key cannot be exported', async () => {
  const key = await createDataKey();
  expect(key.extractable).toBe(false);
  expect(key.algorithm).toMatchObject({ name: 'AES-GCM', length: 256 });
});

test('what is sealed opens in its place; AAD = store | 0 | id | 0 | v', async () => {
  const key = await createDataKey();
  const record = await sealRecord(key, 'keys', 'one', plaintext);
  expect(await openRecord(key, 'keys', 'one', record)).toEqual(plaintext);
  const aad = concat(utf8('keys'), Uint8Array.of(0), utf8('one'), Uint8Array.of(0, 1));
  expect(await open(key, record.iv, aad, record.ciphertext)).toEqual(plaintext);
});

test('a fresh iv every time', async () => {
  const key = await createDataKey();
  const [one, other] = [
    await sealRecord(key, 'a', 'b', plaintext),
    await sealRecord(key, 'a', 'b', plaintext),
  ];
  expect(one.iv).not.toEqual(other.iv);
  expect(one.ciphertext).not.toEqual(other.ciphertext);
});

describe('what does not open', () => {
  test('any byte changed, anything cut', async () => {
    const key = await createDataKey();
    const record = await sealRecord(key, 'a', 'b', plaintext);
    for (let at = 0; at < record.ciphertext.length; at++) {
      const bad = { ...record, ciphertext: flipped(record.ciphertext, at) };
      await expect(openRecord(key, 'a', 'b', bad)).rejects.toMatchObject(OPEN_FAILED);
    }
    for (let at = 0; at < record.iv.length; at++) {
      const bad = { ...record, iv: flipped(record.iv, at) };
      await expect(openRecord(key, 'a', 'b', bad)).rejects.toMatchObject(OPEN_FAILED);
    }
    const cut = [
      { ...record, iv: record.iv.slice(1) },
      { ...record, iv: new Uint8Array(0) },
      { ...record, ciphertext: record.ciphertext.slice(1) },
      { ...record, ciphertext: new Uint8Array(0) },
      { ...record, v: 2 as 1 },
    ];
    for (const bad of cut) await expect(openRecord(key, 'a', 'b', bad)).rejects.toMatchObject(OPEN_FAILED);
  });

  test('another place, another key', async () => {
    const key = await createDataKey();
    const record = await sealRecord(key, 'a', 'b', plaintext);
    const places = [
      ['a', 'c'],
      ['c', 'b'],
      ['b', 'a'],
      ['ab', ''],
      ['', 'ab'],
    ] as const;
    for (const [store, id] of places) {
      await expect(openRecord(key, store, id, record)).rejects.toMatchObject(OPEN_FAILED);
    }
    await expect(openRecord(await createDataKey(), 'a', 'b', record)).rejects.toMatchObject(OPEN_FAILED);
  });
});
