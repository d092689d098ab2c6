import { createApi, type Api } from './api';
import { createLog, type Log } from './log';
import { allowedOrigins } from './origins';
import { openLibsqlRegistry } from './registry-libsql';
import type { Settings } from './settings';
import { loadVapidKey } from './vapid';

/**
 * The API as it runs, on an HTTP server that listens on `port` already. Throws when DATA_DIR cannot be used, a
 * `DamagedKey` if it is for the key in it.
 */
export function startApi(settings: Settings, port: number, version: string): { api: Api; log: Log } {
  const log = createLog(settings.logMode);
  // Before the registry, so that nothing is left open when it throws.
  const push = settings.push && { ...settings.push, key: loadVapidKey(settings.dataDir) };
  const registry = openLibsqlRegistry(settings.dataDir);
  const origins = allowedOrigins({ host: settings.host, port, origin: settings.origin });
  return { api: createApi({ ...settings, push, origins, registry, log, version }), log };
}
