import { connect as connectTcp } from 'node:net';
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ask, Client, clientApi, RawSocket, refusalOf } from './clients';
import { Host } from './host';
import { buildServer, Running, type Built } from './running';

let built: Built;
let server: Running | null = null;
beforeAll(() => {
  built = buildServer();
}, 30_000);
afterEach(async () => {
  await server?.remove();
  server = null;
});
afterAll(() => built.remove());

const start = async (limits: Record<string, string>): Promise<Running> => {
  server = await Running.start(built, limits);
  return server;
};
const LIMITED = { code: 'TOO_MANY_REQUESTS', wire: 'rate-limited' };
const CONNECT = JSON.stringify({ id: 0, method: 'subscription', params: { path: 'connect' } });
const BEAT = JSON.stringify({ id: 1, method: 'mutation', params: { path: 'beat' } });

test('connections and open sockets of one address', async () => {
  const running = await start({ LIMIT_OPEN_PER_ADDRESS: '3', LIMIT_CONNECTIONS_PER_MINUTE: '5' });
  const open = [await RawSocket.open(running), await RawSocket.open(running), await RawSocket.open(running)];
  await expect(RawSocket.open(running)).rejects.toThrow('429');
  for (const { socket } of open) socket.close();
  await Promise.all(open.map(({ closed }) => closed));
  await RawSocket.open(running);
  await RawSocket.open(running);
  // Two more are open, so there is a place; the sixth within a minute it is that is refused.
  await expect(RawSocket.open(running)).rejects.toThrow('429');
  const headers = { 'Sec-Fetch-Site': 'same-origin' };
  expect((await ask(`${running.origin}/trpc/connect`, { headers })).status).toBe(429);
});

test('behind a proxy the address is the one the trusted hop saw, whatever the client wrote', async () => {
  const running = await start({ TRUST_PROXY_HOPS: '1', LIMIT_OPEN_PER_ADDRESS: '1' });
  const from = (forwarded: string) => RawSocket.open(running, { headers: { 'X-Forwarded-For': forwarded } });
  await from('198.51.100.7');
  await expect(from('198.51.100.99')).rejects.toThrow('429');
  await expect(from('203.0.113.5, 198.51.100.8')).rejects.toThrow('429');
  await from('198.51.100.7, 203.0.113.5');
  await from('2001:db8:1:2::3');
  await expect(from('2001:db8:1:ffff::1')).rejects.toThrow('429');
});

test('the whole server', async () => {
  const running = await start({ LIMIT_SOCKETS: '2' });
  const first = await Client.connect(running);
  await Client.connect(running);
  await expect(RawSocket.open(running)).rejects.toThrow('429');
  await first.claim(new Host());
});

test('status: ten a minute beyond a burst', async () => {
  const running = await start({ LIMIT_STATUS_BURST: '3', LIMIT_STATUS_PER_MINUTE: '1' });
  const api = clientApi(running.origin);
  const { id } = new Host();
  for (let i = 0; i < 3; i++) await api.status.query({ id });
  expect(await refusalOf(api.status.query({ id }))).toEqual(LIMITED);
});

test('new meetings; one that exists costs nothing', async () => {
  const running = await start({ LIMIT_CREATIONS_PER_HOUR: '2' });
  const client = await Client.connect(running);
  const [host, ...others] = [new Host(), new Host(), new Host()];
  await client.claim(host ?? new Host());
  for (const other of others.slice(0, 1)) await client.claim(other);
  expect(await refusalOf(client.claim(new Host()))).toEqual(LIMITED);
  // The proof that was refused was not used up, and a retirement cannot fill the disk either.
  expect(await refusalOf(client.api.retire.mutate(new Host().retire(running.origin, Date.now())))).toEqual(
    LIMITED,
  );
  await client.claim(host ?? new Host());
});

test('meetings of one socket, and of the server', async () => {
  const running = await start({ LIMIT_MEETINGS_PER_SOCKET: '2', LIMIT_MEETINGS: '3' });
  const [one, two] = [await Client.connect(running), await Client.connect(running)];
  const hosts = [new Host(), new Host()];
  for (const host of hosts) await one.claim(host);
  expect(await refusalOf(one.claim(new Host()))).toEqual(LIMITED);
  await two.claim(new Host());
  // It has room for one more of its own, and the server has none.
  expect(await refusalOf(two.claim(new Host()))).toEqual(LIMITED);
  for (const { id } of hosts.slice(1))
    expect(await two.api.knock.mutate({ id, envelope: null })).toMatchObject({ hostPresent: true });
  for (const host of hosts) await one.claim(host);
});

