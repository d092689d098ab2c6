import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hasRedis, REDIS_MISSING, RedisServer } from '../support/redis';
import { Client, refusalOf } from './clients';
import { Host } from './host';
import { buildServer, Running, type Built } from './running';

/** A process's lease of 6 s, the beat of 2 s at which others look for it, and some for a busy machine. */
const NOTICED_MS = 15_000;
const LIMITS = { LIMIT_KNOCKS_PER_MINUTE: '1000' };
const AWAY = { code: 'SERVICE_UNAVAILABLE', wire: 'unavailable' };

let built: Built;
beforeAll(() => {
  built = buildServer();
}, 30_000);
afterAll(() => built.remove());

describe.skipIf(!hasRedis)(
  `processes on one Redis${hasRedis ? '' : ` (${REDIS_MISSING})`}`,
  { timeout: 60_000 },
  () => {
    let redis: RedisServer;
    let servers: Running[] = [];

    const startOne = async (env: Record<string, string> = {}): Promise<Running> => {
      const server = await Running.start(built, { ...LIMITS, REDIS_URL: redis.url, ...env });
      servers.push(server);
      return server;
    };
    const start = async (options: { persists?: boolean } = {}): Promise<[Running, Running]> => {
      redis = new RedisServer(options);
      await redis.start();
      return [await startOne(), await startOne()];
    };
    afterEach(async () => {
      const faults = servers.flatMap(({ log }) => log.filter(({ event }) => event === 'fault'));
      await Promise.all(servers.map((server) => server.remove()));
      servers = [];
      await redis.close();
      expect(faults).toEqual([]);
    });

    /** A host at one process and a guest at the other, in the middle of a handshake. */
    async function meet(here: Running, there: Running) {
      const host = new Host();
      const [client, guest] = [await Client.connect(here), await Client.connect(there)];
      await client.claim(host);
      expect(await guest.api.knock.mutate({ id: host.id, envelope: 'bTE' })).toMatchObject({
        hostPresent: true,
      });
      expect(await client.events.next('knock')).toMatchObject({ peer: guest.peer, envelope: 'bTE' });
      return { host, id: host.id, client, guest };
    }
    type Met = Awaited<ReturnType<typeof meet>>;

    async function expectBothWays({ id, client, guest }: Met): Promise<void> {
      expect(await client.api.relay.mutate({ id, to: guest.peer, envelope: 'bTI' })).toEqual({
        delivered: true,
      });
      expect(await guest.events.next('relay')).toMatchObject({ from: null, envelope: 'bTI' });
      expect(await guest.api.relay.mutate({ id, to: null, envelope: 'bTM' })).toEqual({ delivered: true });
      expect(await client.events.next('relay')).toMatchObject({ from: guest.peer, envelope: 'bTM' });
    }

    /** Until it is there again, as clients do. */
    async function untilTaken<T>(call: () => Promise<T>): Promise<T> {
      let answer: T | undefined;
      await expect
        .poll(
          () =>
            call().then(
              (given) => ((answer = given), true),
              () => false,
            ),
          { timeout: NOTICED_MS, interval: 100 },
        )
        .toBe(true);
      return answer as T;
    }

    test('kill -9 of one: its people are gone for the other’s, and come back there', async () => {
      const [here, there] = await start();
      const { host, id, guest, client } = await meet(here, there);
      const watcher = await Client.connect(there);
      await watcher.api.watch.mutate({ ids: [id] });
      expect(await watcher.events.next('presence')).toMatchObject({ hostPresent: true });
      const stranded = await Client.connect(here);
      await stranded.api.knock.mutate({ id, envelope: null });
      await client.events.next('knock');
      await here.kill('SIGKILL');
      expect(await guest.events.next('presence')).toMatchObject({ id, hostPresent: false });
      expect(await watcher.events.next('presence')).toMatchObject({ id, hostPresent: false });
      const again = await Client.connect(there);
      await again.claim(host);
      expect(await guest.events.next('presence')).toMatchObject({ id, hostPresent: true });
      // Of the two guests the one whose process lives is there.
      expect(await again.events.next('knock')).toMatchObject({ peer: guest.peer, envelope: null });
      await again.settle();
      expect(again.events.rest).toEqual([]);
      await expectBothWays({ host, id, client: again, guest });
    });

    test('kill -9 of the guest’s: the host hears that it is gone', async () => {
      const [here, there] = await start();
      const { client, guest, id } = await meet(here, there);
      await there.kill('SIGKILL');
      expect(await client.events.next('gone')).toEqual({ type: 'gone', id, peer: guest.peer });
    });

    test('SIGTERM of one: nobody waits for a lease', async () => {
      const [here, there] = await start();
      const { guest, id } = await meet(here, there);
      const goneAtMs = performance.now();
      await here.kill('SIGTERM');
      expect(await guest.events.next('presence')).toMatchObject({ id, hostPresent: false });
      expect(performance.now() - goneAtMs).toBeLessThan(2_000);
    });

    test('Redis is held still for 10 s: the new are told so at once, the others do not notice', async () => {
      const [here, there] = await start();
      const met = await meet(here, there);
      const neighbours = await meet(here, here);
      redis.pause();
      const pausedAtMs = performance.now();
      const newcomer = await Client.connect(here);
      expect(await refusalOf(newcomer.claim(new Host()))).toEqual(AWAY);
      expect(performance.now() - pausedAtMs).toBeLessThan(5_000);
      expect(await refusalOf(newcomer.api.status.query({ id: met.id }))).toEqual(AWAY);
      // What needs no Redis goes on.
      await expectBothWays(neighbours);
      await expect.poll(() => performance.now() - pausedAtMs, { timeout: 15_000 }).toBeGreaterThan(10_000);
      redis.resume();
      await untilTaken(() => newcomer.claim(new Host()));
      await untilTaken(async () => {
        const { delivered } = await met.guest.api.relay.mutate({ id: met.id, to: null, envelope: 'bTQ' });
        if (!delivered) throw new Error('not yet');
      });
      expect(await met.client.events.next('relay')).toMatchObject({ envelope: 'bTQ' });
      // Neither was told of anything: for them nothing has happened.
      await Promise.all([met.client.settle(), met.guest.settle()]);
      expect([...met.client.events.rest, ...met.guest.events.rest]).toEqual([]);
      await expectBothWays(met);
    });

    test('kill -9 of Redis that keeps nothing: the processes say everything anew', async () => {
      const [here, there] = await start();
      const met = await meet(here, there);
      await redis.kill();
      await expect.poll(() => here.log.map(({ event }) => event)).toContain('store-lost');
      expect(await refusalOf(met.guest.api.relay.mutate({ id: met.id, to: null, envelope: 'bTE' }))).toEqual(
        AWAY,
      );
      process.kill(here.pid, 'SIGSTOP');
      await redis.start();
      const third = await Client.connect(there);
      const knock = () => third.api.knock.mutate({ id: met.id, envelope: 'bTQ' });
      const reached = () => there.log.filter(({ event }) => event === 'store-reached').length;
      await expect.poll(reached).toBe(2);
      // The host is there, but Redis has yet to hear of it: to say that it was told would be a lie.
      expect(await refusalOf(knock())).toEqual(AWAY);
      process.kill(here.pid, 'SIGCONT');
      expect(await untilTaken(knock)).toMatchObject({ hostPresent: true });
      await expect
        .poll(() => met.client.events.rest, { timeout: NOTICED_MS })
        .toContainEqual({ type: 'knock', id: met.id, peer: third.peer, envelope: 'bTQ' });
    });

    test('kill -9 of Redis that persists: no meeting is forgotten, none that was retired comes back', async () => {
      const [here, there] = await start({ persists: true });
      const hosts = Array.from({ length: 20 }, () => new Host());
      const retired = new Host();
      const client = await Client.connect(here);
      for (const host of [...hosts, retired]) await client.claim(host);
      await client.api.retire.mutate(retired.retire(client.origin, Date.now()));
      await client.close();
      await redis.kill();
      await redis.start();
      const asker = await Client.connect(there);
      for (const { id } of hosts) {
        expect(await untilTaken(() => asker.api.status.query({ id }))).toEqual({
          exists: true,
          hostPresent: false,
        });
      }
      expect(await refusalOf(asker.claim(retired))).toMatchObject({ wire: 'retired' });
    });

    test('one that starts while Redis is away listens, says so, and serves when it is there', async () => {
      redis = new RedisServer();
      await redis.start();
      await redis.kill();
      const server = await startOne();
      const client = await Client.connect(server);
      expect(await refusalOf(client.claim(new Host()))).toEqual(AWAY);
      expect((await client.api.serverInfo.query()).pushKey).toBeNull();
      await redis.start();
      await untilTaken(() => client.claim(new Host()));
      expect((await client.api.serverInfo.query()).pushKey).toHaveLength(87);
    });

    test('all have one key for pushes, and its password stands in no line', async () => {
      const [here, there] = await start();
      const keys = await Promise.all(
        [here, there].map(
          async (server) => (await (await Client.connect(server)).api.serverInfo.query()).pushKey,
        ),
      );
      expect(keys[0]).toHaveLength(87);
      expect(keys[0]).toBe(keys[1]);
      await redis.command('CONFIG', 'SET', 'requirepass', 'a-password');
      const refused = await startOne({ REDIS_URL: redis.url.replace('//', '//:wrong-password@') });
      await expect.poll(() => refused.stdout).toContain('store-lost');
      expect(refused.stdout + refused.stderr).not.toContain('wrong-password');
    });

    test('when everybody left nothing is left behind but the registry', async () => {
      const [here, there] = await start();
      const met = await meet(here, there);
      const watcher = await Client.connect(there);
      await watcher.api.watch.mutate({ ids: [met.id] });
      await Promise.all([met.client.close(), met.guest.close(), watcher.close()]);
      await expect.poll(() => redis.command('KEYS', 'parley:at:*')).toBe('');
      await Promise.all([here.kill('SIGTERM'), there.kill('SIGTERM')]);
      const keys = (await redis.command('KEYS', '*')).split('\n').sort();
      expect(keys).toEqual(['parley:meetings', 'parley:order', 'parley:vapid']);
    });
  },
);
