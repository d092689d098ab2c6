import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toBase64url } from '../../src/lib/protocol/bytes';
import { ask, Client, RawSocket, refusalOf, Stream } from './clients';
import { Host } from './host';
import { buildServer, Running, type Built } from './running';

const POLICY = "default-src 'none'; script-src 'self' 'sha256-abc='";
const page = (text: string) =>
  `<!doctype html><html><head><meta http-equiv="content-security-policy" content="${POLICY}"></head>${text}</html>`;

let built: Built;
beforeAll(() => {
  built = buildServer({
    'index.html': page('home'),
    'm.html': page('meeting'),
    '404.html': page('nothing here'),
    'service-worker.js': 'self;',
    '_app/immutable/a.js': 'plain;',
    '_app/immutable/a.js.br': Buffer.from('brotli'),
    '_app/immutable/a.js.gz': Buffer.from('gzip'),
  });
}, 30_000);
afterAll(() => built.remove());

describe('files', () => {
  let server: Running;
  beforeAll(async () => {
    server = await Running.start(built);
  });
  afterAll(() => server.remove());
  const fetch = (path: string, headers: Record<string, string> = {}) =>
    ask(server.origin + path, { headers });

  test('every answer carries the headers that keep a page to itself', async () => {
    for (const path of [
      '/',
      '/m',
      '/nowhere',
      '/_app/immutable/a.js',
      '/healthz',
      '/readyz',
      '/trpc/status',
      '/trpc?x',
    ]) {
      const { headers } = await fetch(path);
      expect(headers).toMatchObject({
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
        'cross-origin-resource-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'permissions-policy': expect.stringContaining(
          'camera=(self), microphone=(self), display-capture=(self)',
        ) as string,
      });
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/);
      expect(headers).not.toHaveProperty('strict-transport-security');
      expect(headers).not.toHaveProperty('access-control-allow-origin');
      expect(headers).not.toHaveProperty('set-cookie');
    }
  });

  test('a page gets the policy of its own meta tag, fresh, not modified or not there', async () => {
    const expected = `${POLICY}; frame-ancestors 'none'`;
    for (const path of ['/', '/index.html', '/m', '/m/', '/%6d', '/m.html']) {
      const { status, headers } = await fetch(path);
      expect([path, status, headers['content-security-policy']]).toEqual([path, 200, expected]);
      expect(headers['cache-control']).toBe('no-cache');
      const again = await fetch(path, { 'If-None-Match': headers.etag ?? '' });
      expect([again.status, again.headers['content-security-policy']]).toEqual([304, expected]);
    }
    const missing = await fetch('/nowhere/at/all');
    expect([missing.status, missing.headers['content-security-policy']]).toEqual([404, expected]);
    expect(missing.body).toContain('nothing here');
  });

  test('the meeting page is not indexed, whatever its name', async () => {
    for (const path of ['/m', '/m/', '/%6d', '/m.html', '/m?x']) {
      expect((await fetch(path)).headers['x-robots-tag']).toBe('noindex');
    }
    expect((await fetch('/')).headers).not.toHaveProperty('x-robots-tag');
  });

  test('scripts: the policy of a worker, their own cache rule, the smallest encoding', async () => {
    const { headers, body } = await fetch('/_app/immutable/a.js', { 'Accept-Encoding': 'gzip, br' });
    expect(headers['content-security-policy']).toContain(
      "script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'",
    );
    expect(headers['content-security-policy']).toContain("require-trusted-types-for 'script'");
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect([headers['content-encoding'], body]).toEqual(['br', 'brotli']);
    expect(headers['content-type']).toMatch(/javascript/);
    expect((await fetch('/_app/immutable/a.js', { 'Accept-Encoding': 'gzip' })).body).toBe('gzip');
    expect((await fetch('/_app/immutable/a.js')).body).toBe('plain;');
    expect((await fetch('/service-worker.js')).headers['cache-control']).toBe('no-cache');
  });

  test('health and readiness are answered anew each time', async () => {
    for (const [path, body] of [
      ['/healthz', 'ok\n'],
      ['/readyz', 'ready\n'],
    ] as const) {
      const answer = await fetch(path);
      expect(answer).toMatchObject({ status: 200, body });
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'text/plain' });
    }
  });

  test('methods that change nothing', async () => {
    expect((await ask(`${server.origin}/m`, { method: 'HEAD' })).body).toBe('');
    expect((await ask(`${server.origin}/m`, { method: 'POST' })).status).toBe(405);
  });
});

