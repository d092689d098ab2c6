import type Database from 'libsql';
import type { MeetingId } from '../lib/protocol/ids';
import { onDisk, type Commits } from './commits';
import { dayOf } from './registry';
import { QUIET_MS, TOLD_DAYS, type Subscription, type Subscriptions } from './subscriptions';

/** The columns that are a subscription, less those it was looked for by. */
type Row = Pick<Subscription, 'tag'> & Subscription['subscription'];

/** A clock that was set back must not keep anybody from being told. */
const IS_LOUD = '(pushed_at IS NULL OR pushed_at <= ? OR pushed_at > ?)';

/** The table is the registry's; so is the order of its columns' meaning (registry-libsql.ts). */
export function createLibsqlSubscriptions(database: Database.Database, commits: Commits): Subscriptions {
  const find = database.prepare(
    'SELECT 1 FROM subscriptions WHERE endpoint = ? AND meeting = ? AND role = ?',
  );
  const findAny = database.prepare('SELECT 1 FROM subscriptions WHERE meeting = ? AND role = ? LIMIT 1');
  const countOfMeeting = database.prepare(
    'SELECT count(*) AS n FROM subscriptions WHERE meeting = ? AND role = ? AND expires_day > ?',
  );
  const countOfAll = database.prepare('SELECT count(*) AS n FROM subscriptions');
  // When it was last told stays: asking again is no way around the quiet.
  const upsert = database.prepare(
    `INSERT INTO subscriptions (endpoint, meeting, role, tag, p256dh, auth, expires_day) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (endpoint, meeting) DO UPDATE SET role = excluded.role, tag = excluded.tag,
       p256dh = excluded.p256dh, auth = excluded.auth, expires_day = excluded.expires_day`,
  );
  // One statement finds and marks them, so that a restart in between tells nobody twice.
  const mark = database.prepare(
    `UPDATE subscriptions SET pushed_at = ? WHERE meeting = ? AND role = ? AND expires_day > ? AND ${IS_LOUD}
     RETURNING tag, endpoint, p256dh, auth`,
  );
  const remove = database.prepare('DELETE FROM subscriptions WHERE endpoint = ? AND meeting = ?');
  const removeDevice = database.prepare('DELETE FROM subscriptions WHERE endpoint = ?');
  const expire = database.prepare('DELETE FROM subscriptions WHERE expires_day <= ?');
  const forget = database.prepare(
    `UPDATE subscriptions SET pushed_at = NULL WHERE pushed_at IS NOT NULL AND ${IS_LOUD}`,
  );
  const countBy = (statement: Database.Statement, values: unknown[]) =>
    (statement.get(values) as { n: number }).n;

  return {
    keep: ({ id, role, tag, subscription: { endpoint, p256dh, auth } }, bounds, nowMs) =>
      commits.write(() => {
        const [meeting, today] = [blob(id), dayOf(nowMs)];
        if (find.get([endpoint, meeting, role]) === undefined) {
          if (countBy(countOfMeeting, [meeting, role, today]) >= bounds.perMeeting) return 'full';
          if (countBy(countOfAll, []) >= bounds.all) return 'no-room';
        }
        upsert.run([endpoint, meeting, role, tag, p256dh, auth, today + TOLD_DAYS]);
        return 'kept';
      }),
    async take(id, role, nowMs) {
      // Most meetings have none, and then there is nothing to write.
      if (onDisk(() => findAny.get([blob(id), role])) === undefined) return [];
      const rows = await commits.write(
        () => mark.all([nowMs, blob(id), role, dayOf(nowMs), nowMs - QUIET_MS, nowMs]) as Row[],
      );
      return rows.map(({ tag, ...subscription }) => ({ id, role, tag, subscription }));
    },
    remove: (id, endpoint) => commits.write(() => void remove.run([endpoint, blob(id)])),
    removeDevice: (endpoint) => commits.write(() => void removeDevice.run([endpoint])),
    sweep: (nowMs) =>
      commits.write(() => {
        expire.run([dayOf(nowMs)]);
        forget.run([nowMs - QUIET_MS, nowMs]);
      }),
  };
}

/** Parameters always go in an array (registry-libsql.ts). */
function blob(id: MeetingId): Buffer {
  return Buffer.from(id, 'base64url');
}
