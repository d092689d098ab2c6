import { createTRPCClient, createWSClient, wsLink } from '@trpc/client';
import type { AppRouter } from '../../server/router';
import { recordLine } from './record';
import { subscribe, type Transport, type TransportHandlers } from './transport';

/** SERVER, limits: ping 5 s + 3 s. */
const KEEP_ALIVE = { enabled: true, intervalMs: 5_000, pongTimeoutMs: 3_000 };

/** How long a first WebSocket may take to greet, before anything is known of the network. */
export const FIRST_PATIENCE_MS = 4_000;

/**
 * A WebSocket of its own. The library would reconnect it for ever; here the first loss is the end (see `signaling.ts`),
 * and so is `patienceMs` without a greeting.
 */
export function openWebSocket(handlers: TransportHandlers, patienceMs = FIRST_PATIENCE_MS): Transport {
  const url = new URL('/trpc', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  let isOver = false;
  let socket: WebSocket | null = null;
  const record = recordLine();
  const end = () => {
    if (isOver) return false;
    isOver = true;
    clearTimeout(opening);
    // In a task of its own: the library is still in the middle of telling us.
    queueMicrotask(() => {
      unsubscribe();
      void client.close();
      // The library waits until it is open; then a network that comes back would first open every socket that was given up.
      if (socket?.readyState === WebSocket.CONNECTING) socket.close();
    });
    return true;
  };
  const lost = () => {
    if (end()) handlers.lost();
  };
  const opening = setTimeout(lost, patienceMs);
  const client = createWSClient({
    url: url.href,
    WebSocket: class extends WebSocket {
      constructor(...how: ConstructorParameters<typeof WebSocket>) {
        super(...how);
        // eslint-disable-next-line @typescript-eslint/no-this-alias -- the library keeps it to itself
        socket = this;
        this.addEventListener('message', ({ data }) => record(false, String(data)));
      }
      override send(text: string): void {
        record(true, text);
        super.send(text);
      }
    },
    keepAlive: KEEP_ALIVE,
    retryDelayMs: () => 2 ** 30,
    onClose: lost,
    onError: lost,
  });
  const api = createTRPCClient<AppRouter>({ links: [wsLink({ client })] });
  let hasGreeted = false;
  const unsubscribe = subscribe(api, {
    event(event) {
      if (isOver) return;
      if (event.type === 'hello') {
        clearTimeout(opening);
        // A second greeting: the server asked the library to move to another socket, which is another session.
        if (hasGreeted) return lost();
        hasGreeted = true;
      }
      handlers.event(event);
    },
    lost,
  });
  return { api, close: () => void end() };
}
