import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { randomId, type PeerId } from '../../src/lib/protocol/ids';
import { ask, Client, clientApi, RawSocket, refusalOf, Stream } from './clients';
import { Host } from './host';
import { buildServer, Running, type Built } from './running';

let built: Built;
let server: Running;
beforeAll(() => {
  built = buildServer();
}, 60_000);
afterEach(() => server.remove());
afterAll(() => built.remove());

const start = async (env: Record<string, string> = {}): Promise<Running> =>
  (server = await Running.start(built, { METRICS_PORT: '0', ...env }));

const urlOf = ({ stdout }: Running) => /^Metrics are at (\S+)$/m.exec(stdout)?.[1] ?? '';

/** Ours alone, a line each. */
async function counts(): Promise<string[]> {
  const { status, headers, body } = await ask(urlOf(server));
  expect([status, headers['content-type'], headers['cache-control']]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
    'no-store',
  ]);
  return body.split('\n').filter((line) => line.startsWith('parley_'));
}

test('a meeting over both transports, counted', async () => {
  await start();
  const [host, client, guest] = [new Host(), await Client.connect(server), await Stream.connect(server)];
  const { id } = host;
  const { peer } = guest.hello;
  await client.claim(host);
  await client.api.watch.mutate({ ids: [id, new Host().id] });
  await guest.api.knock.mutate({ id, envelope: 'A'.repeat(100) });
  await client.events.next('presence');
  await client.events.next('presence');
  await client.events.next('knock');
  await client.api.relay.mutate({ id, to: peer, envelope: 'A'.repeat(20) });
  await guest.events.next('relay');
  await client.api.relay.mutate({ id, to: peer, envelope: 'A'.repeat(4) });
  // Nobody is there to take this one.
  await client.api.relay.mutate({
    id,
    to: randomId<PeerId>(),
    envelope: 'A'.repeat(4_000),
  });
  await refusalOf(guest.api.knock.mutate({ id: new Host().id, envelope: null }));
  const lines = await counts();
  expect(lines).toEqual(
    expect.arrayContaining([
      'parley_open_connections{transport="socket"} 1',
      'parley_open_connections{transport="stream"} 1',
      'parley_sessions 2',
      'parley_meetings 1',
      'parley_watches 2',
      'parley_calls_total{call="connect",outcome="ok"} 2',
      'parley_calls_total{call="claim",outcome="ok"} 1',
      'parley_calls_total{call="knock",outcome="ok"} 1',
      'parley_calls_total{call="knock",outcome="not-found"} 1',
      'parley_calls_total{call="relay",outcome="ok"} 3',
      'parley_events_total{event="session-begun"} 2',
      'parley_events_total{event="claimed"} 1',
      'parley_relayed_bytes_total 124',
      'parley_time_to_answer_seconds_count 1',
      'parley_faults_total 0',
    ]),
  );
  const tookS = Number(
    lines.find((line) => line.startsWith('parley_time_to_answer_seconds_sum'))?.split(' ')[1],
  );
  expect(tookS).toBeGreaterThan(0);
  expect(tookS).toBeLessThan(10);
  await client.close();
  guest.close();
  await expect.poll(counts).toContain('parley_sessions 0');
  await expect.poll(counts).toContain('parley_open_connections{transport="stream"} 0');
});