test('people of a meeting and those who wait', async () => {
  const running = await start({ LIMIT_PEOPLE: '1', LIMIT_WAITING: '1' });
  const host = new Host();
  await (await Client.connect(running)).claim(host);
  const guests = [
    await Client.connect(running),
    await Client.connect(running),
    await Client.connect(running),
  ];
  const knock = (index: number) =>
    (guests[index] ?? guests[0])?.api.knock.mutate({ id: host.id, envelope: null });
  for (const index of [0, 1]) expect(await knock(index)).toMatchObject({ hostPresent: true });
  expect(await refusalOf(Promise.resolve(knock(2)))).toEqual({ code: 'CONFLICT', wire: 'full' });
  await guests[0]?.api.leave.mutate({ id: host.id });
  expect(await knock(2)).toMatchObject({ hostPresent: true });
});

test('the size of a message', async () => {
  const running = await start({ LIMIT_MESSAGE_BYTES: '1000' });
  const [small, large] = [await RawSocket.open(running), await RawSocket.open(running)];
  const frame = (bytes: number) => CONNECT + ' '.repeat(bytes - CONNECT.length);
  small.send(frame(1_000));
  expect(await small.answerTo(0)).toMatchObject({ result: { type: 'started' } });
  large.send(frame(1_001));
  expect(await large.closed).toBe(1009);
  const body = { method: 'POST', headers: { Origin: running.origin }, body: 'x'.repeat(1_001) };
  expect((await ask(`${running.origin}/trpc/status`, body)).status).toBe(413);
});

test('knocks and relayed bytes of one socket', async () => {
  const running = await start({ LIMIT_KNOCKS_PER_MINUTE: '3', LIMIT_RELAY_BYTES_PER_MINUTE: '30000' });
  const [host, client, guest] = [new Host(), await Client.connect(running), await Client.connect(running)];
  await client.claim(host);
  const { id } = host;
  for (let i = 0; i < 3; i++) await guest.api.knock.mutate({ id, envelope: null });
  expect(await refusalOf(guest.api.knock.mutate({ id, envelope: null }))).toEqual(LIMITED);
  const envelope = 'A'.repeat(20_000);
  expect(await guest.api.relay.mutate({ id, to: null, envelope })).toEqual({ delivered: true });
  expect(await refusalOf(guest.api.relay.mutate({ id, to: null, envelope }))).toEqual(LIMITED);
  expect(await guest.api.relay.mutate({ id, to: null, envelope: 'bTE' })).toEqual({ delivered: true });
});

test('fresh credentials for a relay, asked for or guessed at', async () => {
  const running = await start({ LIMIT_ICE_PER_MINUTE: '2' });
  const [host, client, stranger] = [new Host(), await Client.connect(running), await Client.connect(running)];
  await client.claim(host);
  for (let i = 0; i < 2; i++) await client.api.ice.mutate({ id: host.id });
  for (let i = 0; i < 2; i++) await refusalOf(stranger.api.ice.mutate({ id: host.id }));
  for (const { api } of [client, stranger]) {
    expect(await refusalOf(api.ice.mutate({ id: host.id }))).toEqual(LIMITED);
  }
});

test('messages: beyond the burst each call is told so; a flood that goes on is cut off', async () => {
  const running = await start({ LIMIT_MESSAGES_PER_SECOND: '1', LIMIT_MESSAGES_BURST: '10' });
  const client = await Client.connect(running);
  // The first of eleven was `connect`.
  const calls = Array.from({ length: 3 }, () => client.api.beat.mutate());
  await Promise.all(calls);
  for (let i = 0; i < 6; i++) await client.settle();
  expect(await refusalOf(client.settle())).toEqual(LIMITED);
  const raw = await RawSocket.open(running);
  for (let i = 0; i < 40; i++) raw.send(BEAT);
  expect(await raw.closed).toBe(1008);
});

