import { createECDH } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DamagedKey, loadVapidKey } from './vapid';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-vapid-'));
  path = join(folder, 'vapid.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a key is made once, of P-256, and read back', () => {
  const key = loadVapidKey(folder);
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(key.privateKey, 'base64url');
  expect(curve.getPublicKey('base64url')).toBe(key.publicKey);
  expect(Buffer.from(key.publicKey, 'base64url')).toHaveLength(65);
  expect(loadVapidKey(folder)).toEqual(key);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(key);
});

test('is for nobody else to read, alone in the folder, whatever a crash left there', () => {
  writeFileSync(`${path}.new`, 'half a key', { mode: 0o666 });
  const inner = join(folder, 'a', 'b');
  for (const each of [folder, inner]) {
    loadVapidKey(each);
    expect(statSync(join(each, 'vapid.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(each).filter((name) => name.startsWith('vapid'))).toEqual(['vapid.json']);
  }
  expect(statSync(inner).mode & 0o077).toBe(0);
});

describe('a file that is damaged', () => {
  const point = (prefix: number) => Buffer.alloc(65, 1).fill(prefix, 0, 1).toString('base64url');
  const scalar = (byte: number) => Buffer.alloc(32, byte).toString('base64url');
  const good = () => {
    const curve = createECDH('prime256v1');
    curve.setPrivateKey(Buffer.alloc(32, 1));
    return { publicKey: curve.getPublicKey('base64url'), privateKey: scalar(1) };
  };

  test.each<[string, string]>([
    ['empty', ''],
    ['cut off', JSON.stringify(good()).slice(0, -2)],
    ['no object', '7'],
    ['null', 'null'],
    ['a list', '[]'],
    ['without keys', '{}'],
    ['without the private one', JSON.stringify({ publicKey: good().publicKey })],
    ['numbers', JSON.stringify({ publicKey: 1, privateKey: 2 })],
    ['of another alphabet', JSON.stringify({ ...good(), privateKey: `${scalar(1).slice(0, -1)}=` })],
    ['in base64', JSON.stringify({ ...good(), publicKey: `${good().publicKey}=` })],
    ['with a stray bit', JSON.stringify({ ...good(), privateKey: `${scalar(1).slice(0, -1)}F` })],
    ['one byte short', JSON.stringify({ ...good(), privateKey: Buffer.alloc(31, 1).toString('base64url') })],
    ['of another pair', JSON.stringify({ ...good(), privateKey: scalar(2) })],
    ['zero', JSON.stringify({ ...good(), privateKey: scalar(0) })],
    ['beyond the order', JSON.stringify({ ...good(), privateKey: scalar(255) })],
    ['no point', JSON.stringify({ ...good(), publicKey: point(4) })],
    ['compressed', JSON.stringify({ ...good(), publicKey: point(2) })],
  ])('is named, said what to do about, and left as it is: %s', (_how, content) => {
    writeFileSync(path, content);
    expect(() => loadVapidKey(folder)).toThrow(DamagedKey);
    expect(() => loadVapidKey(folder)).toThrow(`${path} is damaged`);
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  test('one that was whole is read', () => {
    writeFileSync(path, JSON.stringify(good()));
    expect(loadVapidKey(folder)).toEqual(good());
  });

  test('what cannot be read at all is the system’s own error', () => {
    mkdirSync(path);
    expect(() => loadVapidKey(folder)).toThrow('EISDIR');
  });
});
