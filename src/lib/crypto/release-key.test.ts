import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { expect, test } from 'vitest';
import { utf8, type Bytes } from '../protocol/bytes';
import { fingerprintOf, isSignedBy, nameOfKey } from './release-key';

/** As scripts/sign.mjs makes them, with another implementation. */
function makeKey(): { publicKey: Bytes; privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return { publicKey: new Uint8Array(point), privateKey };
}

const signatureOf = (privateKey: KeyObject, list: Bytes): Buffer =>
  sign('sha256', list, { key: privateKey, dsaEncoding: 'ieee-p1363' });

const LIST = utf8('{"v":1}\n');
const KEY = makeKey();
const SIGNATURE = signatureOf(KEY.privateKey, LIST);

test('a signature by the key holds, and also as one line of several', async () => {
  const line = SIGNATURE.toString('base64url');
  expect(await isSignedBy(KEY.publicKey, line, LIST)).toBe(true);
  const other = signatureOf(makeKey().privateKey, LIST).toString('base64url');
  expect(await isSignedBy(KEY.publicKey, `${other}\n${line}\n`, LIST)).toBe(true);
});

test('no changed byte of list or signature passes, nor does another key', async () => {
  for (let i = 0; i < SIGNATURE.length; i++) {
    const changed = Buffer.from(SIGNATURE);
    changed.writeUInt8(changed.readUInt8(i) ^ 1, i);
    expect(await isSignedBy(KEY.publicKey, changed.toString('base64url'), LIST)).toBe(false);
  }
  for (let i = 0; i < LIST.length; i++) {
    const changed = LIST.map((byte, at) => (at === i ? byte ^ 1 : byte));
    expect(await isSignedBy(KEY.publicKey, SIGNATURE.toString('base64url'), changed)).toBe(false);
  }
  expect(await isSignedBy(makeKey().publicKey, SIGNATURE.toString('base64url'), LIST)).toBe(false);
});

test('what is no signature signs nothing', async () => {
  const short = SIGNATURE.subarray(1).toString('base64url');
  for (const text of ['', '\n', '<!doctype html>', short, `${SIGNATURE.toString('base64url')}=`]) {
    expect(await isSignedBy(KEY.publicKey, text, LIST), text).toBe(false);
  }
});

test('what is no key is refused', async () => {
  const compressed = KEY.publicKey.slice(0, 33);
  const hybrid = KEY.publicKey.map((byte, i) => (i === 0 ? 6 : byte));
  for (const key of [new Uint8Array(0), compressed, hybrid]) {
    await expect(isSignedBy(key, '', LIST)).rejects.toMatchObject({ code: 'protocol/malformed' });
  }
});

test('fingerprints are all of a hash, names of keys are half of one, both in fours', async () => {
  const hex = (bytes: Bytes) => createHash('sha256').update(bytes).digest('hex');
  const fingerprint = await fingerprintOf(LIST);
  expect(fingerprint).toMatch(/^[0-9a-f]{4}(?: [0-9a-f]{4}){15}$/);
  expect(fingerprint.replaceAll(' ', '')).toBe(hex(LIST));
  const name = await nameOfKey(KEY.publicKey);
  expect(name).toMatch(/^[0-9a-f]{4}(?: [0-9a-f]{4}){7}$/);
  expect(name.replaceAll(' ', '')).toBe(hex(KEY.publicKey).slice(0, 32));
});