test('heartbeats are messages too', async () => {
  const running = await start({ LIMIT_MESSAGES_PER_SECOND: '1', LIMIT_MESSAGES_BURST: '10' });
  const raw = await RawSocket.open(running);
  for (let i = 0; i < 40; i++) raw.send('PING');
  expect(await raw.closed).toBe(1008);
});

test('calls over HTTP without a session', async () => {
  const running = await start({ LIMIT_MESSAGES_PER_SECOND: '1', LIMIT_MESSAGES_BURST: '4' });
  const api = clientApi(running.origin);
  for (let i = 0; i < 4; i++) await api.serverInfo.query();
  const both = await Promise.all([refusalOf(api.serverInfo.query()), refusalOf(api.serverInfo.query())]);
  expect(both).toEqual([LIMITED, LIMITED]);
});

test('watched ids', async () => {
  const running = await start({ LIMIT_WATCHED_PER_MINUTE: '3', LIMIT_WATCHES: '2' });
  const client = await Client.connect(running);
  const ids = [new Host().id, new Host().id, new Host().id];
  expect(await refusalOf(client.api.watch.mutate({ ids }))).toEqual(LIMITED);
  const other = await Client.connect(running);
  await other.api.watch.mutate({ ids: ids.slice(0, 2) });
  expect(await refusalOf(other.api.watch.mutate({ ids: ids.slice(0, 2) }))).toEqual(LIMITED);
});

test('a socket that says nothing, and one that only keeps alive', async () => {
  const running = await start({ LIMIT_FIRST_MESSAGE_MS: '200' });
  const raw = await RawSocket.open(running);
  expect(await raw.closed).toBe(1008);
  const alive = await RawSocket.open(running);
  alive.send('PING');
  expect(await alive.closed).toBe(1008);
});

test('a client that froze is gone for its host within the ping and its wait', async () => {
  const running = await start({
    LIMIT_PING_MS: '300',
    LIMIT_PONG_MS: '200',
    LIMIT_FIRST_MESSAGE_MS: '60000',
  });
  const [host, client] = [new Host(), await Client.connect(running)];
  await client.claim(host);
  const raw = await RawSocket.open(running);
  raw.send(CONNECT);
  raw.send(
    JSON.stringify({
      id: 1,
      method: 'mutation',
      params: { path: 'knock', input: { id: host.id, envelope: null } },
    }),
  );
  // tRPC's own client answers pings, this socket does not.
  const { peer } = await client.events.next('knock');
  expect(await client.events.next('gone')).toEqual({ type: 'gone', id: host.id, peer });
  expect(await raw.closed).toBe(1006);
});

test('a client that never reads is dropped, and costs no more than its bound', async () => {
  const running = await start({
    LIMIT_BUFFERED_BYTES: '200000',
    LIMIT_PING_MS: '600000',
    LIMIT_MESSAGES_PER_SECOND: '100000',
    LIMIT_MESSAGES_BURST: '100000',
    LIMIT_RELAY_BYTES_PER_MINUTE: '2000000000',
  });
  const [host, client] = [new Host(), await Client.connect(running)];
  await client.claim(host);
  const deaf = connectTcp(Number(running.port), '127.0.0.1');
  deaf.write(
    `GET /trpc HTTP/1.1\r\nHost: x\r\nOrigin: ${running.origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  const knock = { path: 'knock', input: { id: host.id, envelope: null } };
  deaf.write(frame(CONNECT));
  deaf.write(frame(JSON.stringify({ id: 1, method: 'mutation', params: knock })));
  deaf.pause();
  const { peer } = await client.events.next('knock');
  const envelope = 'A'.repeat(20_000);
  let sent = 0;
  const isGone = client.events.next('gone');
  for (;;) {
    const { delivered } = await client.api.relay.mutate({ id: host.id, to: peer, envelope });
    if (!delivered) break;
    sent += envelope.length;
    // The kernel's own buffers are a few megabytes on a loopback; ours must end it soon after.
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  }
  expect(await isGone).toMatchObject({ peer });
  deaf.destroy();
});

/** A masked text frame below 64 KiB (RFC 6455 section 5.2). */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const mask = randomBytes(4);
  const head =
    payload.length < 126
      ? [0x81, 0x80 | payload.length]
      : [0x81, 0xfe, payload.length >> 8, payload.length & 255];
  const masked = payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return Buffer.concat([Buffer.from(head), mask, masked]);
}
