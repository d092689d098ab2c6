import { createHash, createPublicKey, verify } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { concat, utf8, type Bytes } from '../protocol/bytes';
import { idBytes, randomId, type MeetingId } from '../protocol/ids';
import {
  createHostKey,
  importHostKey,
  meetingIdOf,
  signClaim,
  signHandshake,
  signRetire,
  verifyHandshake,
  verifyRetire,
  type HostKey,
} from './host-key';

const OPEN_FAILED = { code: 'crypto/open-failed' };
const origin = 'https://parley.example';
const nonce = new Uint8Array(32).fill(4);
const h = new Uint8Array(32).fill(6);
const timeMs = 1_800_000_000_000;

let host: HostKey;
let id: MeetingId;
beforeAll(async () => {
  host = await createHostKey();
  id = await meetingIdOf(host.publicKey);
});

const sha256 = (...parts: Uint8Array[]): Uint8Array =>
  createHash('sha256')
    .update(concat(...parts))
    .digest();

/** Checks a raw signature with another implementation than the one that made it. */
function holds(message: Uint8Array, signature: Bytes): boolean {
  const spki = concat(
    Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex'),
    host.publicKey,
  );
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

test('the id is a hash of the key', () => {
  expect(host.publicKey).toHaveLength(65);
  expect(idBytes(id)).toEqual(new Uint8Array(sha256(utf8('parley1 id'), host.publicKey).subarray(0, 16)));
});

test('the private key signs and cannot be exported, also after a stay in the vault', async () => {
  expect(host.privateKey.extractable).toBe(false);
  const again = await importHostKey(host.pkcs8);
  expect(again.extractable).toBe(false);
  await verifyHandshake(host.publicKey, await signHandshake(again, { id, h }), { id, h });
});

test('what is signed is what section 2 and 5 say', async () => {
  const zero = Uint8Array.of(0);
  const originHash = sha256(utf8(origin));
  const claim = concat(utf8('parley1 claim'), zero, originHash, idBytes(id), nonce);
  expect(holds(claim, await signClaim(host.privateKey, { origin, id, nonce }))).toBe(true);
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(timeMs));
  const retire = concat(utf8('parley1 retire'), zero, originHash, idBytes(id), time);
  expect(holds(retire, await signRetire(host.privateKey, { origin, id, timeMs }))).toBe(true);
  const handshake = concat(utf8('parley1 hs'), zero, idBytes(id), h);
  expect(holds(handshake, await signHandshake(host.privateKey, { id, h }))).toBe(true);
});

test('a retirement holds for its meeting, origin and time only', async () => {
  const signature = await signRetire(host.privateKey, { origin, id, timeMs });
  await verifyRetire(host.publicKey, signature, { origin, id, timeMs });
  const others = [
    { origin: 'https://other.example', id, timeMs },
    { origin, id: randomId<MeetingId>(), timeMs },
    { origin, id, timeMs: timeMs + 1 },
  ];
  for (const other of others) {
    await expect(verifyRetire(host.publicKey, signature, other)).rejects.toMatchObject(OPEN_FAILED);
  }
});

test('one signature cannot stand for another purpose', async () => {
  const claim = await signClaim(host.privateKey, { origin, id, nonce });
  await expect(verifyHandshake(host.publicKey, claim, { id, h: nonce })).rejects.toMatchObject(OPEN_FAILED);
  await expect(verifyRetire(host.publicKey, claim, { origin, id, timeMs })).rejects.toMatchObject(
    OPEN_FAILED,
  );
});

test('a key that signs well but is not the meeting’s', async () => {
  const other = await createHostKey();
  const signature = await signHandshake(other.privateKey, { id, h });
  await expect(verifyHandshake(other.publicKey, signature, { id, h })).rejects.toMatchObject(OPEN_FAILED);
});

test('every flipped byte of a signature, and signatures of another form', async () => {
  const signature = await signHandshake(host.privateKey, { id, h });
  const flips = Array.from(signature, (_, at) => signature.map((byte, i) => (i === at ? byte ^ 1 : byte)));
  const der = Uint8Array.from([
    0x30,
    0x44,
    2,
    0x20,
    ...signature.slice(0, 32),
    2,
    0x20,
    ...signature.slice(32),
  ]);
  for (const bad of [...flips, new Uint8Array(64), new Uint8Array(0), signature.slice(1), der]) {
    await expect(verifyHandshake(host.publicKey, bad, { id, h })).rejects.toMatchObject(OPEN_FAILED);
  }
});

test('keys that are no uncompressed point of the curve, even where their hash is the id', async () => {
  const { publicKey } = host;
  const parity = (publicKey[64] ?? 0) & 1;
  const points = [
    publicKey.map((byte, i) => (i === 64 ? byte ^ 1 : byte)),
    Uint8Array.from([2 + parity, ...publicKey.slice(1, 33)]),
    Uint8Array.from([6 + parity, ...publicKey.slice(1)]),
    new Uint8Array(65),
    Uint8Array.of(0),
    new Uint8Array(0),
  ];
  for (const point of points) {
    const own = await meetingIdOf(point);
    const signature = await signHandshake(host.privateKey, { id: own, h });
    await expect(verifyHandshake(point, signature, { id: own, h })).rejects.toMatchObject(OPEN_FAILED);
  }
});

test('a stored key that is none', async () => {
  for (const bad of [new Uint8Array(0), host.pkcs8.slice(1), host.publicKey]) {
    await expect(importHostKey(bad)).rejects.toMatchObject(OPEN_FAILED);
  }
});
