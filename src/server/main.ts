import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createApi } from './api';
import { createFileHandler } from './files';
import { createLog } from './log';
import { allowedOrigins, httpOrigin } from './origins';
import { openLibsqlRegistry } from './registry-libsql';
import { readSettings, type Settings } from './settings';

/** Written in by the build. */
declare const PARLEY_VERSION: string;

/** A request's head must be here by then; what is slower holds connections open on purpose. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Pages and files come over connections beside the long ones. */
const SHORT_CONNECTIONS = 2_000;

function main(): void {
  const outcome = readSettings(process.env);
  if (!outcome.ok) return fail(outcome.problem);
  const client = fileURLToPath(new URL('../client', import.meta.url));
  if (!existsSync(client)) return fail('The client is not built: run "npm run build" first.');
  start(outcome.settings, client);
}

function start(settings: Settings, clientFolder: string): void {
  const log = createLog(settings.logMode);
  const registry = openLibsqlRegistry(settings.dataDir);
  const serveFiles = createFileHandler(clientFolder, settings.origin?.startsWith('https:') ?? false);
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS });
  server.maxConnections = settings.limits.sockets + SHORT_CONNECTIONS;
  server.once('error', (cause: NodeJS.ErrnoException) => {
    fail(`Cannot listen on ${settings.host}:${settings.port} (${cause.code}).`);
  });

  server.listen(settings.port, settings.host, () => {
    const { port } = server.address() as AddressInfo;
    const origins = allowedOrigins({ host: settings.host, port, origin: settings.origin });
    const api = createApi({ ...settings, origins, registry, log, version: PARLEY_VERSION });

    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      try {
        if (request.url === '/healthz') response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok\n');
        else if (request.url?.startsWith('/trpc')) api.handleRequest(request, response);
        else serveFiles(request, response);
      } catch (cause) {
        log.fault(cause);
        response.destroy();
      }
    });
    server.on('upgrade', (request, socket, head) => api.handleUpgrade(request, socket, head));

    const stop = (): void => {
      log.event('stopping', null);
      server.close();
      void api.dispose().finally(() => process.exit(0));
    };
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    process.stdout.write(`Parley is ready at ${httpOrigin(settings.host, port)}\n`);
  });

  // The last net: whatever slips through ends at most its own connection, never everybody's.
  process.on('uncaughtException', (cause) => log.fault(cause));
  process.on('unhandledRejection', (cause) => log.fault(cause));
}

function fail(problem: string): void {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
}

main();
