import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SESSION_HEADER } from '../../src/lib/protocol/signaling';
import { Client, clientApi, NO_ICE, refusalOf, Stream } from './clients';
import { Host } from './host';
import { buildServer, Running, type Built } from './running';

let built: Built;
let server: Running;
beforeAll(async () => {
  built = buildServer();
  server = await Running.start(built);
}, 30_000);
afterAll(async () => {
  await server.remove();
  built.remove();
});

test('a meeting with both ends on server-sent events', async () => {
  const [host, client, guest] = [new Host(), await Stream.connect(server), await Stream.connect(server)];
  const { id } = host;
  const { nonce } = await client.api.claim.mutate(host.claim(server.origin, client.hello.nonce));
  expect(nonce).not.toBe(client.hello.nonce);
  // Two calls in one batch, as the client's link makes them.
  const [status, knocked] = await Promise.all([
    guest.api.status.query({ id }),
    guest.api.knock.mutate({ id, envelope: 'bTE' }),
  ]);
  expect(status).toEqual({ exists: true, hostPresent: true });
  expect(knocked).toEqual({ hostPresent: true, ice: NO_ICE });
  const { peer } = guest.hello;
  expect(await client.events.next('knock')).toEqual({ type: 'knock', id, peer, envelope: 'bTE' });
  expect(await client.api.relay.mutate({ id, to: peer, envelope: 'bTI' })).toEqual({ delivered: true });
  expect(await guest.events.next('relay')).toEqual({ type: 'relay', id, from: null, envelope: 'bTI' });
  guest.close();
  expect(await client.events.next('gone')).toEqual({ type: 'gone', id, peer });
  client.close();
});

test('one end on each transport', async () => {
  const [host, client, guest] = [new Host(), await Client.connect(server), await Stream.connect(server)];
  const { id } = host;
  await client.claim(host);
  await guest.api.knock.mutate({ id, envelope: null });
  await client.events.next('knock');
  await client.close();
  expect(await guest.events.next('presence')).toEqual({ type: 'presence', id, hostPresent: false });
  guest.close();
});

test('the token of a stream that ended, of a socket, or none, names no session', async () => {
  const ended = await Stream.connect(server);
  await ended.api.beat.mutate();
  const other = await Client.connect(server);
  const [host] = [new Host()];
  await other.claim(host);
  await ended.api.knock.mutate({ id: host.id, envelope: null });
  await other.events.next('knock');
  ended.close();
  await other.events.next('gone');
  expect(await refusalOf(ended.api.beat.mutate())).toEqual({ code: 'UNAUTHORIZED', wire: null });
  expect(await refusalOf(clientApi(server.origin).beat.mutate())).toMatchObject({ code: 'UNAUTHORIZED' });
  const [hello] = other.events.all;
  const token = hello?.type === 'hello' ? hello.session : '';
  const asSocket = clientApi(server.origin, { [SESSION_HEADER]: token });
  expect(await refusalOf(asSocket.beat.mutate())).toMatchObject({ code: 'UNAUTHORIZED' });
});

test('a call whose body comes after the end of its session does not revive it', async () => {
  const [host, client, guest] = [new Host(), await Client.connect(server), await Stream.connect(server)];
  await client.claim(host);
  await guest.api.knock.mutate({ id: host.id, envelope: null });
  await client.events.next('knock');
  const late = request(`${server.origin}/trpc/knock`, {
    method: 'POST',
    headers: {
      Origin: server.origin,
      'Content-Type': 'application/json',
      [SESSION_HEADER]: guest.hello.session,
      Expect: '100-continue',
    },
  });
  const status = new Promise((resolve, reject) => {
    late.once('response', (response) => resolve(response.statusCode));
    late.once('error', reject);
  });
  late.flushHeaders();
  await new Promise((resolve) => late.once('continue', resolve));
  guest.close();
  await client.events.next('gone');
  late.end(JSON.stringify({ id: host.id, envelope: null }));
  expect(await status).toBe(401);
  await client.settle();
  expect(client.events.rest).toEqual([]);
});
