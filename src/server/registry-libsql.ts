import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import type { MeetingId } from '../lib/protocol/ids';
import { Commits, onDisk } from './commits';
import type { Registry } from './registry';
import { createLibsqlSubscriptions } from './subscriptions-libsql';

/** One entry a version; `user_version` counts those that ran. Never change one that was released: append. */
const MIGRATIONS = [
  `CREATE TABLE meetings (
     id BLOB PRIMARY KEY CHECK (length(id) = 16),
     created_day INTEGER,
     hosted_day INTEGER,
     retired INTEGER NOT NULL DEFAULT 0 CHECK (retired IN (0, 1))
   ) WITHOUT ROWID;
   CREATE INDEX meetings_hosted_day ON meetings (hosted_day) WHERE retired = 0;`,
  `CREATE TABLE subscriptions (
     meeting BLOB NOT NULL CHECK (length(meeting) = 16),
     role TEXT NOT NULL CHECK (role IN ('host', 'guest')),
     tag TEXT NOT NULL,
     endpoint TEXT NOT NULL,
     p256dh TEXT NOT NULL,
     auth TEXT NOT NULL,
     expires_day INTEGER NOT NULL,
     pushed_at INTEGER,
     UNIQUE (endpoint, meeting)
   );
   CREATE INDEX subscriptions_meeting ON subscriptions (meeting, role);
   CREATE INDEX subscriptions_expires_day ON subscriptions (expires_day);`,
];

/**
 * The embedded registry: one SQLite file in write-ahead mode. FULL makes each change durable before it is answered:
 * a retirement that was confirmed must survive a power cut, and changes are rare (one a meeting and day). What is removed
 * is overwritten: somebody's wish to be told no more is not kept in a free page of the file.
 */
export function openLibsqlRegistry(folder: string): Registry {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = new Database(join(folder, 'registry.db'));
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA busy_timeout = 2000;',
  );
  migrate(database);

  const select = database.prepare('SELECT hosted_day FROM meetings WHERE id = ?');
  const upsert = database.prepare(
    `INSERT INTO meetings (id, created_day, hosted_day) VALUES (?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET hosted_day = excluded.hosted_day
     WHERE retired = 0 AND hosted_day < excluded.hosted_day`,
  );
  const entomb = database.prepare(
    `INSERT INTO meetings (id, retired) VALUES (?, 1)
     ON CONFLICT (id) DO UPDATE SET retired = 1, created_day = NULL, hosted_day = NULL`,
  );
  const remove = database.prepare('DELETE FROM meetings WHERE retired = 0 AND hosted_day < ?');
  const silence = database.prepare('DELETE FROM subscriptions WHERE meeting = ?');
  const commits = new Commits(database);

  return {
    async standingOf(id) {
      const row = onDisk(() => select.get([blob(id)])) as { hosted_day: number | null } | undefined;
      // A tombstone has no days.
      return row === undefined ? 'unknown' : (row.hosted_day ?? 'retired');
    },
    hosted: (id, day) => commits.write(() => void upsert.run([blob(id), day, day])),
    retire: (id) =>
      commits.write(() => {
        entomb.run([blob(id)]);
        silence.run([blob(id)]);
      }),
    sweep: (beforeDay) => commits.write(() => void remove.run([beforeDay])),
    subscriptions: createLibsqlSubscriptions(database, commits),
    async isReady() {
      if (commits.isGood) return true;
      // A write that changes nothing: a disk that takes it has recovered.
      return commits
        .write(() => void database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`))
        .then(
          () => true,
          () => false,
        );
    },
    close() {
      commits.flush();
      // libsql keeps the log's file; emptied, the database is one whole file that can be copied.
      database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get([]);
      database.close();
    },
  };
}

function migrate(database: Database.Database): void {
  const version = database.prepare('PRAGMA user_version').get([]) as { user_version: number };
  for (const [index, statements] of MIGRATIONS.entries()) {
    if (index < version.user_version) continue;
    database.exec(`BEGIN IMMEDIATE; ${statements} PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
}

/** Parameters always go in an array: a lone Buffer is taken for named parameters, which ends the process (libsql 0.5). */
function blob(id: MeetingId): Buffer {
  return Buffer.from(id, 'base64url');
}
