import { createServer, type Server } from 'node:http';
import type { Registry } from 'prom-client';

/** Some agents at a time; each asks every few seconds and needs one connection. */
const MAX_CONNECTIONS = 32;
const TIMEOUT_MS = 10_000;

/** The counts, for a port of their own that the proxy in front does not know. */
export function createMetricsServer(registry: Registry, onFault: (thrown: unknown) => void): Server {
  const server = createServer({ headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('request', (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    if (request.url !== '/metrics') return response.writeHead(404, { Connection: 'close' }).end();
    if (request.method !== 'GET') return response.writeHead(405, { Allow: 'GET', Connection: 'close' }).end();
    registry.metrics().then(
      (text) => response.writeHead(200, { 'Content-Type': registry.contentType }).end(text),
      (thrown: unknown) => {
        onFault(thrown);
        response.writeHead(500).end();
      },
    );
  });
  return server;
}
