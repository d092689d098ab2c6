import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createFileHandler, pathOf } from './files';
import { createHeaderRules, setHeaders } from './headers';
import { httpOrigin } from './origins';
import { readSettings, type Settings } from './settings';
import { startApi } from './start';
import { DamagedKey } from './vapid';

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
  const { settings } = outcome;
  const clientFolder = fileURLToPath(new URL('../client', import.meta.url));
  if (!existsSync(clientFolder)) return fail('The client is not built: run "npm run build" first.');

  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS });
  server.maxConnections = settings.limits.sockets + SHORT_CONNECTIONS;
  server.once('error', (cause) =>
    fail(`Cannot listen on ${settings.host}:${settings.port} (${codeOf(cause)}).`),
  );
  server.listen(settings.port, settings.host, () => {
    try {
      serve(server, settings, clientFolder);
    } catch (cause) {
      server.close();
      fail(
        cause instanceof DamagedKey
          ? cause.message
          : `DATA_DIR ${settings.dataDir} cannot be used (${codeOf(cause)}).`,
      );
    }
  });
}

/** In the turn in which listening began: no request can have come before. */
function serve(server: Server, settings: Settings, clientFolder: string): void {
  const { port } = server.address() as AddressInfo;
  const { api, log } = startApi(settings, port, PARLEY_VERSION);
  const headersFor = createHeaderRules(clientFolder, settings.origin?.startsWith('https:') ?? false);
  const serveFile = createFileHandler(clientFolder, headersFor);

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    try {
      // Policy and file are chosen by one and the same path.
      const url = (request.url = pathOf(request.url ?? '/'));
      setHeaders(response, headersFor(url));
      if (url === '/healthz') response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok\n');
      else if (/^\/trpc(?:[/?]|$)/.test(url)) api.handleRequest(request, response);
      else serveFile(request, response);
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
  // The last net: whatever slips through ends at most its own connection, never everybody's.
  process.on('uncaughtException', (cause) => log.fault(cause));
  process.on('unhandledRejection', (cause) => log.fault(cause));
  process.stdout.write(`Parley is ready at ${httpOrigin(settings.host, port)}\n`);
}

/** A system's or SQLite's own code for what went wrong. */
function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
}

function fail(problem: string): void {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
}

main();
