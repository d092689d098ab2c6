import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SESSION_HEADER, serverEvent, type ServerEvent } from '../../src/lib/protocol/signaling';
import { LOG_MODES, type LogMode } from '../../src/server/settings';
import { found } from '../support/needles';
import { ask, RawSocket } from './clients';
import { Host } from './host';
import { ask as wish } from './push-people';
import { Device, PushService } from './push-service';
import { buildServer, Running, type Built } from './running';

/**
 * What the server writes down and counts, searched for everything that it was told. Each mode is run as it is run for
 * people, with its lines on standard output and in a file. What it keeps in memory and on disk, and what goes over the
 * wire, is searched in tests/e2e/blind-server.spec.ts.
 */
const ADDRESSES = {
  host: { full: '203.0.113.77', shown: '203.0.113.0' },
  guest: { full: '2001:db8:abcd:12:3456:789a:bcde:f012', shown: '2001:db8:abcd::' },
  stranger: { full: '198.51.100.93', shown: '198.51.100.0' },
};
/** Written by the client in front of what the proxy saw: believed by nobody, written by nobody. */
const CLAIMED = '192.0.2.211';
const AGENT = 'Mozilla/5.0 (X11; Zanzibar x86_64) Umbrella/7719.4';
const FOREIGN = 'https://marzipan-locomotive.example';
const PATH = '/porcelain/kaleidoscope';
const OTHERS = {
  Referer: 'https://mail.example/inbox/ledger-of-wonders',
  Cookie: 'sid=oakenhollow7719',
  'Accept-Language': 'eo-XZ, tlh-Zanzibar',
};
/** A line that looks like one of ours, in a message of an error. */
const FAULT = 'the quillfeather broke\n    at quillfeather (/quill/feather.js:7:7)';

let built: Built;
let folder: string;
beforeAll(() => {
  built = buildServer();
  folder = mkdtempSync(join(tmpdir(), 'parley-privacy-'));
  // A fault of ours at a moment of the test's choosing.
  writeFileSync(
    join(folder, 'fault.mjs'),
    `process.on('SIGUSR2', () => { throw new Error(${JSON.stringify(FAULT)}); });`,
  );
}, 60_000);
afterAll(() => {
  built.remove();
  rmSync(folder, { recursive: true });
});

const headersOf = (origin: string, address: string) => ({
  ...OTHERS,
  Origin: origin,
  'User-Agent': AGENT,
  'X-Forwarded-For': `${CLAIMED}, ${address}`,
});

/** Somebody who calls, over one way or the other, with the headers of a browser behind a proxy. */
type Person = {
  readonly events: ServerEvent[];
  call(path: string, input?: unknown): Promise<unknown>;
  next<T extends ServerEvent['type']>(type: T): Promise<Extract<ServerEvent, { type: T }>>;
  leave(): void;
};

function waiting(events: ServerEvent[]): Person['next'] {
  return async <T extends ServerEvent['type']>(type: T) => {
    const find = () => events.find((event) => event.type === type);
    await expect.poll(find, { interval: 5 }).toBeDefined();
    return find() as Extract<ServerEvent, { type: T }>;
  };
}

async function overSocket({ origin }: Running, address: string): Promise<Person> {
  const raw = await RawSocket.open({ origin }, { headers: headersOf(origin, address) });
  const events: ServerEvent[] = [];
  raw.socket.on('message', (data: Buffer) => {
    const said = JSON.parse(data.toString()) as { id: unknown; result?: { data?: unknown } };
    if (said.id === 'events' && said.result?.data !== undefined)
      events.push(serverEvent.parse(said.result.data));
  });
  raw.send(JSON.stringify({ id: 'events', method: 'subscription', params: { path: 'connect' } }));
  let id = 0;
  return {
    events,
    async call(path, input) {
      raw.send(JSON.stringify({ id: ++id, method: 'mutation', params: { path, input } }));
      return raw.answerTo(id);
    },
    next: waiting(events),
    leave: () => raw.socket.close(),
  };
}

