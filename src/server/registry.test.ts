import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { idBytes, randomId, type MeetingId } from '../lib/protocol/ids';
import { dayOf, KEPT_DAYS, type Registry } from './registry';
import { openLibsqlRegistry } from './registry-libsql';
import { createMemoryRegistry } from './registry-memory';
import { isUnavailable } from './refusal';
import { openRedisRegistry } from '../../tests/support/processes';
import { hasRedis, REDIS_MISSING, RedisServer } from '../../tests/support/redis';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-registry-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

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

describe.each(kinds)('the registry in %s', (_kind, isHere, open) => {
  if (!isHere) return test.skip(REDIS_MISSING);
  let registry: Registry;
  let id: MeetingId;
  beforeEach(async () => {
    id = randomId<MeetingId>();
    registry = await open();
  });
  afterEach(() => registry.close());

  test('unknown, then live, then retired for good', async () => {
    expect(await registry.standingOf(id)).toBe('unknown');
    await registry.hosted(id, 100);
    expect(await registry.standingOf(id)).toBe(100);
    expect(await registry.standingOf(randomId<MeetingId>())).toBe('unknown');
    await registry.retire(id);
    expect(await registry.standingOf(id)).toBe('retired');
    await registry.hosted(id, 101);
    await registry.retire(id);
    expect(await registry.standingOf(id)).toBe('retired');
  });

  test('what nobody hosted can be retired too', async () => {
    await registry.retire(id);
    expect(await registry.standingOf(id)).toBe('retired');
  });

  test('a sweep drops what was last hosted before the day, and no tombstone', async () => {
    const [old, retired] = [randomId<MeetingId>(), randomId<MeetingId>()];
    await registry.hosted(old, 99);
    await registry.hosted(retired, 99);
    await registry.retire(retired);
    await registry.hosted(id, 99);
    await registry.hosted(id, 100);
    await registry.sweep(99);
    expect(await registry.standingOf(old)).toBe(99);
    await registry.sweep(100);
    expect(await Promise.all([old, id, retired].map((each) => registry.standingOf(each)))).toEqual([
      'unknown',
      100,
      'retired',
    ]);
    await registry.hosted(old, 101);
    expect(await registry.standingOf(old)).toBe(101);
  });

  test('a clock that was set back does not age a meeting', async () => {
    await registry.hosted(id, 100);
    await registry.hosted(id, 50);
    await registry.sweep(100);
    expect(await registry.standingOf(id)).toBe(100);
  });
});

describe.skipIf(!hasRedis)('the registry in a Redis that is killed before it wrote anything down', () => {
  /** Far longer than all need to come back. */
  const BACK_MS = 10_000;

  test('what was answered is told to it again, and until then nothing is unknown', async () => {
    // It keeps nothing at all: the longest delay that there can be.
    const forgetful = new RedisServer();
    await forgetful.start();
    const [here, there] = [await openRedisRegistry(forgetful), await openRedisRegistry(forgetful)];
    const [live, retired, nobodys] = [randomId<MeetingId>(), randomId<MeetingId>(), randomId<MeetingId>()];
    await here.hosted(live, 100);
    await here.hosted(retired, 100);
    await here.retire(retired);

    /** All that the other process answers from its return on until it answers so. */
    const answersUntil = async (id: MeetingId, last: unknown): Promise<unknown[]> => {
      const answers: unknown[] = [];
      await expect
        .poll(
          async () => {
            const isBack = await there.isReady();
            const answer = await there.standingOf(id).catch((cause: unknown) => cause);
            if (isBack) answers.push(answer);
            return answer;
          },
          { timeout: BACK_MS, interval: 20 },
        )
        .toBe(last);
      return answers;
    };
    await forgetful.kill();
    await expect.poll(() => there.isReady()).toBe(false);
    const answers = Promise.all([
      answersUntil(live, 100),
      answersUntil(retired, 'retired'),
      answersUntil(nobodys, 'unknown'),
    ]);
    await forgetful.start();
    const [ofLive, ofRetired, ofNobodys] = await answers;
    expect([...ofLive, ...ofRetired]).not.toContain('unknown');
    expect(ofNobodys.length).toBeGreaterThan(1);
    expect(ofNobodys.slice(0, -1).every(isUnavailable)).toBe(true);
    here.close();
    there.close();
    await forgetful.close();
  });
});

describe('the file', () => {
  const rows = () => {
    const database = new Database(join(folder, 'registry.db'));
    const found: unknown[] = database.prepare('SELECT * FROM meetings').raw().all([]);
    const version: unknown = database.prepare('PRAGMA user_version').raw().get([]);
    database.close();
    return { found, version };
  };

  test('opens again with what it held', async () => {
    const [live, retired] = [randomId<MeetingId>(), randomId<MeetingId>()];
    const first = openLibsqlRegistry(folder);
    await first.hosted(live, 7);
    await first.hosted(retired, 7);
    await first.retire(retired);
    first.close();
    const second = openLibsqlRegistry(folder);
    expect(await second.standingOf(live)).toBe(7);
    expect(await second.standingOf(retired)).toBe('retired');
    second.close();
    expect(rows().version).toEqual([2]);
  });

  test('of the first version is brought to this one and keeps what it held', async () => {
    const id = randomId<MeetingId>();
    const old = new Database(join(folder, 'registry.db'));
    old.exec(
      `CREATE TABLE meetings (
         id BLOB PRIMARY KEY CHECK (length(id) = 16),
         created_day INTEGER,
         hosted_day INTEGER,
         retired INTEGER NOT NULL DEFAULT 0 CHECK (retired IN (0, 1))
       ) WITHOUT ROWID;
       CREATE INDEX meetings_hosted_day ON meetings (hosted_day) WHERE retired = 0;
       PRAGMA user_version = 1;`,
    );
    old
      .prepare('INSERT INTO meetings (id, created_day, hosted_day) VALUES (?, ?, ?)')
      .run([Buffer.from(idBytes(id)), 7, 9]);
    old.close();
    const registry = openLibsqlRegistry(folder);
    expect(await registry.standingOf(id)).toBe(9);
    expect(await registry.subscriptions.take(id, 'guest', 0)).toEqual([]);
    registry.close();
    expect(rows().version).toEqual([2]);
  });

  test('holds the id, two days and a flag; a tombstone only the id', async () => {
    const [live, retired] = [randomId<MeetingId>(), randomId<MeetingId>()];
    const registry = openLibsqlRegistry(folder);
    await registry.hosted(live, 7);
    await registry.hosted(live, 9);
    await registry.hosted(retired, 7);
    await registry.retire(retired);
    registry.close();
    const days = (rows().found as unknown[][]).map(([, ...rest]) => rest);
    expect(days).toHaveLength(2);
    expect(days).toEqual(
      expect.arrayContaining([
        [7, 9, 0],
        [null, null, 1],
      ]),
    );
  });

  test('is made in a folder of its own that others cannot enter', async () => {
    const inner = join(folder, 'a', 'b');
    openLibsqlRegistry(inner).close();
    expect(existsSync(join(inner, 'registry.db'))).toBe(true);
    expect(statSync(inner).mode & 0o077).toBe(0);
  });
});

test('days are UTC, and a season is kept', async () => {
  expect(dayOf(Date.UTC(1970, 0, 2) - 1)).toBe(0);
  expect(dayOf(Date.UTC(1970, 0, 2))).toBe(1);
  expect(KEPT_DAYS).toBe(90);
});
