import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { getWSConnectionHandler } from '@trpc/server/adapters/ws';
import { WebSocketServer } from 'ws';
import { GatedSocket } from './gate';
import type { Clock, Limits } from './limits';
import type { Log } from './log';
import { isBadMessage, isUnavailable } from './refusal';
import type { AppRouter, Caller } from './router';

/** "Service restart" (IANA WebSocket close codes): come back at once. */
const SERVICE_RESTART = 1012;
/** tRPC's request to connect anew. */
const RECONNECT = JSON.stringify({ id: null, method: 'reconnect' });

type Parts = { router: AppRouter; limits: Limits; clock: Clock; log: Log };

/** tRPC over WebSocket. Who may connect is decided before; `accept` takes over an upgrade that may. */
export function createSockets({ router, limits, clock, log }: Parts) {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.messageBytes,
    perMessageDeflate: false,
    // Browsers send no protocol pings; answering them would let a client that never reads fill our memory.
    autoPong: false,
    WebSocket: GatedSocket,
  });

  function serve(client: GatedSocket, request: IncomingMessage, caller: Caller): void {
    client.arm({ limits, clock, onEvent: (event) => log.event(event, caller.address) });
    getWSConnectionHandler<AppRouter>({
      wss: server,
      router,
      keepAlive: { enabled: true, pingMs: limits.pingMs, pongWaitMs: limits.pongMs },
      createContext: () => caller,
      onError({ error }) {
        if (isOfNetwork(error.cause)) log.event('socket-closed', caller.address);
        else if (isUnavailable(error)) log.event('unavailable', caller.address);
        else if (error.code === 'INTERNAL_SERVER_ERROR') log.fault(error.cause ?? error);
        else if (isBadMessage(error)) client.countBadMessage();
      },
    })(client, request);
  }

  return {
    /** `onClose` is called once, when the socket is gone, also when the upgrade fails. */
    accept(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      caller: Caller,
      onClose: () => void,
    ): void {
      socket.once('close', onClose);
      server.handleUpgrade(request, socket, head, (client) => serve(client, request, caller));
    },

    /** Sends everybody away to come back, and resolves when they are gone. */
    async drain(): Promise<void> {
      const gone = [...server.clients].map(
        (client) => new Promise((resolve) => client.once('close', resolve)),
      );
      for (const client of server.clients) {
        client.send(RECONNECT);
        client.close(SERVICE_RESTART);
      }
      await Promise.all(gone);
    },

    terminate(): void {
      for (const client of server.clients) client.terminate();
    },
  };
}

/** What a peer or the network does to a socket (`WS_ERR_INVALID_UTF8`, `ECONNRESET`); ws has closed it by then. */
function isOfNetwork(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && /^(?:WS_ERR_\w+|E[A-Z]+)$/.test(String(cause.code));
}
