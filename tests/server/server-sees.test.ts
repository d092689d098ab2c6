import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { describe, expect, test } from 'vitest';
import type { Status } from '../../src/lib/protocol/signaling';
import { Addresses } from '../../src/server/addresses';
import { DEFAULT_LIMITS } from '../../src/server/limits';
import { dayOf, KEPT_DAYS } from '../../src/server/registry';
import { openLibsqlRegistry } from '../../src/server/registry-libsql';
import { found } from '../support/needles';
import { ask as request, Client, RawSocket, type Answer } from './clients';
import { Host } from './host';
import { ask, goes, knock, tagOf, usePush } from './push-people';
import { buildServer, Running } from './running';

/**
 * Sentences of the page "What our server sees", each by its name, held to the real server's process, what it has on its
 * disk and what it writes. Those about what browsers say are in tests/e2e/server-sees.spec.ts.
 */
const ADDRESS = '203.0.113.77';
const ON_DISK = ['registry.db', 'vapid.json'];
const people = usePush();
const DAY_MS = 24 * 3_600_000;

/** Every file of the data folder, as one. */
const disk = () =>
  Buffer.concat(
    readdirSync(people.server.dataDir).map((name) => readFileSync(join(people.server.dataDir, name))),
  );
const columnsOf = (table: string) =>
  people.inFile((database) =>
    (database.prepare(`SELECT name FROM pragma_table_info('${table}')`).raw().all([]) as [string][]).flat(),
  );
const rowsOf = (table: string) =>
  people.inFile(
    (database) => database.prepare(`SELECT * FROM ${table}`).all([]) as Record<string, unknown>[],
  );

/** Somebody at that address, as a proxy in front of the server tells it. */
async function visitFrom(address: string): Promise<void> {
  const { origin } = people.server;
  const raw = await RawSocket.open({ origin }, { headers: { Origin: origin, 'X-Forwarded-For': address } });
  raw.send(JSON.stringify({ id: 1, method: 'subscription', params: { path: 'connect' } }));
  await raw.answerTo(1);
  raw.socket.close();
  await raw.closed;
}

describe('what it can see', () => {
  test('sees_addresses: the address of a connection, when it came and when it went', async () => {
    const server = await people.start({ TRUST_PROXY_HOPS: '1' });
    await visitFrom(ADDRESS);
    const events = () => server.log.filter(({ address }) => address === ADDRESS);
    await expect.poll(() => events().map(({ event }) => event)).toEqual(['session-begun', 'session-ended']);
    for (const { time } of events()) expect(Date.parse(String(time))).toBeGreaterThan(Date.now() - 60_000);
  });

  test('sees_relay_names: who is at a meeting gets servers and a random name, each connection its own', async () => {
    const server = await people.start({
      TURN_URLS: 'turn:turn.example:3478',
      TURN_SECRET: 'a-secret-of-its-own-for-this-test',
    });
    const nameOf = async (host: Host) => {
      const client = await Client.connect(server);
      const { ice } = await client.api.claim.mutate(host.claim(server.origin, client.nonce));
      const again = await client.api.ice.mutate({ id: host.id });
      const names = [ice, again].map(({ servers }) => servers.at(-1)?.username?.split(':')[1]);
      await client.close();
      expect(names[0]).toMatch(/^[\w-]{22}$/);
      expect(names[1]).toBe(names[0]);
      return names[0];
    };
    const host = new Host();
    expect(await nameOf(host)).not.toBe(await nameOf(host));
  });

  test('sees_push: endpoint, keys, meeting, role and the 16 bytes, and no more is taken', async () => {
    await people.start();
    const [host, device, tag] = [await people.left(), people.newDevice(), tagOf()];
    const client = await Client.connect(people.server);
    const wish = ask(host.id, device, 'guest', tag);
    await client.api.tell.mutate(wish);
    const [row] = rowsOf('subscriptions');
    expect(row).toMatchObject({ ...device.subscription, role: 'guest', tag: wish.tag });
    const more = { ...wish, name: 'Zephyrine Oakenhollow' };
    await expect(client.api.tell.mutate(more)).rejects.toThrow();
    await client.close();
    expect(found({ name: Buffer.from(more.name) }, { disk: disk() })).toEqual([]);
  });
});

