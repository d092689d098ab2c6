import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { randomId, type MeetingId } from '../lib/protocol/ids';
import type { Registry } from './registry';
import { openLibsqlRegistry } from './registry-libsql';
import { createMemoryRegistry } from './registry-memory';
import { openRedisRegistry } from '../../tests/support/processes';
import { hasRedis, REDIS_MISSING, RedisServer } from '../../tests/support/redis';
import { QUIET_MS, TOLD_DAYS, type Subscription } from './subscriptions';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-subscriptions-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const DAY_MS = 24 * 3_600_000;
/** Noon, so that a minute earlier or later is the same day. */
const NOW_MS = 20_000.5 * DAY_MS;
const ROOMY = { perMeeting: 100, all: 1_000 };
const id = randomId<MeetingId>();

function device(name: string, changes: Partial<Omit<Subscription, 'subscription'>> = {}): Subscription {
  const subscription = {
    endpoint: `https://push.example/${name}`,
    p256dh: `key of ${name}`,
    auth: `auth of ${name}`,
  };
  return { id, role: 'guest', tag: `tag for ${name}`, subscription, ...changes };
}
const names = (told: Subscription[]) =>
  told.map(({ subscription }) => subscription.endpoint.slice('https://push.example/'.length)).sort();

const server = new RedisServer();
beforeAll(async () => {
  if (hasRedis) await server.start();
});
afterAll(() => server.close());

const kinds: [string, boolean, () => Promise<Registry>][] = [
  ['memory', true, async () => createMemoryRegistry()],
  ['libsql', true, async () => openLibsqlRegistry(folder)],
  ['Redis', hasRedis, () => openRedisRegistry(server)],
];

