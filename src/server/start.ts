import { createApi, type Api } from './api';
import { createLog, type Log } from './log';
import { NO_METRICS, type Metrics } from './metrics';
import { allowedOrigins } from './origins';
import { MemoryPresence } from './presence-memory';
import { RedisPresence } from './presence-redis';
import type { PushSettings } from './push';
import { Redis } from './redis';
import { openLibsqlRegistry } from './registry-libsql';
import { createRedisRegistry } from './registry-redis';
import type { Settings } from './settings';
import { loadVapidKey, type VapidKey } from './vapid';
import { shareVapidKey } from './vapid-redis';

export type Started = {
  readonly api: Api;
  /** Whether newcomers can be served: what the API stands on is there. */
  isReady(): Promise<boolean>;
};

/** Where what happens is written down, and counted. */
export type Watchers = { readonly log: Log; readonly metrics: Metrics };

/**
 * The API as it runs, on an HTTP server that listens on `port` already. Throws when DATA_DIR cannot be used, a
 * `DamagedKey` if it is for the key in it. With REDIS_URL nothing is kept here: then it begins to serve when Redis is
 * there, now or later.
 */
export function startApi(
  settings: Settings,
  port: number,
  version: string,
  { log, metrics }: Watchers = { log: createLog(settings.logMode), metrics: NO_METRICS },
): Started {
  const origins = allowedOrigins({ host: settings.host, port, origin: settings.origin });
  const parts = settings.redisUrl === null ? alone(settings) : together(settings, settings.redisUrl, log);
  const { registry } = parts;
  return {
    api: createApi({ ...settings, ...parts, origins, log, metrics, version }),
    isReady: () => registry.isReady(),
  };
}

/** One process, and a file. */
function alone(settings: Settings) {
  // Before the registry, so that nothing is left open when it throws.
  const key = settings.push && loadVapidKey(settings.dataDir);
  return {
    push: pushWith(settings, () => key),
    registry: openLibsqlRegistry(settings.dataDir),
    presence: new MemoryPresence(settings.limits),
  };
}

/** One of any number. */
function together(settings: Settings, redisUrl: string, log: Log) {
  const redis = new Redis(redisUrl, log);
  let key: VapidKey | null = null;
  redis.use({
    async opened(link) {
      key ??= await shareVapidKey(link);
    },
    beat: async () => undefined,
  });
  const presence = new RedisPresence(redis, settings.limits);
  const registry = createRedisRegistry(redis);
  void redis.open();
  return { push: pushWith(settings, () => key), registry, presence };
}

function pushWith({ push }: Settings, key: () => VapidKey | null): PushSettings | null {
  return push && { ...push, key };
}
