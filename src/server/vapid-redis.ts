import type { RedisLink } from './redis';
import { PREFIX } from './redis-scripts';
import { DamagedKey, makeVapidKey, parseVapidKey, type VapidKey } from './vapid';

const KEY = `${PREFIX}vapid`;

/**
 * The one key of all processes: whichever is first makes it. Kept as it is for good, like the file of a process alone
 * (vapid.ts). Throws `DamagedKey`.
 */
export async function shareVapidKey(link: RedisLink): Promise<VapidKey> {
  await link.do((commands) => commands.set(KEY, JSON.stringify(makeVapidKey()), { condition: 'NX' }));
  const key = parseVapidKey((await link.do((commands) => commands.get(KEY))) ?? '');
  if (key === null)
    throw new DamagedKey(`${KEY} in Redis is damaged: put it back from a backup, or remove it.`);
  return key;
}