describe.each(kinds)('the devices that asked to be told, in %s', (_kind, isHere, open) => {
  if (!isHere) return test.skip(REDIS_MISSING);
  let registry: Registry;
  const take = (role: Subscription['role'] = 'guest', nowMs = NOW_MS, meeting = id) =>
    registry.subscriptions.take(meeting, role, nowMs);
  const keep = (subscription: Subscription, nowMs = NOW_MS, bounds = ROOMY) =>
    registry.subscriptions.keep(subscription, bounds, nowMs);
  beforeEach(async () => {
    registry = await open();
  });
  afterEach(() => registry.close());

  test('are told with all that they said', async () => {
    expect(await take()).toEqual([]);
    expect(await keep(device('a'))).toBe('kept');
    expect(await take()).toEqual([device('a')]);
  });

  test('are told of their meeting and as what they are, and of nothing else', async () => {
    const other = randomId<MeetingId>();
    await keep(device('guest'));
    await keep(device('host', { role: 'host' }));
    await keep(device('elsewhere', { id: other }));
    expect(names(await take('guest'))).toEqual(['guest']);
    expect(names(await take('host'))).toEqual(['host']);
    expect(names(await take('guest', NOW_MS, other))).toEqual(['elsewhere']);
    expect(await take('host', NOW_MS, other)).toEqual([]);
  });

  test('are told once in ten minutes, each for itself', async () => {
    await keep(device('a'));
    expect(names(await take())).toEqual(['a']);
    await keep(device('b'));
    expect(names(await take('guest', NOW_MS + 1))).toEqual(['b']);
    expect(names(await take('guest', NOW_MS + QUIET_MS - 1))).toEqual([]);
    expect(names(await take('guest', NOW_MS + QUIET_MS))).toEqual(['a']);
    expect(names(await take('guest', NOW_MS + QUIET_MS + 1))).toEqual(['b']);
    expect(QUIET_MS).toBe(600_000);
  });

  test('one device is told of each of its meetings', async () => {
    const other = randomId<MeetingId>();
    await keep(device('a'));
    await keep(device('a', { id: other }));
    expect(names(await take())).toEqual(['a']);
    expect(names(await take('guest', NOW_MS, other))).toEqual(['a']);
  });

  test('asking again renews, replaces, and is no way around the quiet', async () => {
    await keep(device('a'));
    await take();
    const again = { ...device('a', { tag: 'a new tag' }) };
    again.subscription = { ...again.subscription, p256dh: 'a new key', auth: 'a new auth' };
    expect(await keep(again, NOW_MS + 1)).toBe('kept');
    expect(await take('guest', NOW_MS + 2)).toEqual([]);
    expect(await take('guest', NOW_MS + QUIET_MS)).toEqual([again]);
  });

  test('a device that asks in the other role has changed its mind, and not its quiet', async () => {
    await keep(device('a'));
    await take();
    await keep(device('a', { role: 'host' }));
    expect(await take('host')).toEqual([]);
    expect(await take('guest', NOW_MS + QUIET_MS)).toEqual([]);
    expect(names(await take('host', NOW_MS + QUIET_MS))).toEqual(['a']);
  });

  test('a clock that was set back silences nobody', async () => {
    await keep(device('a'));
    await take();
    expect(names(await take('guest', NOW_MS - 1))).toEqual(['a']);
    expect(names(await take('guest', NOW_MS - 1))).toEqual([]);
  });

  test('are told for thirty days after they asked last, swept or not', async () => {
    const last = NOW_MS + (TOLD_DAYS - 1) * DAY_MS;
    expect(TOLD_DAYS).toBe(30);
    for (const name of ['a', 'b']) await keep(device(name));
    await registry.subscriptions.sweep(last);
    expect(names(await take('guest', last))).toEqual(['a', 'b']);
    await keep(device('b'), last);
    expect(names(await take('guest', last + DAY_MS))).toEqual(['b']);
    await registry.subscriptions.sweep(last + DAY_MS);
    // Back in time, to see what is still there.
    expect(names(await take('guest', NOW_MS))).toEqual(['b']);
  });

  test('a sweep keeps the quiet that is still on', async () => {
    await keep(device('a'));
    await take();
    await registry.subscriptions.sweep(NOW_MS + QUIET_MS - 1);
    expect(await take('guest', NOW_MS + QUIET_MS - 1)).toEqual([]);
    await registry.subscriptions.sweep(NOW_MS + QUIET_MS);
    expect(names(await take('guest', NOW_MS + 1))).toEqual(['a']);
  });

  test('who takes it back is told no more, of that meeting', async () => {
    const other = randomId<MeetingId>();
    for (const name of ['a', 'b']) await keep(device(name));
    await keep(device('a', { id: other }));
    await registry.subscriptions.remove(id, 'https://push.example/a');
    await registry.subscriptions.remove(id, 'https://push.example/nobody');
    expect(names(await take())).toEqual(['b']);
    expect(names(await take('guest', NOW_MS, other))).toEqual(['a']);
  });

  test('a device that is gone is gone from all meetings', async () => {
    const other = randomId<MeetingId>();
    for (const name of ['a', 'b']) await keep(device(name));
    await keep(device('a', { id: other, role: 'host' }));
    await registry.subscriptions.removeDevice('https://push.example/a');
    expect(names(await take())).toEqual(['b']);
    expect(await take('host', NOW_MS, other)).toEqual([]);
  });

  test('a retired meeting loses its devices, and no other does', async () => {
    const other = randomId<MeetingId>();
    await keep(device('a'));
    await keep(device('host', { role: 'host' }));
    await keep(device('b', { id: other }));
    await registry.retire(id);
    expect([...(await take('guest')), ...(await take('host'))]).toEqual([]);
    expect(names(await take('guest', NOW_MS, other))).toEqual(['b']);
  });

  test('a meeting that nobody hosted for long keeps them: its host may still come', async () => {
    await registry.hosted(id, 100);
    await keep(device('a'));
    await registry.sweep(101);
    expect(await registry.standingOf(id)).toBe('unknown');
    expect(names(await take())).toEqual(['a']);
  });

  test('the bound of a meeting refuses the new, renews the old, and is the guests’ and the host’s apart', async () => {
    const two = { perMeeting: 2, all: 100 };
    for (const name of ['a', 'b']) expect(await keep(device(name), NOW_MS, two)).toBe('kept');
    expect(await keep(device('c'), NOW_MS, two)).toBe('full');
    expect(await keep(device('a'), NOW_MS, two)).toBe('kept');
    for (const name of ['d', 'e'])
      expect(await keep(device(name, { role: 'host' }), NOW_MS, two)).toBe('kept');
    expect(await keep(device('f', { role: 'host' }), NOW_MS, two)).toBe('full');
    // Through the other role there is no way around it either.
    expect(await keep(device('d'), NOW_MS, two)).toBe('full');
    expect(await keep(device('c', { id: randomId<MeetingId>() }), NOW_MS, two)).toBe('kept');
    expect(names(await take('guest'))).toEqual(['a', 'b']);
    await registry.subscriptions.remove(id, 'https://push.example/a');
    expect(await keep(device('c'), NOW_MS, two)).toBe('kept');
    // Those whose time is over hold no place, swept or not.
    expect(await keep(device('g'), NOW_MS + TOLD_DAYS * DAY_MS, two)).toBe('kept');
  });

  test('the bound of all refuses the new and evicts nobody', async () => {
    const three = { perMeeting: 2, all: 3 };
    const others = [randomId<MeetingId>(), randomId<MeetingId>()];
    for (const [i, meeting] of [id, id, ...others].entries()) {
      expect(await keep(device(String(i), { id: meeting }), NOW_MS, three)).toBe(i < 3 ? 'kept' : 'no-room');
    }
    expect(await keep(device('0'), NOW_MS, three)).toBe('kept');
    expect(names(await take())).toEqual(['0', '1']);
  });
});

