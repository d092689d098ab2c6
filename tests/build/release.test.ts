import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changesIn, signaturesOf, writeList } from '../../scripts/release.mjs';
import { isSignedBy } from '../../src/lib/crypto/release-key';
import { fromBase64url } from '../../src/lib/protocol/bytes';
import { parseRelease } from '../../src/lib/protocol/release';
import { CLIENT, filesIn, ROOT } from './product';

/** The list of the release: every file that the server hands out is in it, and what is in it is right. */
const bytesOf = async (path: string) => new Uint8Array(await readFile(join(CLIENT, path)));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('the list', () => {
  test('has every file with its hash, and nothing else', async () => {
    const { files } = parseRelease(await bytesOf('release.json'));
    const served = (await filesIn(CLIENT)).filter(
      (file) => !/\.(?:br|gz)$/.test(file) && file !== 'release.json' && file !== 'release.sig',
    );
    const sums = await Promise.all(served.map(async (file) => [file, sha256(await bytesOf(file))] as const));
    expect([...files]).toEqual(sums);
  });

  test('needs no word about compressed files: each holds the bytes of the listed one', async () => {
    const { files } = parseRelease(await bytesOf('release.json'));
    const compressed = (await filesIn(CLIENT)).filter((file) => /\.(?:br|gz)$/.test(file));
    expect(compressed.length).toBeGreaterThan(20);
    for (const file of compressed) {
      const content = await bytesOf(file);
      const bytes = file.endsWith('.br') ? brotliDecompressSync(content) : gunzipSync(content);
      expect(sha256(bytes), file).toBe(files.get(file.slice(0, -'.br'.length)));
    }
  });

  test('is written in one way only, with its files in order and no time', async () => {
    const text = await readFile(join(CLIENT, 'release.json'), 'utf8');
    const { files, ...about } = JSON.parse(text) as { files: Record<string, string> };
    const inOrder = Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
    expect(text).toBe(`${JSON.stringify({ ...about, files: inOrder }, null, 1)}\n`);
    expect(Object.keys(about)).toEqual(['v', 'version', 'key', 'changes']);
  });

  test('carries the version and the key that the code carries', async () => {
    const { version, key } = parseRelease(await bytesOf('release.json'));
    expect(await readFile(join(CLIENT, '_app', 'version.json'), 'utf8')).toBe(JSON.stringify({ version }));
    if (key === '') return;
    const scripts = (await filesIn(CLIENT)).filter((file) => file.endsWith('.js'));
    const texts = await Promise.all(scripts.map((file) => readFile(join(CLIENT, file), 'utf8')));
    expect(texts.some((text) => text.includes(key))).toBe(true);
  });

  test('says what changed in sentences of people’s changelog', async () => {
    const { changes } = parseRelease(await bytesOf('release.json'));
    expect(changes.length).toBeGreaterThan(0);
    for (const change of changes) expect(change).toMatch(/^\p{Lu}[^\n]+[.!?]$/u);
  });
});

test('what changed is the newest section that says something, a sentence each, without its marks', () => {
  const changelog = `# Changelog

## Unreleased

## 1.1.0

### For people
- First: [a link](https://x.example) and \`code\`
  over two lines. And more.
- *Second* without an end

### For operators
- Not this.

## 1.0.0

### For people
- Nor this.
`;
  expect(changesIn(changelog)).toEqual(['First: a link and code over two lines.', 'Second without an end']);
  expect(changesIn('# Changelog\n')).toEqual([]);
});

describe('signing', () => {
  let folder: string;
  let client: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-sign-'));
    client = join(folder, 'client');
    await cp(CLIENT, client, { recursive: true });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, [join(ROOT, 'scripts', 'sign.mjs'), ...args]);
  const makeKey = async (name: string) => {
    const { stdout } = await run('--new-key', join(folder, name));
    return stdout.trim().split('\n').at(-1) ?? '';
  };

  test('a new key is its owner’s alone, and never written over', async () => {
    const publicKey = await makeKey('one.pem');
    expect(publicKey).toMatch(/^[A-Za-z0-9_-]{87}$/);
    if (process.platform !== 'win32') expect((await stat(join(folder, 'one.pem'))).mode & 0o777).toBe(0o600);
    const before = await readFile(join(folder, 'one.pem'), 'utf8');
    await expect(makeKey('one.pem')).rejects.toMatchObject({ code: 2 });
    expect(await readFile(join(folder, 'one.pem'), 'utf8')).toBe(before);
  });

  test('is over the list’s bytes, as the app checks them, by one key or by two', async () => {
    const keys = [await makeKey('two.pem'), await makeKey('three.pem')];
    // This build may trust a key of somebody's own; here it trusts one of these.
    await trust(keys[0] ?? '');
    await run('--client', client, '--key', join(folder, 'two.pem'), '--key', join(folder, 'three.pem'));
    const list = new Uint8Array(await readFile(join(client, 'release.json')));
    const signatures = await readFile(join(client, 'release.sig'), 'utf8');
    expect(signatures.trim().split('\n')).toHaveLength(2);
    for (const key of keys) expect(await isSignedBy(fromBase64url(key), signatures, list)).toBe(true);
  });

  test('is refused with a key that the build does not trust, and of files that are not the listed ones', async () => {
    const key = join(folder, 'four.pem');
    const publicKey = await makeKey('four.pem');
    await expect(run('--client', client, '--key', key)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/This build trusts the key .{39}, and that is none/) as string,
    });
    await trust(publicKey);
    await writeFile(join(client, 'favicon.svg'), '<svg/>');
    await expect(run('--client', client, '--key', key)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is not what its own list says') as string,
    });
    await expect(run()).rejects.toMatchObject({ code: 2 });
  });

  test('outlives another build of the same source, and of no other', async () => {
    const [about, path] = [{ version: '1.0.0', key: '', changes: [] }, join(client, 'release.sig')];
    writeList(client, about);
    await writeFile(path, 'signed');
    const restore = signaturesOf(client);
    await rm(path);
    writeList(client, { ...about, version: '1.0.1' });
    restore();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    writeList(client, about);
    restore();
    expect(await readFile(path, 'utf8')).toBe('signed');
  });

  async function trust(key: string): Promise<void> {
    const path = join(client, 'release.json');
    const list = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, `${JSON.stringify({ ...list, key }, null, 1)}\n`);
  }
});
