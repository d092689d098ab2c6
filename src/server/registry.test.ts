import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { idBytes, randomId, type MeetingId } from '../lib/protocol/ids';
import { dayOf, KEPT_DAYS, type Registry } from './registry';
import { openLibsqlRegistry } from './registry-libsql';
import { createMemoryRegistry } from './registry-memory';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-registry-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const kinds: [string, () => Registry][] = [
  ['memory', createMemoryRegistry],
  ['libsql', () => openLibsqlRegistry(folder)],
];

describe.each(kinds)('the registry in %s', (_kind, open) => {
  let registry: Registry;
  const id = randomId<MeetingId>();
  beforeEach(() => {
    registry = open();
  });
  afterEach(() => registry.close());

  test('unknown, then live, then retired for good', () => {
    expect(registry.standingOf(id)).toBe('unknown');
    registry.hosted(id, 100);
    expect(registry.standingOf(id)).toBe('live');
    expect(registry.standingOf(randomId<MeetingId>())).toBe('unknown');
    registry.retire(id);
    expect(registry.standingOf(id)).toBe('retired');
    registry.hosted(id, 101);
    registry.retire(id);
    expect(registry.standingOf(id)).toBe('retired');
  });

  test('what nobody hosted can be retired too', () => {
    registry.retire(id);
    expect(registry.standingOf(id)).toBe('retired');
  });

  test('a sweep drops what was last hosted before the day, and no tombstone', () => {
    const [old, retired] = [randomId<MeetingId>(), randomId<MeetingId>()];
    registry.hosted(old, 99);
    registry.hosted(retired, 99);
    registry.retire(retired);
    registry.hosted(id, 99);
    registry.hosted(id, 100);
    registry.sweep(99);
    expect(registry.standingOf(old)).toBe('live');
    registry.sweep(100);
    expect([old, id, retired].map((each) => registry.standingOf(each))).toEqual([
      'unknown',
      'live',
      'retired',
    ]);
    registry.hosted(old, 101);
    expect(registry.standingOf(old)).toBe('live');
  });

  test('a clock that was set back does not age a meeting', () => {
    registry.hosted(id, 100);
    registry.hosted(id, 50);
    registry.sweep(100);
    expect(registry.standingOf(id)).toBe('live');
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

  test('opens again with what it held', () => {
    const [live, retired] = [randomId<MeetingId>(), randomId<MeetingId>()];
    const first = openLibsqlRegistry(folder);
    first.hosted(live, 7);
    first.hosted(retired, 7);
    first.retire(retired);
    first.close();
    const second = openLibsqlRegistry(folder);
    expect(second.standingOf(live)).toBe('live');
    expect(second.standingOf(retired)).toBe('retired');
    second.close();
    expect(rows().version).toEqual([2]);
  });

  test('of the first version is brought to this one and keeps what it held', () => {
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
    expect(registry.standingOf(id)).toBe('live');
    expect(registry.subscriptions.take(id, 'guest', 0)).toEqual([]);
    registry.close();
    expect(rows().version).toEqual([2]);
  });

  test('holds the id, two days and a flag; a tombstone only the id', () => {
    const [live, retired] = [randomId<MeetingId>(), randomId<MeetingId>()];
    const registry = openLibsqlRegistry(folder);
    registry.hosted(live, 7);
    registry.hosted(live, 9);
    registry.hosted(retired, 7);
    registry.retire(retired);
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

  test('is made in a folder of its own that others cannot enter', () => {
    const inner = join(folder, 'a', 'b');
    openLibsqlRegistry(inner).close();
    expect(existsSync(join(inner, 'registry.db'))).toBe(true);
    expect(statSync(inner).mode & 0o077).toBe(0);
  });
});

test('days are UTC, and a season is kept', () => {
  expect(dayOf(Date.UTC(1970, 0, 2) - 1)).toBe(0);
  expect(dayOf(Date.UTC(1970, 0, 2))).toBe(1);
  expect(KEPT_DAYS).toBe(90);
});