describe('the file', () => {
  test('remembers who asked and who was told, over a restart', async () => {
    const first = openLibsqlRegistry(folder);
    for (const name of ['a', 'b']) await first.subscriptions.keep(device(name), ROOMY, NOW_MS);
    await first.subscriptions.take(id, 'guest', NOW_MS);
    await first.subscriptions.keep(device('c'), ROOMY, NOW_MS);
    first.close();
    const second = openLibsqlRegistry(folder);
    expect(await second.subscriptions.take(id, 'guest', NOW_MS + 1)).toEqual([device('c')]);
    expect(names(await second.subscriptions.take(id, 'guest', NOW_MS + QUIET_MS))).toEqual(['a', 'b']);
    second.close();
  });

  test('has of times the day on which it ends, and when it was last told until a sweep', async () => {
    const registry = openLibsqlRegistry(folder);
    await registry.subscriptions.keep(device('a'), ROOMY, NOW_MS);
    await registry.subscriptions.take(id, 'guest', NOW_MS);
    const row = () => {
      const database = new Database(join(folder, 'registry.db'));
      const found: unknown = database
        .prepare('SELECT expires_day, pushed_at FROM subscriptions')
        .raw()
        .get([]);
      database.close();
      return found;
    };
    expect(row()).toEqual([20_030, NOW_MS]);
    await registry.subscriptions.sweep(NOW_MS + QUIET_MS);
    expect(row()).toEqual([20_030, null]);
    registry.close();
  });

  test('has nothing left of what was removed', async () => {
    const registry = openLibsqlRegistry(folder);
    const many = Array.from({ length: 50 }, (_, i) => `device-${i}-`);
    for (const name of many) await registry.subscriptions.keep(device(name), ROOMY, NOW_MS);
    for (const name of many) await registry.subscriptions.remove(id, `https://push.example/${name}`);
    registry.close();
    expect(readFileSync(join(folder, 'registry.db'), 'latin1')).not.toMatch(/device-\d/);
  });
});