describe('start', () => {
  test.each([
    [{ PORT: 'http' }, 'PORT must be a whole number from 0 to 65535, not "http".'],
    [{ ORIGIN: 'https://meet.example/' }, 'ORIGIN must be a scheme and a host'],
    [{ LOG_MODE: 'loud' }, 'LOG_MODE must be one of normal, off, debug, not "loud".'],
    [{ LIMIT_SOCKETS: '0' }, 'LIMIT_SOCKETS must be a whole number from 1'],
    [{ DATA_DIR: '/dev/null/data' }, 'DATA_DIR /dev/null/data cannot be used (ENOTDIR).'],
    [{ HOST: '192.0.2.1' }, 'Cannot listen on 192.0.2.1:0 (EADDRNOTAVAIL).'],
  ])('%j: one clear sentence and exit code 2', async (env, sentence) => {
    const { code, stdout, stderr } = await new Running(built, env).ended;
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect([code, stdout]).toEqual([2, '']);
  });

  test('a registry that is damaged is named', async () => {
    const server = await Running.start(built);
    await server.kill('SIGTERM');
    writeFileSync(
      join(server.dataDir, 'registry.db'),
      'this is no database, whatever its name says'.repeat(100),
    );
    const { code, stderr } = await new Running(built, { DATA_DIR: server.dataDir }).ended;
    expect([code, stderr]).toEqual([2, expect.stringContaining(`DATA_DIR ${server.dataDir} cannot be used`)]);
    await server.remove();
  });

  test("behind TLS the address is the proxy's, and browsers are told to stay on it", async () => {
    const server = await Running.start(built, { ORIGIN: 'https://meet.example', LOG_MODE: 'off' });
    expect((await ask(server.origin)).headers['strict-transport-security']).toMatch(/^max-age=\d+$/);
    await expect(RawSocket.open(server)).rejects.toThrow('403');
    const host = new Host();
    const client = await Client.connect(server, 'https://meet.example');
    await client.claim(host);
    expect(await client.api.serverInfo.query()).toMatchObject({ logMode: 'off' });
    expect(server.log).toEqual([]);
    await server.remove();
  });
});

test('a server whose Redis is not there is healthy, takes nobody, and says why', async () => {
  const server = await Running.start(built, { REDIS_URL: 'redis://127.0.0.1:1' });
  expect(await ask(`${server.origin}/healthz`)).toMatchObject({ status: 200, body: 'ok\n' });
  const answer = await ask(`${server.origin}/readyz`);
  expect(answer).toMatchObject({ status: 503, body: 'redis\n' });
  expect(answer.headers['cache-control']).toBe('no-store');
  await server.remove();
});

