import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { callTRPCProcedure, getTRPCErrorFromUnknown, type TRPCError } from '@trpc/server';
import { WebSocketServer } from 'ws';
import type { CallId, FrameCall } from './frame';
import { GatedSocket } from './gate';
import type { Clock, Limits } from './limits';
import type { Log } from './log';
import { outcomeOf, type Metrics } from './metrics';
import { EventQueue } from './queue';
import { errorShape, isBadMessage, isUnavailable } from './refusal';
import type { AppRouter, Caller } from './router';

/** "Service restart" (IANA WebSocket close codes): come back at once. */
const SERVICE_RESTART = 1012;
/** tRPC's request to connect anew. */
const RECONNECT = JSON.stringify({ id: null, method: 'reconnect' });
/** A quiet client is asked, and a silent one ended, at most this part of a wait too late. */
const KEEP_ALIVE_PARTS = 4;

type Parts = { router: AppRouter; limits: Limits; clock: Clock; log: Log; metrics: Metrics };

/**
 * tRPC's WebSocket protocol, for its client and its procedures. tRPC's own adapter is not used: it holds three times the
 * memory for each quiet connection (docs/decisions/0015). Who may connect is decided before; `accept` takes over an
 * upgrade that may.
 */
export function createSockets({ router, limits, clock, log, metrics }: Parts) {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.messageBytes,
    perMessageDeflate: false,
    // Browsers send no protocol pings; answering them would let a client that never reads fill our memory.
    autoPong: false,
    WebSocket: GatedSocket,
  });
  // One timer for all: one for each would be a good part of what a quiet connection costs.
  const keepingAlive = setInterval(
    () => {
      const nowMs = clock();
      for (const client of server.clients) client.keepAlive(nowMs);
    },
    Math.ceil(Math.min(limits.pingMs, limits.pongMs) / KEEP_ALIVE_PARTS),
  );
  keepingAlive.unref();

  function serve(client: GatedSocket, socket: Duplex, caller: Caller): void {
    client.arm({
      socket,
      limits,
      clock,
      onEvent: (event) => log.event(event, caller.address),
      onCalls(calls) {
        for (const call of calls) void answer(client, caller, call);
      },
    });
    // What a peer or the network does to a socket (`WS_ERR_INVALID_UTF8`, `ECONNRESET`); ws has closed it by then.
    client.on('error', () => log.event('socket-closed', caller.address));
    client.once('close', () => caller.session?.events.end());
  }

  /** Never rejects. */
  async function answer(client: GatedSocket, caller: Caller, call: FrameCall): Promise<void> {
    // There is one subscription, and its end is the session's.
    if (call.method === 'stop') return caller.session?.events.end();
    const { id, method, path, input } = call;
    try {
      const data: unknown = await callTRPCProcedure({
        router,
        path,
        type: method,
        getRawInput: () => Promise.resolve(input),
        ctx: caller,
        signal: undefined,
        batchIndex: 0,
      });
      metrics.call(path, 'ok');
      if (data instanceof EventQueue) stream(client, id, data);
      else client.answer(id, { result: { type: 'data', data } });
    } catch (cause) {
      const error = getTRPCErrorFromUnknown(cause);
      metrics.call(path, outcomeOf(error));
      client.answer(id, { error: errorShape(error) });
      report(error, client, caller);
    }
  }

  function stream(client: GatedSocket, id: CallId, events: EventQueue): void {
    client.answer(id, { result: { type: 'started' } });
    events.pipe({
      event: (data) => client.answer(id, { result: { type: 'data', data } }),
      end: () => client.answer(id, { result: { type: 'stopped' } }),
    });
    if (client.readyState !== client.OPEN) events.end();
  }

  function report(error: TRPCError, client: GatedSocket, caller: Caller): void {
    if (isUnavailable(error)) log.event('unavailable', caller.address);
    else if (error.code === 'INTERNAL_SERVER_ERROR') log.fault(error.cause ?? error);
    else if (isBadMessage(error)) client.countBadMessage();
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
      server.handleUpgrade(request, socket, head, (client) => serve(client, socket, caller));
    },

    /** Sends everybody away to come back, and resolves when they are gone. */
    async drain(): Promise<void> {
      clearInterval(keepingAlive);
      const gone = [...server.clients].map(
        (client) => new Promise((resolve) => client.once('close', resolve)),
      );
      for (const client of server.clients) {
        client.send(RECONNECT);
        client.close(SERVICE_RESTART);
      }
      await Promise.all(gone);
    },

    get size(): number {
      return server.clients.size;
    },

    terminate(): void {
      for (const client of server.clients) client.terminate();
    },
  };
}
