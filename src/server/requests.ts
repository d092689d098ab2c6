import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TRPCError } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { SESSION_HEADER } from '../lib/protocol/signaling';
import type { Addresses } from './addresses';
import { clientAddress } from './address';
import { MAX_CALLS } from './frame';
import type { Limits } from './limits';
import type { Log } from './log';
import { outcomeOf, type Metrics } from './metrics';
import { statedOrigin, streamOrigin, type Origins } from './origins';
import { isUnavailable, Refusal } from './refusal';
import type { AppRouter, Caller } from './router';
import type { Sessions } from './sessions';

/** Names of procedures; nothing else may stand in a request line. */
const CALL = /^\/trpc\/[A-Za-z]+(?:,[A-Za-z]+)*(?:\?batch=1)?$/;

/** Time for the end of a stream to reach a reader that is there. */
const HANG_UP_MS = 1_000;

type Parts = {
  router: AppRouter;
  limits: Limits;
  log: Log;
  metrics: Metrics;
  addresses: Addresses;
  sessions: Sessions;
  origins: Origins;
  trustProxyHops: number;
};

/**
 * tRPC over HTTP, for networks that let no WebSocket through. Calls are POST, so that nothing of a meeting is ever in
 * a request line; the one GET is the event stream, which takes no input.
 */
export function createRequests(parts: Parts) {
  const { router, limits, log, metrics, addresses, sessions, origins, trustProxyHops } = parts;

  const streams = new Set<ServerResponse>();

  function handlerFor(caller: Caller) {
    let said: TRPCError | null = null;
    return createHTTPHandler({
      router,
      basePath: '/trpc/',
      allowMethodOverride: true,
      maxBatchSize: MAX_CALLS,
      maxBodySize: limits.messageBytes,
      // An error here reaches the client once for each of its calls, in the shape it expects.
      createContext({ info }) {
        const { session, allowance } = caller;
        const count = info.calls.length;
        const isPaid = caller.transport === 'stream' || (session ?? allowance).take('calls', count);
        if (!isPaid) throw new Refusal('rate-limited');
        return caller;
      },
      responseMeta({ info, data, eagerGeneration }) {
        for (const [index, { path }] of (info?.calls ?? []).entries()) {
          // An event stream has no result of its own.
          const isOk = eagerGeneration ? caller.session !== null : 'result' in (data[index] ?? {});
          if (isOk) metrics.call(path, 'ok');
        }
        return {};
      },
      onError({ error, path }) {
        // An event stream that cannot begin says so twice.
        if (error === said) return;
        said = error;
        metrics.call(path ?? '', outcomeOf(error));
        if (isUnavailable(error)) log.event('unavailable', caller.address);
        else if (error.code === 'INTERNAL_SERVER_ERROR') log.fault(error.cause ?? error);
      },
    });
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const address = clientAddress(request, trustProxyHops);
    const url = request.url ?? '';
    const isStream = request.method === 'GET' && url === '/trpc/connect';
    const isCall = request.method === 'POST' && CALL.test(url);
    if (!isStream && !isCall) return end(response, 405);

    const origin = isStream ? streamOrigin(request, origins) : statedOrigin(request, origins);
    if (origin === null) {
      log.event('origin-refused', address);
      return end(response, 403);
    }
    if (Number(request.headers['content-length'] ?? 0) > limits.messageBytes) return end(response, 413);

    const allowance = addresses.allowance(address);
    const leave = isStream ? addresses.enter(allowance) : null;
    if (isStream && leave === null) {
      log.event('connection-refused', address);
      return end(response, 429);
    }
    if (leave !== null) {
      streams.add(response);
      response.once('close', () => {
        streams.delete(response);
        leave();
      });
    }
    const token = request.headers[SESSION_HEADER];
    const session = typeof token === 'string' ? sessions.byToken(token) : null;
    const transport = isStream ? 'stream' : 'request';
    response.setHeader('Cache-Control', 'no-store');
    // A reader that froze takes no last word either; without this it would hold its place until the network gives up.
    const hangUp = () => void response.setTimeout(HANG_UP_MS, () => response.destroy());
    const caller: Caller = { transport, origin, address, allowance, session, hasConnected: false, hangUp };
    handlerFor(caller)(request, response);
  }

  return {
    handle,
    get size(): number {
      return streams.size;
    },
    /** Resolves when every stream that is open now is closed. */
    async drain(): Promise<void> {
      await Promise.all(
        [...streams].map((stream) => new Promise((resolve) => stream.once('close', resolve))),
      );
    },
  };
}

/** Closes the connection: what the client still sends of its request is not waited for. */
function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { Connection: 'close', 'Content-Type': 'text/plain' }).end();
}
