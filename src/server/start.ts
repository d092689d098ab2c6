import { createApi, type Api } from './api';
import { createLog, type Log } from './log';
import { allowedOrigins } from './origins';
import { openLibsqlRegistry } from './registry-libsql';
import type { Settings } from './settings';

/** The API as it runs, on an HTTP server that listens on `port` already. Throws when DATA_DIR cannot be used. */
export function startApi(settings: Settings, port: number, version: string): { api: Api; log: Log } {
  const log = createLog(settings.logMode);
  const registry = openLibsqlRegistry(settings.dataDir);
  const origins = allowedOrigins({ host: settings.host, port, origin: settings.origin });
  return { api: createApi({ ...settings, origins, registry, log, version }), log };
}