describe('end', () => {
  test('what is on disk survives kill -9, and nothing else does', async () => {
    const first = await Running.start(built);
    const [kept, retired] = [new Host(), new Host()];
    const client = await Client.connect(first);
    await client.claim(kept);
    await client.claim(retired);
    await client.api.retire.mutate(retired.retire(first.origin, Date.now()));
    await first.kill('SIGKILL');
    const second = await Running.start(built, { DATA_DIR: first.dataDir });
    const guest = await Client.connect(second);
    expect(await guest.api.status.query({ id: kept.id })).toEqual({ exists: true, hostPresent: false });
    expect(await guest.api.status.query({ id: retired.id })).toEqual({ exists: false, hostPresent: false });
    expect(await refusalOf(guest.api.knock.mutate({ id: retired.id, envelope: null }))).toMatchObject({
      wire: 'retired',
    });
    expect(await refusalOf(guest.claim(retired))).toMatchObject({ wire: 'retired' });
    await second.remove();
  });

  // A machine that is busy with other tests may be late once.
  const timed = { retry: 2 };

  test(
    'SIGTERM: clients are told to reconnect, and the process is gone within half a second',
    timed,
    async () => {
      const server = await Running.start(built);
      const raw = await RawSocket.open(server);
      raw.send(JSON.stringify({ id: 0, method: 'subscription', params: { path: 'connect' } }));
      await raw.answerTo(0);
      const stream = await Stream.connect(server);
      const startedMs = performance.now();
      const ended = server.kill('SIGTERM');
      expect(await raw.closed).toBe(1012);
      expect(raw.answers).toContainEqual({ id: null, method: 'reconnect' });
      expect(await stream.ended).toBe(true);
      expect((await ended).code).toBe(0);
      expect(performance.now() - startedMs).toBeLessThan(500);
      // The registry is one whole file again.
      expect(statSync(join(server.dataDir, 'registry.db-wal')).size).toBe(0);
      await server.remove();
    },
  );

  test('SIGTERM: from that moment it is not ready any more', timed, async () => {
    const server = await Running.start(built);
    // A client that does not answer holds the end up for a moment.
    const raw = await RawSocket.open(server);
    raw.socket.pause();
    // New connections are not taken then, so the question has begun before.
    const probe = connect(Number(server.port), '127.0.0.1').setEncoding('utf8');
    let answer = '';
    probe.on('data', (text: string) => (answer += text));
    probe.write('GET /readyz HTTP/1.1\r\nHost: localhost\r\n');
    const { body } = await ask(`${server.origin}/readyz`);
    expect(body).toBe('ready\n');
    const ended = server.kill('SIGTERM');
    await expect.poll(() => server.log.map(({ event }) => event), { interval: 5 }).toContain('stopping');
    probe.write('Connection: close\r\n\r\n');
    await ended;
    expect(answer).toMatch(/^HTTP\/1\.1 503 [^]*draining\n/);
    raw.socket.terminate();
    await server.remove();
  });

  test('a stream alone is waited for too', async () => {
    const server = await Running.start(built);
    const stream = await Stream.connect(server);
    await server.kill('SIGTERM');
    expect(await stream.ended).toBe(true);
    await server.remove();
  });

  test('a socket that does not answer cannot hold the process', timed, async () => {
    const server = await Running.start(built);
    const raw = await RawSocket.open(server);
    raw.socket.pause();
    const startedMs = performance.now();
    expect((await server.kill('SIGTERM')).code).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(500);
    raw.socket.terminate();
    await server.remove();
  });
});

describe('what is written down', () => {
  test.each(['normal', 'debug'])(
    'in mode %s: an event and an address, and nothing of the meeting',
    async (mode) => {
      const server = await Running.start(built, { LOG_MODE: mode });
      const [host, client, guest] = [new Host(), await Client.connect(server), await Client.connect(server)];
      await client.claim(host);
      const envelope = toBase64url(new TextEncoder().encode('an envelope that nobody may read'));
      await guest.api.knock.mutate({ id: host.id, envelope });
      await client.api.relay.mutate({ id: host.id, to: guest.peer, envelope });
      await refusalOf(guest.claim(Object.assign(new Host(), { id: host.id })));
      await refusalOf(guest.api.knock.mutate({ id: 'x', envelope }));
      await guest.api.retire.mutate(host.retire(server.origin, Date.now()));
      await server.kill('SIGTERM');
      const events = server.log.map(({ event }) => event);
      for (const event of [
        'session-begun',
        'claimed',
        'claim-refused',
        'bad-message',
        'retired',
        'stopping',
      ]) {
        expect(events).toContain(event);
      }
      const allowed = ['level', 'time', 'event', 'address'];
      expect(server.log.flatMap(Object.keys).filter((key) => !allowed.includes(key))).toEqual([]);
      const addresses = new Set(
        server.log.map(({ address }) => address).filter((address) => address !== undefined),
      );
      expect([...addresses]).toEqual([mode === 'normal' ? '127.0.0.0' : '127.0.0.1']);
      const disk = readFileSync(join(server.dataDir, 'registry.db'), 'latin1');
      for (const secret of [
        client.peer,
        guest.peer,
        envelope,
        'nobody may read',
        toBase64url(host.publicKey),
      ]) {
        expect(server.stdout + server.stderr + disk).not.toContain(secret);
      }
      expect(server.stdout + server.stderr).not.toContain(host.id);
      await server.remove();
    },
  );
});