test('every call is counted once, by the code that the client was given, whichever way it came', async () => {
  await start({ LIMIT_BAD_MESSAGES: '100' });
  const raw = await RawSocket.open(server);
  const paths = [
    'invented',
    'x'.repeat(2_000),
    '__proto__',
    'constructor',
    'beat.more',
    'Beat',
    '',
    '"} 1\n#',
  ];
  for (const [id, path] of paths.entries()) {
    raw.send(JSON.stringify({ id, method: 'mutation', params: { path } }));
    await raw.answerTo(id);
  }
  raw.send(JSON.stringify({ id: 'late', method: 'mutation', params: { path: 'beat' } }));
  await raw.answerTo('late');
  raw.send(JSON.stringify({ id: 'junk', method: 'query', params: { path: 'status', input: { id: 7 } } }));
  await raw.answerTo('junk');
  // The other kind of call is not there either.
  raw.send(JSON.stringify({ id: 'kind', method: 'query', params: { path: 'beat' } }));
  await raw.answerTo('kind');

  const headers = { Origin: server.origin, 'Content-Type': 'application/json' };
  const post = (path: string) =>
    ask(`${server.origin}/trpc/${path}`, { method: 'POST', headers, body: '{}' });
  expect((await post('invented')).status).toBe(404);
  expect((await post('beat')).status).toBe(401);
  // An event stream is asked for by GET; one that cannot begin says so in the stream as well.
  expect((await post('connect')).body).toContain('METHOD_NOT_SUPPORTED');
  const api = clientApi(server.origin);
  await Promise.all([api.serverInfo.query(), api.serverInfo.query()]);

  const calls = (await counts()).filter((line) => line.startsWith('parley_calls_total'));
  expect(calls.sort()).toEqual([
    'parley_calls_total{call="beat",outcome="NOT_FOUND"} 1',
    'parley_calls_total{call="beat",outcome="UNAUTHORIZED"} 2',
    'parley_calls_total{call="connect",outcome="METHOD_NOT_SUPPORTED"} 1',
    'parley_calls_total{call="serverInfo",outcome="ok"} 2',
    'parley_calls_total{call="status",outcome="BAD_REQUEST"} 1',
    'parley_calls_total{call="unknown",outcome="NOT_FOUND"} 9',
  ]);
});

test('a limit that is crossed is seen, on both ways', async () => {
  await start({
    LIMIT_STATUS_BURST: '1',
    LIMIT_STATUS_PER_MINUTE: '1',
    LIMIT_MESSAGES_BURST: '4',
    LIMIT_MESSAGES_PER_SECOND: '1',
  });
  const api = clientApi(server.origin);
  await api.status.query({ id: 'x' });
  await refusalOf(api.status.query({ id: 'x' }));
  await api.serverInfo.query();
  await api.serverInfo.query();
  // Refused before the call itself is looked at.
  await refusalOf(api.serverInfo.query());
  const client = await Client.connect(server);
  await refusalOf(client.api.status.query({ id: 'x' }));
  expect(await counts()).toEqual(
    expect.arrayContaining([
      'parley_calls_total{call="status",outcome="ok"} 1',
      'parley_calls_total{call="status",outcome="rate-limited"} 2',
      'parley_calls_total{call="serverInfo",outcome="ok"} 2',
      'parley_calls_total{call="serverInfo",outcome="rate-limited"} 1',
      'parley_events_total{event="rate-limited"} 2',
    ]),
  );
});

test('where nothing is written down it is still counted', async () => {
  await start({ LOG_MODE: 'off' });
  await expect(RawSocket.open(server, { origin: 'https://elsewhere.example' })).rejects.toThrow('403');
  expect(await counts()).toContain('parley_events_total{event="origin-refused"} 1');
  expect(server.log).toEqual([]);
});

test('the process and Node are there too', async () => {
  await start();
  const { body } = await ask(urlOf(server));
  for (const name of [
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
    'process_cpu_seconds_total',
  ]) {
    expect(body).toMatch(new RegExp(`^${name} [0-9.e-]+$`, 'm'));
  }
});

test('a port of its own, on this machine, for one path', async () => {
  await start();
  const url = urlOf(server);
  expect(new URL(url).hostname).toBe('127.0.0.1');
  expect(new URL(url).port).not.toBe(server.port);
  expect((await ask(`${server.origin}/metrics`)).status).toBe(404);
  expect((await ask(new URL('/', url).href)).status).toBe(404);
  expect((await ask(`${url}?x`)).status).toBe(404);
  expect((await ask(url, { method: 'POST' })).status).toBe(405);
  expect(await counts()).toContain('parley_faults_total 0');
});

test('off unless wanted', async () => {
  await start({ METRICS_PORT: '' });
  expect(server.stdout.split('\n').filter((line) => line !== '')).toEqual([
    `Parley is ready at ${server.origin}`,
  ]);
});

test('a port that is taken is one clear sentence and exit code 2', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  server = new Running(built, { METRICS_PORT: String(port) });
  const { code, stdout, stderr } = await server.ended;
  taken.close();
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toBe(`Cannot listen on 127.0.0.1:${port} for metrics (EADDRINUSE).\n`);
});
