import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createHeaderRules } from './headers';

const folder = mkdtempSync(join(tmpdir(), 'parley-headers-'));
afterAll(() => rmSync(folder, { recursive: true }));

const meta = (policy: string) => `<meta http-equiv="content-security-policy" content="${policy}">`;
mkdirSync(join(folder, 'how'));
writeFileSync(join(folder, 'index.html'), meta('default-src &#39;none&#39;; img-src blob: data:'));
writeFileSync(join(folder, 'm.html'), meta("script-src 'sha256-m='"));
writeFileSync(join(folder, 'how', 'index.html'), meta("script-src 'sha256-how='"));
writeFileSync(join(folder, 'bare.html'), '<p>no policy</p>');

const plain = createHeaderRules(folder, false);
const policyOf = (url: string) => plain(url)['Content-Security-Policy'] ?? '';

test('each page has its own policy under each of its names', () => {
  const home = "default-src 'none'; img-src blob: data:; frame-ancestors 'none'";
  for (const url of ['/', '/index.html', '/index', '/?x=1'])
    expect([url, policyOf(url)]).toEqual([url, home]);
  for (const url of ['/how', '/how/', '/how/index.html', '/how?x'])
    expect(policyOf(url)).toContain('sha256-how=');
  for (const url of ['/m', '/m/', '/m.html', '/%6D']) expect(policyOf(url)).toContain('sha256-m=');
});

test('what has no policy of its own gets the one that allows nothing', () => {
  for (const url of ['/bare', '/nowhere', '/trpc/status', '/icon.png', '/%']) {
    expect(policyOf(url)).toMatch(
      /^default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors/,
    );
  }
});

test('a script gets a policy that a worker can live with', () => {
  expect(policyOf('/_app/immutable/workers/session.js')).toContain("script-src 'self' 'wasm-unsafe-eval'");
  expect(policyOf('/service-worker.js')).toContain("connect-src 'self'");
});

test('only hashed names are kept for ever', () => {
  expect(plain('/_app/immutable/x.js')['Cache-Control']).toContain('immutable');
  for (const url of ['/', '/service-worker.js', '/_app/version.json', '/_app/immutablex']) {
    expect(plain(url)['Cache-Control']).toBe('no-cache');
  }
});

test('strict transport security only where there is transport security', () => {
  expect(plain('/')).not.toHaveProperty('Strict-Transport-Security');
  expect(createHeaderRules(folder, true)('/')).toHaveProperty('Strict-Transport-Security');
});