async function overStream({ origin }: Running, address: string): Promise<Person> {
  const headers = headersOf(origin, address);
  const events: ServerEvent[] = [];
  const stream = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${origin}/trpc/connect`, { headers: { ...headers, Accept: 'text/event-stream' } }, resolve).once(
      'error',
      reject,
    );
  });
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const blocks = (text + chunk).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^data: (\{"type".*)$/m.exec(block)?.[1];
      if (data !== undefined) events.push(serverEvent.parse(JSON.parse(data)));
    }
  });
  const next = waiting(events);
  const { session } = await next('hello');
  return {
    events,
    async call(path, input) {
      const { body } = await ask(`${origin}/trpc/${path}`, {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/json', [SESSION_HEADER]: session },
        body: JSON.stringify(input),
      });
      return body;
    },
    next,
    leave: () => stream.destroy(),
  };
}

/** A little meeting, and what goes wrong around it. Answers everything in it that nobody may find. */
async function live(server: Running, service: PushService): Promise<Record<string, Buffer>> {
  const { origin } = server;
  const envelopes = Array.from({ length: 4 }, () => randomBytes(90));
  const [first = '', second = '', third = '', fourth = ''] = envelopes.map((bytes) =>
    bytes.toString('base64url'),
  );
  const [host, other] = [new Host(), new Host()];
  const { id } = host;
  const client = await overSocket(server, ADDRESSES.host.full);
  const guest = await overStream(server, ADDRESSES.guest.full);
  const [hostHello, guestHello] = [await client.next('hello'), await guest.next('hello')];
  const device = new Device(service.origin);
  const tag = randomBytes(16);

  const proof = host.claim(origin, hostHello.nonce);
  const claimed = (await client.call('claim', proof)) as { result: { data: { nonce: string } } };
  await client.call('watch', { ids: [id, other.id] });
  await client.call('tell', wish(id, device, 'host', tag));
  await guest.call('knock', { id, envelope: first });
  const { peer } = await client.next('knock');
  await client.call('relay', { id, to: peer, envelope: second });
  await guest.next('relay');
  await guest.call('relay', { id, to: null, envelope: third });
  await client.next('relay');

  // Refused for what they say.
  const stolen = { ...other.claim(origin, guestHello.nonce), id };
  await guest.call('claim', stolen);
  await guest.call('knock', { id: other.id, envelope: fourth });
  const retiring = other.retire(origin, 7);
  await guest.call('retire', retiring);
  await guest.call(`invented${id}`, { id });
  await client.call('status', { id: { secret: id } });
  await client.call(PATH, { id });
  // Refused for where they come from, how they ask, and what they send.
  const stranger = headersOf(FOREIGN, ADDRESSES.stranger.full);
  await expect(RawSocket.open(server, { origin: FOREIGN, headers: stranger })).rejects.toThrow('403');
  await ask(`${origin}/trpc/status`, { method: 'POST', headers: stranger, body: JSON.stringify({ id }) });
  await ask(`${origin}${PATH}?id=${id}`, { headers: stranger });
  await ask(`${origin}/m?${id}`, { method: 'POST', headers: stranger, body: first });
  await ask(`${origin}/trpc/${PATH}?id=${id}`, { headers: stranger });
  const junk = await RawSocket.open(server, { headers: headersOf(origin, ADDRESSES.stranger.full) });
  junk.send(`${id} and more junk`);
  junk.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'status', input: first, more: id } }));
  junk.send(Buffer.from(first));
  await expect.poll(() => junk.socket.readyState).toBe(junk.socket.CLOSED);
  // A push that is refused: the host is gone and somebody knocks.
  service.answer = () => 403;
  await client.call('release', { id });
  await guest.call('knock', { id, envelope: first });
  const push = await service.next();
  process.kill(server.pid, 'SIGUSR2');
  client.leave();
  guest.leave();

  return {
    'the meeting': idBytesOf(id),
    'another meeting': idBytesOf(other.id),
    'the host’s key': Buffer.from(host.publicKey),
    'a proof': Buffer.from(proof.signature, 'base64url'),
    'a false proof': Buffer.from(stolen.signature, 'base64url'),
    'a retirement': Buffer.from(retiring.signature, 'base64url'),
    ...named('nonce', [hostHello.nonce, guestHello.nonce, claimed.result.data.nonce]),
    ...named('token', [hostHello.session, guestHello.session]),
    ...named('peer', [hostHello.peer, guestHello.peer]),
    ...Object.fromEntries(envelopes.map((bytes, index) => [`envelope ${index}`, bytes])),
    'the address at the push service': Buffer.from(device.path),
    'the push service': Buffer.from(service.origin),
    'the key of the device': Buffer.from(device.subscription.p256dh, 'base64url'),
    'the secret of the device': Buffer.from(device.subscription.auth, 'base64url'),
    'what the device is told': tag,
    'the push itself': push.body,
    'a browser': Buffer.from(AGENT),
    'a part of a browser’s name': Buffer.from('Umbrella'),
    ...Object.fromEntries(Object.entries(OTHERS).map(([name, value]) => [name, Buffer.from(value)])),
    'a path': Buffer.from(PATH),
    'the path of a call': Buffer.from('/trpc/status'),
    'a foreign origin': Buffer.from(new URL(FOREIGN).hostname),
    'our origin': Buffer.from(origin),
    junk: Buffer.from('and more junk'),
    'a fault’s message': Buffer.from('quillfeather'),
    'an address that nobody saw': Buffer.from(CLAIMED),
  };
}

const idBytesOf = (id: string) => Buffer.from(id, 'base64url');
const named = (name: string, texts: readonly string[]) =>
  Object.fromEntries(texts.map((text, index) => [`${name} ${index}`, Buffer.from(text, 'base64url')]));

describe.each(LOG_MODES)('in mode %s', (mode) => {
  test.each(['standard output', 'a file'])(
    'on %s: nothing of a meeting and nothing of a person',
    async (place) => {
      const service = await PushService.start();
      const logs = join(folder, `${mode}-${place}`);
      const server = await Running.start(built, {
        LOG_MODE: mode,
        TRUST_PROXY_HOPS: '1',
        METRICS_PORT: '0',
        PUSH_SERVICES: service.origin,
        LIMIT_BAD_MESSAGES: '3',
        NODE_OPTIONS: `--import ${pathToFileURL(join(folder, 'fault.mjs')).href}`,
        ...(place === 'a file' && { LOG_FILE: join(logs, 'parley.log') }),
      });
      try {
        const secrets = await live(server, service);
        const url = /^Metrics are at (\S+)$/m.exec(server.stdout)?.[1] ?? '';
        const counts = async () => (await ask(url)).body;
        await expect.poll(counts).toMatch(/^parley_faults_total 1$/m);
        await expect.poll(counts).toMatch(/^parley_sessions 0$/m);
        const metrics = await counts();
        await server.kill('SIGTERM');

        const files = mode !== 'off' && place === 'a file' ? readdirSync(logs) : [];
        const inFiles = files.map((name) => readFileSync(join(logs, name), 'utf8')).join('');
        const own = [`Metrics are at ${url}\n`, `Parley is ready at ${server.origin}\n`];
        const onOutput = own.reduce((text, line) => text.replace(line, ''), server.stdout);
        const lines = (place === 'a file' ? inFiles : onOutput).split('\n').filter((line) => line !== '');
        expect(place === 'a file' ? onOutput : inFiles).toBe('');

        const full = Object.values(ADDRESSES).map(({ full: address }) => [address, Buffer.from(address)]);
        const addresses = Object.fromEntries(full) as Record<string, Buffer>;
        const shown = Object.values(ADDRESSES).map(({ shown: address }) => address);
        const log = { 'the log': Buffer.from(lines.join('\n')) };
        const elsewhere = {
          'standard error': Buffer.from(server.stderr),
          'the metrics': Buffer.from(metrics),
        };
        expect(found(secrets, { ...log, ...elsewhere })).toEqual([]);
        expect(found(addresses, elsewhere)).toEqual([]);
        for (const address of shown) expect(metrics).not.toContain(address);
        for (const label of metrics.matchAll(/^parley_\w+\{(.*)\}/gm)) expect(label[1]).toMatch(LABELS);
        expectLines(
          mode,
          lines.map((line) => JSON.parse(line) as Record<string, unknown>),
          addresses,
          shown,
        );
        // The search does find what is there to be found.
        if (mode === 'debug') expect(found(addresses, log)).toHaveLength(full.length);
      } finally {
        await server.remove();
        await service.close();
      }
    },
  );
});

/** Words of our own source: calls, codes, events, transports, and the bounds of a histogram. */
const LABELS = /^(?:(?:call|outcome|event|transport)="[A-Za-z_-]+",?)+$|^le="[\d.+Inf]+"$/;

function expectLines(
  mode: LogMode,
  lines: readonly Record<string, unknown>[],
  full: Record<string, Buffer>,
  shown: readonly string[],
): void {
  if (mode === 'off') return expect(lines).toEqual([]);
  const events = lines.map(({ event }) => event);
  for (const event of [
    'session-begun',
    'claimed',
    'claim-refused',
    'retire-refused',
    'origin-refused',
    'bad-message',
    'socket-closed',
    'push-refused',
    'session-ended',
    'fault',
    'stopping',
  ]) {
    expect(events).toContain(event);
  }
  const fields = new Set(lines.flatMap((line) => Object.keys(line)));
  expect([...fields].sort()).toEqual(['address', 'at', 'event', 'level', 'name', 'time']);
  const addresses = new Set(lines.map(({ address }) => address).filter((address) => address !== undefined));
  expect([...addresses].sort()).toEqual([...(mode === 'debug' ? Object.keys(full) : shown)].sort());
  const fault = lines.find(({ event }) => event === 'fault');
  expect(fault).toMatchObject({
    name: 'Error',
    at: expect.stringMatching(/^at .*fault\.mjs:1:\d+\)?$/) as string,
  });
}
