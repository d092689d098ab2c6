import type { MeetingId } from '../lib/protocol/ids';
import { BEAT_MS, type Redis } from './redis';
import { PREFIX } from './redis-scripts';
import { Refusal } from './refusal';
import type { Registry } from './registry';
import { createRedisSubscriptions } from './subscriptions-redis';

/**
 * Every meeting that was hosted, by the day it was last hosted. One sorted set: a day only ever grows, and that of a
 * retired meeting is beyond all days, so that nothing brings it back and no sweep drops it.
 */
const MEETINGS = `${PREFIX}meetings`;
const RETIRED = Number.MAX_SAFE_INTEGER;

/** `appendfsync everysec` writes up to two seconds late, and a Redis that hangs is found out two beats later. */
const LATE_BEATS = Math.ceil(2_000 / BEAT_MS) + 2;
/** All who were connected try anew every second. */
const UNSURE_MS = 2_000;

/**
 * The registry of many processes. It is as durable as the operator lets Redis be (`appendonly`, docs/operations.md); and
 * what a Redis that was killed had answered and not yet written, each process tells it again. Until all had the time for
 * that, a meeting that it does not know is none to be sure of.
 */
export function createRedisRegistry(redis: Redis): Registry {
  /** What may not be on the disk yet, and for how many beats more. */
  const late = new Map<MeetingId, { score: number; beats: number }>();
  let wasOpened = false;
  let unsureUntilMs = 0;
  redis.use({
    async opened(link) {
      if (wasOpened) unsureUntilMs = performance.now() + UNSURE_MS;
      wasOpened = true;
      if (late.size === 0) return;
      const rows = [...late].map(([value, { score }]) => ({ value, score }));
      await link.do((commands) => commands.zAdd(MEETINGS, rows, { comparison: 'GT' }));
    },
    beat: async () => {
      for (const [id, row] of late) if (--row.beats === 0) late.delete(id);
    },
  });

  const raise = async (id: MeetingId, score: number): Promise<void> => {
    const link = await redis.reach();
    await link.do((commands) => commands.zAdd(MEETINGS, { value: id, score }, { comparison: 'GT' }));
    const before = late.get(id)?.score ?? 0;
    late.set(id, { score: Math.max(score, before), beats: LATE_BEATS });
  };
  const subscriptions = createRedisSubscriptions(redis);
  return {
    async standingOf(id) {
      const link = await redis.reach();
      const score = await link.do((commands) => commands.zScore(MEETINGS, id));
      if (score !== null) return score === RETIRED ? 'retired' : score;
      if (performance.now() < unsureUntilMs) throw new Refusal('unavailable');
      return 'unknown';
    },
    hosted: raise,
    async retire(id) {
      await subscriptions.silence(id);
      await raise(id, RETIRED);
    },
    async sweep(beforeDay) {
      const link = await redis.reach();
      await link.do((commands) => commands.zRemRangeByScore(MEETINGS, '-inf', `(${beforeDay}`));
    },
    subscriptions,
    isReady: async () => redis.isUp,
    /** And the connection, which is everybody's: the registry is what a process closes last. */
    close: () => redis.close(),
  };
}
