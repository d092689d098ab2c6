import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { clientAddress } from './address';
import { Addresses } from './addresses';
import type { Clock, Limits } from './limits';
import type { Log } from './log';
import type { Metrics } from './metrics';
import { statedOrigin, type Origins } from './origins';
import type { Presence } from './presence';
import { createPush, type PushSettings } from './push';
import { dayOf, KEPT_DAYS, type Registry } from './registry';
import { isUnavailable } from './refusal';
import { createRequests } from './requests';
import { createRouter } from './router';
import { Sessions } from './sessions';
import { createSockets } from './sockets';
import type { IceServers } from './turn';

export type ApiOptions = {
  readonly limits: Limits;
  readonly origins: Origins;
  readonly trustProxyHops: number;
  readonly registry: Registry;
  readonly presence: Presence;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly ice: IceServers;
  /** `null`: nobody is told of anything. */
  readonly push: PushSettings | null;
  readonly version: string;
  readonly clock?: Clock;
  readonly now?: () => number;
};

/** Everything under `/trpc`, on whatever HTTP server carries it. */
export type Api = {
  handleRequest(request: IncomingMessage, response: ServerResponse): void;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Tells every client to connect anew, ends every session and closes the registry; takes at most DRAIN_MS. */
  dispose(): Promise<void>;
};

/** The rest of half a second is for the process to end (SERVER, growth). */
const DRAIN_MS = 300;
const SWEEP_EVERY_MS = 24 * 3_600_000;

export function createApi(options: ApiOptions): Api {
  const { limits, origins, trustProxyHops, registry, presence, log, metrics, ice, version } = options;
  const clock = options.clock ?? (() => performance.now());
  const now = options.now ?? (() => Date.now());

  const addresses = new Addresses(limits, clock);
  const sessions = new Sessions(limits, clock, presence, log, metrics);
  const push = createPush(options.push, { subscriptions: registry.subscriptions, limits, log, now });
  const router = createRouter({ presence, sessions, registry, push, log, metrics, ice, version, now });
  const sockets = createSockets({ router, limits, clock, log, metrics });
  const requests = createRequests({
    router,
    limits,
    log,
    metrics,
    addresses,
    sessions,
    origins,
    trustProxyHops,
  });

  metrics.levels(() => {
    const { meetings, watches } = presence.counts;
    return { sockets: sockets.size, streams: requests.size, sessions: sessions.size, meetings, watches };
  });

  const sweep = () => {
    const swept = Promise.all([
      registry.sweep(dayOf(now()) - KEPT_DAYS),
      registry.subscriptions.sweep(now()),
    ]);
    // Tomorrow is another day.
    swept.catch((cause: unknown) =>
      isUnavailable(cause) ? log.event('unavailable', null) : log.fault(cause),
    );
  };
  sweep();
  const sweeping = setInterval(sweep, SWEEP_EVERY_MS);
  sweeping.unref();

  return {
    handleRequest: requests.handle,

    handleUpgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const address = clientAddress(request, trustProxyHops);
      if (request.url !== '/trpc') return reject(socket, 404);
      const origin = statedOrigin(request, origins);
      if (origin === null) {
        log.event('origin-refused', address);
        return reject(socket, 403);
      }
      const allowance = addresses.allowance(address);
      const leave = addresses.enter(allowance);
      if (leave === null) {
        log.event('connection-refused', address);
        return reject(socket, 429);
      }
      // The socket outlives its session and still takes calls that need none.
      const hangUp = () => undefined;
      sockets.accept(
        request,
        socket,
        head,
        { transport: 'socket', origin, address, allowance, session: null, hasConnected: false, hangUp },
        leave,
      );
    },

    async dispose() {
      clearInterval(sweeping);
      push.stop();
      const drained = Promise.all([sockets.drain(), requests.drain()]);
      sessions.endAll();
      await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, DRAIN_MS))]);
      sockets.terminate();
      await presence.close();
      registry.close();
    },
  };
}

function reject(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