describe('what stays on its disk', () => {
  test('sees_disk_meeting: a number, two days and a flag; dropped after 90 days; retired, the number alone', async () => {
    await people.start();
    expect(columnsOf('meetings')).toEqual(['id', 'created_day', 'hosted_day', 'retired']);
    const host = new Host();
    const client = await people.comes(host);
    const today = dayOf(Date.now());
    const id = Buffer.from(host.id, 'base64url');
    const rows = () => rowsOf('meetings').map((row) => ({ ...row, id: Buffer.from(row['id'] as Buffer) }));
    expect(rows()).toEqual([{ id, created_day: today, hosted_day: today, retired: 0 }]);
    await client.api.retire.mutate(host.retire(people.server.origin, Date.now()));
    expect(rows()).toEqual([{ id, created_day: null, hosted_day: null, retired: 1 }]);
    // A copy of the key does not bring it back.
    const again = await Client.connect(people.server);
    await expect(again.claim(host)).rejects.toThrow();
    await Promise.all([client.close(), again.close()]);
    await expectSeasonKept();
  });

  /** As the server does it every day, on a folder of its own. */
  async function expectSeasonKept(): Promise<void> {
    expect(KEPT_DAYS).toBe(90);
    const folder = mkdtempSync(join(tmpdir(), 'parley-season-'));
    const registry = openLibsqlRegistry(folder);
    const { id } = new Host();
    await registry.hosted(id, 1_000);
    await registry.sweep(1_000 + KEPT_DAYS - KEPT_DAYS);
    expect(await registry.standingOf(id)).toBe(1_000);
    await registry.sweep(1_091 - KEPT_DAYS);
    expect(await registry.standingOf(id)).toBe('unknown');
    registry.close();
    rmSync(folder, { recursive: true });
  }

  test('sees_disk_push: one line a wish, gone when taken back, after 30 days, and with the meeting', async () => {
    await people.start();
    const fields = ['meeting', 'role', 'tag', 'endpoint', 'p256dh', 'auth', 'expires_day', 'pushed_at'];
    expect(columnsOf('subscriptions')).toEqual(fields);
    const [host, one, other] = [await people.left(), people.newDevice(), people.newDevice()];
    const client = await Client.connect(people.server);
    for (const device of [one, other]) await client.api.tell.mutate(ask(host.id, device));
    expect(rowsOf('subscriptions').map((row) => row['expires_day'])).toEqual(
      [30, 30].map((days) => dayOf(Date.now()) + days),
    );
    await client.api.untell.mutate({ id: host.id, endpoint: one.subscription.endpoint });
    expect(people.keptPaths()).toEqual([other.path]);
    await client.api.retire.mutate(host.retire(people.server.origin, Date.now()));
    expect(people.keptPaths()).toEqual([]);
    await client.close();

    // What is due goes with the daily round: the wish after 30 days, the time of the last notice within a day or so.
    const folder = mkdtempSync(join(tmpdir(), 'parley-round-'));
    const registry = openLibsqlRegistry(folder);
    const pushedAt = () => {
      const database = new Database(join(folder, 'registry.db'));
      const rows = database.prepare('SELECT pushed_at FROM subscriptions').raw().all([]) as [number | null][];
      database.close();
      return rows.flat();
    };
    const atMs = 1_000 * DAY_MS;
    await registry.subscriptions.keep(ask(host.id, one), { perMeeting: 9, all: 9 }, atMs);
    await registry.subscriptions.take(host.id, 'guest', atMs);
    expect(pushedAt()).toEqual([atMs]);
    await registry.subscriptions.sweep(atMs + DAY_MS);
    expect(pushedAt()).toEqual([null]);
    await registry.subscriptions.sweep(atMs + 30 * DAY_MS);
    expect(pushedAt()).toEqual([]);
    registry.close();
    rmSync(folder, { recursive: true });
  });

  test('sees_disk_rest: nothing else is written or remembered, and no cookie is set', async () => {
    const server = await people.start({ TRUST_PROXY_HOPS: '1', LOG_MODE: 'off' });
    const host = new Host();
    const client = await people.comes(host);
    const guest = await Client.connect(server);
    await knock(guest, host);
    await guest.api.relay.mutate({
      id: host.id,
      to: null,
      envelope: Buffer.alloc(64, 7).toString('base64url'),
    });
    await visitFrom(ADDRESS);
    const { peer } = guest;
    await guest.close();
    await goes(client, host);
    expect(
      readdirSync(server.dataDir)
        .filter((name) => !/-(?:wal|shm)$/.test(name))
        .sort(),
    ).toEqual(ON_DISK);
    const needles = {
      'the envelope': Buffer.alloc(64, 7),
      'a peer id': Buffer.from(peer, 'base64url'),
      'an address': Buffer.from(ADDRESS),
      'its network': Buffer.from('203.0.113.0'),
      'the key of a host': Buffer.from(host.publicKey),
    };
    expect(found(needles, { disk: disk(), log: Buffer.from(server.stdout) })).toEqual([]);
    expect(found({ id: Buffer.from(host.id, 'base64url') }, { disk: disk() })).toEqual(['id in disk']);
    // After them the server knows of nobody there.
    const later = await Client.connect(server);
    const status: Status = await later.api.status.query({ id: host.id });
    expect(status).toEqual({ exists: true, hostPresent: false });
    await later.close();
    const answers: Answer[] = await Promise.all(
      ['/', '/healthz'].map((path) => request(server.origin + path)),
    );
    for (const { headers } of answers) expect(headers['set-cookie']).toBeUndefined();
    expectScrambled();
  });

  /** The one thing that outlives a connection: how often its network came, under a name that changes every day. */
  function expectScrambled(): void {
    let nowMs = 0;
    const addresses = new Addresses(DEFAULT_LIMITS, () => nowMs);
    const today = addresses.allowance(ADDRESS);
    // One that is in use is not forgotten for having done nothing.
    addresses.enter(today);
    expect(addresses.allowance(ADDRESS)).toBe(today);
    expect(JSON.stringify(addresses)).not.toContain('203.0.113');
    nowMs = DAY_MS;
    expect(addresses.allowance(ADDRESS)).not.toBe(today);
  }
});

