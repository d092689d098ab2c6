import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRedis, REDIS_MISSING, RedisServer } from '../support/redis';
import { Client, NO_ICE, refusalOf } from './clients';
import { Host } from './host';
import { buildServer, Running, type Built } from './running';

let built: Built;
beforeAll(() => {
  built = buildServer();
}, 30_000);
afterAll(() => built.remove());

const LIMITS = { LIMIT_KNOCKS_PER_MINUTE: '100' };

/** However many processes there are, and whatever keeps what they know, a journey is the same. */
describe.each([
  ['one process', 1, true],
  ['two processes on Redis', 2, hasRedis],
] as const)('of %s', (_name, count, isHere) => {
  if (!isHere) return test.skip(REDIS_MISSING);
  const redis = new RedisServer();
  const servers: Running[] = [];
  let connections = 0;

  beforeAll(async () => {
    if (count > 1) await redis.start();
    const store: Record<string, string> = count > 1 ? { REDIS_URL: redis.url } : {};
    while (servers.length < count) servers.push(await Running.start(built, { ...LIMITS, ...store }));
  }, 30_000);
  afterAll(async () => {
    for (const server of servers) await server.remove();
    await redis.close();
  });

  /** Each connection is at another process than the one before. */
  const connect = () => {
    const server = servers[connections++ % servers.length];
    if (server === undefined) throw new Error('no server');
    return Client.connect(server);
  };

  async function hosted() {
    const host = new Host();
    const client = await connect();
    await client.claim(host);
    return { host, client, id: host.id };
  }

  describe('status and watching', () => {
    test('an id is unknown, then hosted, then known and empty', async () => {
      const host = new Host();
      const asker = await connect();
      expect(await asker.api.status.query({ id: host.id })).toEqual({ exists: false, hostPresent: false });
      const client = await connect();
      await client.claim(host);
      expect(await asker.api.status.query({ id: host.id })).toEqual({ exists: true, hostPresent: true });
      await client.api.release.mutate({ id: host.id });
      expect(await asker.api.status.query({ id: host.id })).toEqual({ exists: true, hostPresent: false });
    });

    test.each(['', 'x', 'A'.repeat(22), `${'A'.repeat(21)}B`, '__proto__', '\u0000'.repeat(256)])(
      'text %j that is no id is answered as one that nobody knows',
      async (id) => {
        const asker = await connect();
        expect(await asker.api.status.query({ id })).toEqual({ exists: false, hostPresent: false });
      },
    );

    test('each watched id is answered once, and then at each change', async () => {
      const { host, client, id } = await hosted();
      const other = new Host().id;
      const watcher = await connect();
      await watcher.api.watch.mutate({ ids: [id, other] });
      expect(await watcher.events.next('presence')).toMatchObject({ id, hostPresent: true });
      expect(await watcher.events.next('presence')).toMatchObject({ id: other, hostPresent: false });
      await client.close();
      expect(await watcher.events.next('presence')).toMatchObject({ id, hostPresent: false });
      const again = await connect();
      await again.claim(host);
      expect(await watcher.events.next('presence')).toMatchObject({ id, hostPresent: true });
      await watcher.api.watch.mutate({ ids: [] });
      await again.close();
      await watcher.settle();
      expect(watcher.events.rest).toEqual([]);
    });
  });

  describe('host and guest', () => {
    test('a knock reaches the host, envelopes go both ways, and the host has no peer id', async () => {
      const { client, id } = await hosted();
      const guest = await connect();
      expect(await guest.api.knock.mutate({ id, envelope: 'bTE' })).toEqual({
        hostPresent: true,
        ice: NO_ICE,
      });
      expect(await client.events.next('knock')).toEqual({
        type: 'knock',
        id,
        peer: guest.peer,
        envelope: 'bTE',
      });
      const back = await client.api.relay.mutate({ id, to: guest.peer, envelope: 'bTI' });
      expect(back).toEqual({ delivered: true });
      expect(await guest.events.next('relay')).toEqual({ type: 'relay', id, from: null, envelope: 'bTI' });
      expect(await guest.api.relay.mutate({ id, to: null, envelope: 'bTM' })).toEqual({ delivered: true });
      expect(await client.events.next('relay')).toEqual({
        type: 'relay',
        id,
        from: guest.peer,
        envelope: 'bTM',
      });
      await guest.api.leave.mutate({ id });
      expect(await client.events.next('gone')).toEqual({ type: 'gone', id, peer: guest.peer });
      expect(await guest.api.relay.mutate({ id, to: null, envelope: 'bTM' })).toEqual({ delivered: false });
    });

    test('who waits is told when the host comes, and the host that they wait', async () => {
      const { host, client, id } = await hosted();
      await client.api.release.mutate({ id });
      const guest = await connect();
      expect(await guest.api.knock.mutate({ id, envelope: 'bTE' })).toEqual({
        hostPresent: false,
        ice: NO_ICE,
      });
      expect(await guest.api.relay.mutate({ id, to: null, envelope: 'bTE' })).toEqual({ delivered: false });
      await client.claim(host);
      expect(await guest.events.next('presence')).toEqual({ type: 'presence', id, hostPresent: true });
      expect(await client.events.next('knock')).toEqual({
        type: 'knock',
        id,
        peer: guest.peer,
        envelope: null,
      });
      await client.close();
      expect(await guest.events.next('presence')).toEqual({ type: 'presence', id, hostPresent: false });
    });

    test('a guest whose socket goes is gone', async () => {
      const { client, id } = await hosted();
      const guest = await connect();
      await guest.api.knock.mutate({ id, envelope: null });
      await client.events.next('knock');
      await guest.close();
      expect(await client.events.next('gone')).toEqual({ type: 'gone', id, peer: guest.peer });
    });

    test('the newest claim wins', async () => {
      const { host, client, id } = await hosted();
      const guest = await connect();
      await guest.api.knock.mutate({ id, envelope: null });
      await client.events.next('knock');
      const second = await connect();
      await second.claim(host);
      expect(await client.events.next('superseded')).toEqual({ type: 'superseded', id });
      expect(await guest.events.next('presence')).toMatchObject({ hostPresent: true });
      expect(await second.events.next('knock')).toMatchObject({ peer: guest.peer, envelope: null });
      expect(await client.api.relay.mutate({ id, to: guest.peer, envelope: 'bTI' })).toEqual({
        delivered: false,
      });
      await client.close();
      await guest.settle();
      expect(guest.events.rest).toEqual([]);
      expect(await guest.api.relay.mutate({ id, to: null, envelope: 'bTM' })).toEqual({ delivered: true });
    });

    test('one socket is host of several meetings, one claim after the other', async () => {
      const client = await connect();
      const hosts = [new Host(), new Host(), new Host()];
      for (const host of hosts) await client.claim(host);
      const asker = await connect();
      for (const { id } of hosts) {
        expect(await asker.api.status.query({ id })).toEqual({ exists: true, hostPresent: true });
      }
    });

    test('guests speak to each other once the host has opened the pair, until one leaves', async () => {
      const { client, id } = await hosted();
      const [a, b] = [await connect(), await connect()];
      for (const guest of [a, b]) await guest.api.knock.mutate({ id, envelope: null });
      const fromAToB = () => a.api.relay.mutate({ id, to: b.peer, envelope: 'bTE' });
      expect(await fromAToB()).toEqual({ delivered: false });
      expect(await a.api.open.mutate({ id, peerA: a.peer, peerB: b.peer })).toEqual({ opened: false });
      expect(await client.api.open.mutate({ id, peerA: a.peer, peerB: b.peer })).toEqual({ opened: true });
      expect(await fromAToB()).toEqual({ delivered: true });
      expect(await b.events.next('relay')).toEqual({ type: 'relay', id, from: a.peer, envelope: 'bTE' });
      await b.api.leave.mutate({ id });
      await b.api.knock.mutate({ id, envelope: null });
      expect(await fromAToB()).toEqual({ delivered: false });
      expect(b.events.rest).toEqual([]);
    });
  });

  describe('refusals', () => {
    test('a meeting that no host ever opened is not found', async () => {
      const guest = await connect();
      const refusal = await refusalOf(guest.api.knock.mutate({ id: new Host().id, envelope: null }));
      expect(refusal).toEqual({ code: 'NOT_FOUND', wire: 'not-found' });
    });

    test('a meeting holds 8 people and 8 who wait', async () => {
      const { client, id } = await hosted();
      const guests = await Promise.all(Array.from({ length: 17 }, connect));
      const [last, ...others] = guests;
      for (const guest of others) await guest.api.knock.mutate({ id, envelope: null });
      const refusal = await refusalOf(last?.api.knock.mutate({ id, envelope: null }) ?? Promise.resolve());
      expect(refusal).toEqual({ code: 'CONFLICT', wire: 'full' });
      await others[0]?.close();
      for (let i = 0; i < 16; i++) await client.events.next('knock');
      await client.events.next('gone');
      expect(await last?.api.knock.mutate({ id, envelope: null })).toEqual({
        hostPresent: true,
        ice: NO_ICE,
      });
      await Promise.all(guests.map((guest) => guest.close()));
    });

    test('a retired meeting is over for everybody, for good', async () => {
      const { host, client, id } = await hosted();
      const guest = await connect();
      await guest.api.knock.mutate({ id, envelope: null });
      await client.events.next('knock');
      const watcher = await connect();
      await watcher.api.watch.mutate({ ids: [id] });
      await watcher.events.next('presence');
      const other = await connect();
      await other.api.retire.mutate(host.retire(other.origin, Date.now()));
      for (const client_ of [client, guest, watcher]) {
        expect(await client_.events.next('retired')).toEqual({ type: 'retired', id });
      }
      expect(await refusalOf(client.claim(host))).toMatchObject({ wire: 'retired' });
      expect(await refusalOf(guest.api.knock.mutate({ id, envelope: null }))).toMatchObject({
        wire: 'retired',
      });
      expect(await guest.api.relay.mutate({ id, to: null, envelope: 'bTE' })).toEqual({ delivered: false });
      expect(await guest.api.status.query({ id })).toEqual({ exists: false, hostPresent: false });
    });

    test('without an event stream there is no session', async () => {
      const client = await connect();
      client.unsubscribe();
      const id = new Host().id;
      expect(await refusalOf(client.api.knock.mutate({ id, envelope: null }))).toEqual({
        code: 'UNAUTHORIZED',
        wire: null,
      });
      expect(await client.api.serverInfo.query()).toEqual({
        logMode: 'normal',
        version: expect.any(String) as string,
        pushKey: expect.stringMatching(/^B[A-Za-z0-9_-]{86}$/) as string,
      });
    });
  });
});
