/**
 * The public key of whoever publishes releases: ECDSA P-256, the 65 bytes of the uncompressed point in base64url.
 * A build takes it from the environment (RELEASE_KEY) or from release-key.pub beside package.json, and carries it:
 * from then on the app takes only versions that this key has signed. Neither is there: a build without a key.
 */
import { createPublicKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import process from 'node:process';
import { inGroups, sha256Hex } from './release.mjs';

const FILE = fileURLToPath(new URL('../release-key.pub', import.meta.url));
const POINT_BYTES = 65;
const COORDINATE_BYTES = 32;

/**
 * Throws, with a sentence for people, what is not a key: a typing error must not make a build that trusts nobody.
 * @returns {string} empty if there is none
 */
export function pinnedKey() {
  const text = (process.env.RELEASE_KEY ?? (existsSync(FILE) ? readFileSync(FILE, 'utf8') : '')).trim();
  if (text !== '') publicKeyOf(text);
  return text;
}

/**
 * @param {string} text
 * @returns {import('node:crypto').KeyObject}
 */
export function publicKeyOf(text) {
  const point = Buffer.from(text, 'base64url');
  const hasShape = point.length === POINT_BYTES && point[0] === 4 && point.toString('base64url') === text;
  if (!hasShape) {
    throw new Error('The release key must be the line that `npm run sign -- --new-key FILE` printed.');
  }
  const x = point.subarray(1, 1 + COORDINATE_BYTES).toString('base64url');
  const y = point.subarray(1 + COORDINATE_BYTES).toString('base64url');
  return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
}

/**
 * The public part of a private key.
 * @param {import('node:crypto').KeyObject} key
 * @returns {string}
 */
export function textOf(key) {
  const {
    crv,
    x = '',
    y = '',
  } = createPublicKey(key.export({ type: 'pkcs8', format: 'pem' })).export({
    format: 'jwk',
  });
  if (crv !== 'P-256') throw new Error('That is no P-256 key.');
  return Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]).toString(
    'base64url',
  );
}

/**
 * What people know a key by: half of its SHA-256. Whoever wants to pass for it must find a second key with the same
 * half, which 128 bits rule out.
 * @param {string} text
 */
export const nameOfKey = (text) => inGroups(sha256Hex(Buffer.from(text, 'base64url')).slice(0, 32));
