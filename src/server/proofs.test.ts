import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { fromBase64url, toBase64url } from '../lib/protocol/bytes';
import { Host, idOf } from '../../tests/server/host';
import { isClaimValid, isRetireValid, RETIRE_WINDOW_MS } from './proofs';

const ORIGIN = 'https://meet.example';

test('a claim is good for its id, origin and nonce, and for nothing else', () => {
  const [host, nonce] = [new Host(), randomBytes(32)];
  const proof = host.claim(ORIGIN, toBase64url(nonce));
  expect(isClaimValid(proof, ORIGIN, nonce)).toBe(true);
  expect(isClaimValid(proof, ORIGIN, randomBytes(32))).toBe(false);
  expect(isClaimValid(proof, 'https://meet.example.', nonce)).toBe(false);
  expect(isClaimValid({ ...proof, id: new Host().id }, ORIGIN, nonce)).toBe(false);
});

test('every altered byte of key and signature is noticed', () => {
  const [host, nonce] = [new Host(), randomBytes(32)];
  const proof = host.claim(ORIGIN, toBase64url(nonce));
  for (const field of ['publicKey', 'signature'] as const) {
    const bytes = fromBase64url(proof[field]);
    for (let i = 0; i < bytes.length; i++) {
      const altered = bytes.slice();
      altered[i] = (altered[i] ?? 0) ^ (1 << (i % 8));
      expect(isClaimValid({ ...proof, [field]: toBase64url(altered) }, ORIGIN, nonce)).toBe(false);
    }
  }
});

test('a key whose hash is the id is still no key if it is no point', () => {
  const nonce = randomBytes(32);
  const { signature } = new Host().claim(ORIGIN, toBase64url(nonce));
  const offCurve = Buffer.concat([Buffer.of(4), Buffer.alloc(32, 1), Buffer.alloc(32, 2)]);
  for (const key of [offCurve, Buffer.alloc(65), Buffer.alloc(33, 2), Buffer.alloc(0)]) {
    expect(isClaimValid({ id: idOf(key), publicKey: toBase64url(key), signature }, ORIGIN, nonce)).toBe(
      false,
    );
  }
});

test('the same point in another spelling would be another id of the same key: it is none', () => {
  const nonce = randomBytes(32);
  for (const prefix of [0, 2, 3, 5, 6, 7]) {
    const proof = new Host(prefix).claim(ORIGIN, toBase64url(nonce));
    expect(isClaimValid(proof, ORIGIN, nonce)).toBe(false);
  }
});

test('text that is not canonical base64url proves nothing', () => {
  const [host, nonce] = [new Host(), randomBytes(32)];
  const proof = host.claim(ORIGIN, toBase64url(nonce));
  // 86 characters hold 64 bytes and 4 bits that must be zero.
  const last = proof.signature.at(-1) ?? '';
  const other = String.fromCharCode(last.charCodeAt(0) + 1);
  expect(isClaimValid({ ...proof, signature: proof.signature.slice(0, -1) + other }, ORIGIN, nonce)).toBe(
    false,
  );
  expect(isClaimValid({ ...proof, signature: `${proof.signature}==` }, ORIGIN, nonce)).toBe(false);
});

test('a retirement is good for five minutes around its time', () => {
  const [host, time] = [new Host(), 1_800_000_000_000];
  const proof = host.retire(ORIGIN, time);
  expect(isRetireValid(proof, ORIGIN, time)).toBe(true);
  expect(isRetireValid(proof, ORIGIN, time + RETIRE_WINDOW_MS - 1)).toBe(true);
  expect(isRetireValid(proof, ORIGIN, time + RETIRE_WINDOW_MS)).toBe(false);
  expect(isRetireValid(proof, ORIGIN, time - RETIRE_WINDOW_MS)).toBe(false);
  expect(isRetireValid({ ...proof, time: time + 1 }, ORIGIN, time)).toBe(false);
  expect(isRetireValid(proof, 'https://evil.example', time)).toBe(false);
});

test('a claim is no retirement and a retirement no claim', () => {
  const [host, nonce, time] = [new Host(), randomBytes(32), 1_800_000_000_000];
  expect(isRetireValid({ ...host.claim(ORIGIN, toBase64url(nonce)), time }, ORIGIN, time)).toBe(false);
  expect(isClaimValid(host.retire(ORIGIN, time), ORIGIN, nonce)).toBe(false);
});
