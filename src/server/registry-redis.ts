import type { MeetingId } from '../lib/protocol/ids';
import type { Redis } from './redis';
import { PREFIX } from './redis-scripts';
import type { Registry } from './registry';
import { createRedisSubscriptions } from './subscriptions-redis';

/**
 * Every meeting that was hosted, by the day it was last hosted. One sorted set: a day only ever grows, and that of a
 * retired meeting is beyond all days, so that nothing brings it back and no sweep drops it.
 */
const MEETINGS = `${PREFIX}meetings`;
const RETIRED = Number.MAX_SAFE_INTEGER;

/** The registry of many processes. It is as durable as the operator lets Redis be (`appendonly`, docs/operations.md). */
export function createRedisRegistry(redis: Redis): Registry {
  const raise = async (id: MeetingId, score: number): Promise<void> => {
    const link = await redis.reach();
    await link.do((commands) => commands.zAdd(MEETINGS, { value: id, score }, { comparison: 'GT' }));
  };
  const subscriptions = createRedisSubscriptions(redis);
  return {
    async standingOf(id) {
      const link = await redis.reach();
      const score = await link.do((commands) => commands.zScore(MEETINGS, id));
      return score === null ? 'unknown' : score === RETIRED ? 'retired' : score;
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
