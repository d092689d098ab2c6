import { createECDH, timingSafeEqual } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import webpush from 'web-push';

/**
 * The key by which push services know this server (RFC 8292): P-256, both halves unpadded base64url, the private one
 * 32 bytes, the public one 65, an uncompressed point. Every subscription is made for one key, so it must outlive them.
 */
export type VapidKey = { readonly publicKey: string; readonly privateKey: string };

/** Its message is for the operator. A new key in its place would quietly end every subscription there is. */
export class DamagedKey extends Error {}

/** Reads the folder's key, or makes it. Throws `DamagedKey`, and what the file system throws. */
export function loadVapidKey(folder: string): VapidKey {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'vapid.json');
  if (existsSync(path)) return readKey(path);
  const key = makeVapidKey();
  writeWhole(path, `${JSON.stringify(key, null, 2)}\n`);
  return key;
}

function readKey(path: string): VapidKey {
  const key = parseVapidKey(readFileSync(path, 'utf8'));
  if (key !== null) return key;
  throw new DamagedKey(
    `${path} is damaged: put it back from a backup, or remove it, and people have to ask anew to be told.`,
  );
}

export const makeVapidKey = (): VapidKey => webpush.generateVAPIDKeys();

/** `null` for anything but a key and its other half. */
export function parseVapidKey(text: string): VapidKey | null {
  const { publicKey, privateKey } = parseObject(text);
  if (typeof publicKey !== 'string' || typeof privateKey !== 'string') return null;
  const [point, scalar] = [bytesOf(publicKey), bytesOf(privateKey)];
  if (point?.length !== 65 || scalar?.length !== 32) return null;
  return isPair(point, scalar) ? { publicKey, privateKey } : null;
}

/** `null` for anything but the one spelling: browsers take no other. */
function bytesOf(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch (cause) {
    if (cause instanceof SyntaxError) return {};
    throw cause;
  }
}

function isPair(point: Buffer, scalar: Buffer): boolean {
  const curve = createECDH('prime256v1');
  try {
    curve.setPrivateKey(scalar);
  } catch (cause) {
    // Zero, or not below the order of the curve.
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_CRYPTO_INVALID_KEYTYPE')
      return false;
    throw cause;
  }
  return timingSafeEqual(curve.getPublicKey(), point);
}

/** Whole or not at all, also through a power cut, and for nobody else to read. */
function writeWhole(path: string, text: string): void {
  const draft = `${path}.new`;
  // One that a crash left behind may be anybody's to read.
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}