describe('what it writes in its log', () => {
  const linesIn = async (LOG_MODE: string) => {
    const server = await people.start({ TRUST_PROXY_HOPS: '1', LOG_MODE });
    const host = new Host();
    await goes(await people.comes(host), host);
    await visitFrom(ADDRESS);
    const info = await new Promise<string>((resolve) => {
      void Client.connect(server).then(async (client) => {
        resolve((await client.api.serverInfo.query()).logMode);
        await client.close();
      });
    });
    await server.kill('SIGTERM');
    return {
      info,
      lines: server.log,
      text: Buffer.from(server.stdout),
      id: Buffer.from(host.id, 'base64url'),
    };
  };

  test('sees_log_text: the operator chooses, and the server says what was chosen', async () => {
    for (const mode of ['normal', 'off', 'debug']) {
      expect((await linesIn(mode)).info).toBe(mode);
      await people.server.remove();
    }
    await people.start();
  });

  test('sees_log_normal_text: what happened, when, and the network, with the last part zeroed', async () => {
    const { lines, text, id } = await linesIn('normal');
    expect(new Set(lines.flatMap((line) => Object.keys(line)))).toEqual(
      new Set(['level', 'time', 'address', 'event']),
    );
    expect(lines.map(({ event }) => event)).toContain('session-begun');
    expect(lines.map(({ address }) => address)).toContain('203.0.113.0');
    expect(found({ address: Buffer.from(ADDRESS), id }, { text })).toEqual([]);
  });

  test('sees_log_off_text: nothing at all', async () => {
    expect((await linesIn('off')).lines).toEqual([]);
  });

  test('sees_log_debug_text: the same with the full address, and still no meeting', async () => {
    const { lines, text, id } = await linesIn('debug');
    expect(lines.map(({ address }) => address)).toContain(ADDRESS);
    expect(new Set(lines.flatMap((line) => Object.keys(line)))).toEqual(
      new Set(['level', 'time', 'address', 'event']),
    );
    expect(found({ id }, { text })).toEqual([]);
  });
});

test('sees_push_service_text: a push is sealed, always equally long, and names no meeting', async () => {
  await people.start();
  const sizes = new Set<number>();
  for (const host of [await people.left(), await people.left()]) {
    const [device, tag] = [people.newDevice(), tagOf()];
    const client = await Client.connect(people.server);
    await client.api.tell.mutate(ask(host.id, device, 'guest', tag));
    await client.close();
    await goes(await people.comes(host), host);
    const push = await people.service.next();
    expect(push.path).toBe(device.path);
    const heard = Buffer.concat([Buffer.from(push.path + JSON.stringify(push.headers)), push.body]);
    expect(found({ id: Buffer.from(host.id, 'base64url'), tag }, { heard })).toEqual([]);
    // Whose device it is can open it, and finds the 16 bytes.
    expect(device.open(push.body)).toEqual(tag);
    sizes.add(push.body.length);
  }
  expect(sizes.size).toBe(1);
});

test('sees_promise_code: whoever controls a server can hand out an altered page', async () => {
  const altered = buildServer({ 'what-our-server-sees.html': '<title>Parley</title><p>Nothing at all.' });
  const server = await Running.start(altered);
  await people.start();
  const { status, body } = await request(`${server.origin}/what-our-server-sees`);
  expect([status, body]).toEqual([200, '<title>Parley</title><p>Nothing at all.']);
  await server.remove();
  altered.remove();
});
