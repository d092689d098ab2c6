import { createHash } from 'node:crypto';
import type { MeetingId } from '../lib/protocol/ids';
import type { Redis } from './redis';
import { PREFIX, script } from './redis-scripts';
import { dayOf } from './registry';
import { QUIET_MS, TOLD_DAYS, type Subscription, type Subscriptions } from './subscriptions';

/** The devices of a meeting: of each endpoint, an `Entry` in JSON. */
const devicesKey = (id: MeetingId): string => `${PREFIX}devices:${id}`;
/** The meetings of a device: its endpoint may be long, so a hash names it. */
const deviceKey = (endpoint: string): string =>
  `${PREFIX}device:${createHash('sha256').update(endpoint).digest('base64url')}`;
/** `meeting endpoint` of each, by the day on which it ends. */
const ALL = `${PREFIX}devices`;

type Entry = Pick<Subscription, 'role' | 'tag'> &
  Omit<Subscription['subscription'], 'endpoint'> & { expiresDay: number; pushedAtMs?: number };

/** A clock that was set back must not keep anybody from being told. */
const IS_LOUD = `local function isLoud(at, now) return not at or at <= now - ${QUIET_MS} or at > now end`;

/**
 *   KEYS  devices of the meeting, meetings of the device, all
 *   ARGV  meeting, endpoint, entry, today, most of the meeting, most of all
 */
const KEEP = script(`
local id, endpoint, entry = ARGV[1], ARGV[2], cjson.decode(ARGV[3])
local today, perMeeting, all = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local known = redis.call('HGET', KEYS[1], endpoint)
local before = known and cjson.decode(known)
if not before or before.role ~= entry.role then
  local alike = 0
  for _, value in ipairs(redis.call('HVALS', KEYS[1])) do
    local other = cjson.decode(value)
    if other.role == entry.role and other.expiresDay > today then alike = alike + 1 end
  end
  if alike >= perMeeting then return 'full' end
  if redis.call('ZCARD', KEYS[3]) >= all then return 'no-room' end
end
-- Asking again is no way around the quiet.
if before then entry.pushedAtMs = before.pushedAtMs end
redis.call('HSET', KEYS[1], endpoint, cjson.encode(entry))
redis.call('SADD', KEYS[2], id)
redis.call('ZADD', KEYS[3], entry.expiresDay, id .. ' ' .. endpoint)
return 'kept'
`);

/**
 *   KEYS  devices of the meeting
 *   ARGV  role, today, now in milliseconds
 *   answer  endpoint, entry, …
 */
const TAKE = script(`
${IS_LOUD}
local role, today, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local told = {}
local entries = redis.call('HGETALL', KEYS[1])
for i = 1, #entries, 2 do
  local entry = cjson.decode(entries[i + 1])
  if entry.role == role and entry.expiresDay > today and isLoud(entry.pushedAtMs, now) then
    entry.pushedAtMs = now
    local value = cjson.encode(entry)
    redis.call('HSET', KEYS[1], entries[i], value)
    told[#told + 1] = entries[i]
    told[#told + 1] = value
  end
end
return told
`);

/** Times that are of no more use. KEYS and ARGV as of TAKE, without the role. */
const FORGET = script(`
${IS_LOUD}
local now = tonumber(ARGV[1])
local entries = redis.call('HGETALL', KEYS[1])
for i = 1, #entries, 2 do
  local entry = cjson.decode(entries[i + 1])
  if entry.pushedAtMs and isLoud(entry.pushedAtMs, now) then
    entry.pushedAtMs = nil
    redis.call('HSET', KEYS[1], entries[i], cjson.encode(entry))
  end
end
return 'ok'
`);

/** The devices that asked to be told, for many processes. */
export function createRedisSubscriptions(
  redis: Redis,
): Subscriptions & { silence(id: MeetingId): Promise<void> } {
  async function remove(id: MeetingId, endpoint: string): Promise<void> {
    const link = await redis.reach();
    await link.do((commands) =>
      commands
        .multi()
        .hDel(devicesKey(id), endpoint)
        .sRem(deviceKey(endpoint), id)
        .zRem(ALL, `${id} ${endpoint}`)
        .exec(),
    );
  }

  return {
    async keep({ id, role, tag, subscription: { endpoint, p256dh, auth } }, bounds, nowMs) {
      const link = await redis.reach();
      const today = dayOf(nowMs);
      const entry: Entry = { role, tag, p256dh, auth, expiresDay: today + TOLD_DAYS };
      const outcome = await link.run(
        KEEP,
        [devicesKey(id), deviceKey(endpoint), ALL],
        [id, endpoint, JSON.stringify(entry), String(today), String(bounds.perMeeting), String(bounds.all)],
      );
      return outcome as 'kept' | 'full' | 'no-room';
    },

    async take(id, role, nowMs) {
      const link = await redis.reach();
      const args = [role, String(dayOf(nowMs)), String(nowMs)];
      const told = (await link.run(TAKE, [devicesKey(id)], args)) as string[];
      const subscriptions: Subscription[] = [];
      for (let i = 0; i + 1 < told.length; i += 2) {
        const { tag, p256dh, auth } = JSON.parse(told[i + 1] ?? '') as Entry;
        subscriptions.push({ id, role, tag, subscription: { endpoint: told[i] ?? '', p256dh, auth } });
      }
      return subscriptions;
    },

    remove,

    async removeDevice(endpoint) {
      const link = await redis.reach();
      const ids = await link.do((commands) => commands.sMembers(deviceKey(endpoint)));
      await Promise.all(ids.map((id) => remove(id as MeetingId, endpoint)));
    },

    async silence(id) {
      const link = await redis.reach();
      const endpoints = await link.do((commands) => commands.hKeys(devicesKey(id)));
      await Promise.all(endpoints.map((endpoint) => remove(id, endpoint)));
    },

    async sweep(nowMs) {
      const link = await redis.reach();
      for (const each of await link.do((commands) => commands.zRangeByScore(ALL, '-inf', dayOf(nowMs)))) {
        const [id, endpoint] = each.split(' ') as [MeetingId, string];
        await remove(id, endpoint);
      }
      const ids = new Set<string>();
      for (const each of await link.do((commands) => commands.zRange(ALL, 0, -1))) ids.add(each.slice(0, 22));
      for (const id of ids) await link.run(FORGET, [devicesKey(id as MeetingId)], [String(nowMs)]);
    },
  };
}
