import { execFile } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { appendFile, cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, request as ask } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { textOf } from '../../scripts/release-key.mjs';
import { writeList } from '../../scripts/release.mjs';
import { ROOT, startProduct, type Product } from './product';

/** What `npm run verify-deploy` says of a site that runs a copy of this build, whole or not. */
let folder: string;
/** What the site hands out. */
let client: string;
/** What was built here. */
let here: string;
let product: Product | null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-deploy-'));
  [client, here] = [join(folder, 'build', 'client'), join(folder, 'here')];
  product = null;
  await cp(join(ROOT, 'build'), join(folder, 'build'), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  // Whichever key this build trusts: here it is none.
  await rm(join(client, 'release.sig'), { force: true });
  writeList(client, { version: '1.0.0', key: '', changes: ['It is better.'] });
  await cp(client, here, { recursive: true });
});

afterEach(async () => {
  await product?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function verify(): Promise<{ code: number; output: string }> {
  product = await startProduct(join(folder, 'build'));
  return run(product.origin, '--client', here);
}

function run(...args: string[]): Promise<{ code: number; output: string }> {
  const script = join(ROOT, 'scripts', 'verify-deploy.mjs');
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

test('a site that runs this build sends the same', async () => {
  const { code, output } = await verify();
  expect([code, output]).toEqual([0, expect.stringContaining('sends the same: ') as string]);
});

test('one changed byte is found', async () => {
  await appendFile(join(client, 'favicon.svg'), ' ');
  await Promise.all(['.br', '.gz'].map((suffix) => rm(join(client, `favicon.svg${suffix}`))));
  const { code, output } = await verify();
  expect(code).toBe(1);
  for (const encoding of ['identity', 'gzip', 'br'])
    expect(output).toContain(`other     /favicon.svg (${encoding})`);
  expect(output).toContain('3 differences');
});

test('one that only a compressed copy has is found too', async () => {
  const page = await readFile(join(client, 'm.html'), 'utf8');
  await writeFile(join(client, 'm.html.br'), brotliCompressSync(page.replace('</body>', '<b></b></body>')));
  const { code, output } = await verify();
  expect(code).toBe(1);
  expect(output).toContain('other     /m (br)');
  expect(output).not.toContain('(identity)');
});

test('a missing file is found, under both its addresses', async () => {
  await Promise.all(['', '.br', '.gz'].map((suffix) => rm(join(client, `settings.html${suffix}`))));
  const { code, output } = await verify();
  expect(code).toBe(1);
  expect(output).toContain('missing   /settings (identity): status 404');
  expect(output).toContain('missing   /settings.html (br): status 404');
});

test('another version is called that, with what it has and lacks', async () => {
  await writeFile(join(client, 'extra.js'), 'self.extra = 1');
  await rm(join(client, 'icon-192.png'));
  writeList(client, { version: '9.9.9', key: '', changes: [] });
  const { code, output } = await verify();
  expect(code).toBe(1);
  expect(output).toMatch(/other {5}\/release\.json: its fingerprint is (?:[0-9a-f]{4} ?){16}/);
  expect(output).toContain('other     version: "9.9.9" there, ');
  expect(output).toContain('extra     /extra.js: listed there, not made here');
  expect(output).toContain('unlisted  /icon-192.png: made here, not listed there');
  expect(output).toContain('missing   /icon-192.png');
});

test('a signature is asked for where the build trusts a key', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (const one of [client, here])
    writeList(one, { version: '1.0.0', key: textOf(privateKey), changes: [] });
  const unsigned = await verify();
  expect(unsigned).toMatchObject({
    code: 1,
    output: expect.stringContaining('unsigned  /release.sig') as string,
  });
  await product?.stop();
  const list = await readFile(join(client, 'release.json'));
  const signature = sign('sha256', list, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  await writeFile(join(client, 'release.sig'), `${signature.toString('base64url')}\n`);
  expect(await verify()).toMatchObject({
    code: 0,
    output: expect.stringContaining('signed by the key') as string,
  });
});

test('a page without its policy is found, as a proxy may leave it', async () => {
  product = await startProduct(join(folder, 'build'));
  const { origin } = product;
  const proxy = createServer((request, response) => {
    ask(origin + (request.url ?? '/'), { headers: request.headers }, (answer) => {
      delete answer.headers['content-security-policy'];
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    }).end();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const { code, output } = await run(`http://127.0.0.1:${port}`, '--client', here);
  proxy.close();
  proxy.closeAllConnections();
  expect(code).toBe(1);
  expect(output).toContain('header    /m: its Content-Security-Policy is missing');
  expect(output).not.toMatch(/^other/m);
});

test('what is no list at all is found', async () => {
  await writeFile(join(client, 'release.json'), '<!doctype html>');
  expect(await verify()).toMatchObject({ code: 1 });
});

test('nothing is compared where there is no site, no address, or no whole build here', async () => {
  expect(await run()).toEqual({ code: 2, output: expect.stringContaining('Use: npm run') as string });
  expect(await run('http://127.0.0.1:1', '--client', here)).toMatchObject({ code: 2 });
  await appendFile(join(client, 'm.html'), ' ');
  expect(await run('http://127.0.0.1:1', '--client', client)).toEqual({
    code: 2,
    output: expect.stringContaining('is not what its own list says') as string,
  });
});
