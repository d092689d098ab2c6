import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { createLog } from './log';
import { countingLog, NO_METRICS } from './metrics';
import { createMetricsServer } from './metrics-server';
import { httpOrigin } from './origins';
import { Readiness } from './readiness';
import { readSettings } from './settings';
import { Site } from './site';
import { startApi } from './start';
import { DamagedKey } from './vapid';

/** Written in by the build. */
declare const PARLEY_VERSION: string;

/** A request's head must be here by then; what is slower holds connections open on purpose. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Pages and files come over connections beside the long ones. */
const SHORT_CONNECTIONS = 2_000;

/**
 * How far the heap may grow beyond what is in use before V8 cleans it up. Left to itself V8 lets the rubbish of
 * heartbeats come to more than the people who are there: with 19,900 of them 19 MB a thousand, not 13.
 */
const HEAP_GROWTH_PERCENT = 50;

/** One sentence for the operator. */
class CannotStart extends Error {}

async function main(): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
  const outcome = readSettings(process.env);
  if (!outcome.ok) throw new CannotStart(outcome.problem);
  const { settings } = outcome;
  const { host, dataDir, logMode, logFile } = settings;
  const clientFolder = fileURLToPath(new URL('../client', import.meta.url));
  if (!existsSync(clientFolder)) throw new CannotStart('The client is not built: run "npm run build" first.');

  // Files and counts are loaded where they are wanted: they bring as much code along as all the rest.
  const stream =
    logMode === 'off' || logFile === null
      ? undefined
      : await attempt(`LOG_FILE ${logFile} cannot be written`, async () =>
          (await import('./log-file')).openLogFile(logFile),
        );
  const prometheus =
    settings.metrics === null ? null : (await import('./metrics-prometheus')).createMetrics();
  const metrics = prometheus ?? NO_METRICS;
  const log = countingLog(createLog(logMode, stream), metrics);
  // The last net: whatever slips through ends at most its own connection, never everybody's.
  process.on('uncaughtException', (cause) => log.fault(cause));
  process.on('unhandledRejection', (cause) => log.fault(cause));

  const readiness = new Readiness();
  const site = new Site(clientFolder, settings, readiness, log);
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS });
  server.maxConnections = settings.limits.sockets + SHORT_CONNECTIONS;
  server.on('request', (request, response) => site.answer(request, response));
  server.on('upgrade', (request, socket, head) => site.upgrade(request, socket, head));
  const port = await attempt(`Cannot listen on ${host}:${settings.port}`, () => listen(server, settings));
  if (prometheus !== null && settings.metrics !== null) {
    const own = createMetricsServer(prometheus.registry, (thrown) => log.fault(thrown));
    const { host, port } = settings.metrics;
    const problem = `Cannot listen on ${host}:${port} for metrics`;
    const ownPort = await attempt(problem, () => listen(own, { host, port }));
    process.stdout.write(`Metrics are at ${httpOrigin(host, ownPort)}/metrics\n`);
  }
  const started = await attempt(`DATA_DIR ${dataDir} cannot be used`, () =>
    startApi(settings, port, PARLEY_VERSION, { log, metrics }),
  );
  site.open(started.api);
  readiness.serve({ [settings.redisUrl === null ? 'registry' : 'redis']: () => started.isReady() });

  const stop = (): void => {
    readiness.drain();
    log.event('stopping', null);
    server.close();
    void started.api.dispose().finally(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.stdout.write(`Parley is ready at ${httpOrigin(host, port)}\n`);
}

/** Resolves with the port when it listens. */
async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function attempt<T>(problem: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new CannotStart(cause instanceof DamagedKey ? cause.message : `${problem} (${codeOf(cause)}).`);
  }
}

/** A system's or SQLite's own code for what went wrong. */
function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
}

main().catch((cause: unknown) => {
  const problem = cause instanceof CannotStart ? cause.message : `Parley cannot start (${codeOf(cause)}).`;
  // Whatever was opened by then would keep the process.
  process.stderr.write(`${problem}\n`, () => process.exit(2));
});
