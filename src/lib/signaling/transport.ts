import type { TRPCClient } from '@trpc/client';
import type { AppRouter } from '../../server/router';
import { serverEvent, type ServerEvent } from '../protocol/signaling';

export type TransportKind = 'websocket' | 'server-sent events';
export type Api = TRPCClient<AppRouter>;

/** One connection to the server, from its opening to its end. It never reconnects by itself: the next is another. */
export type Transport = { api: Api; close(): void };

export type TransportHandlers = {
  event(event: ServerEvent): void;
  /** The connection is gone, or never came to be. Called once at most, and not after `close()`. */
  lost(): void;
};

/** Subscribes to the event stream; whatever comes is parsed before anybody sees it. */
export function subscribe(api: Api, handlers: TransportHandlers): () => void {
  const subscription = api.connect.subscribe(undefined, {
    onData(data: unknown) {
      const parsed = serverEvent.safeParse(data);
      // An event of a later version or of a broken server says nothing to this client.
      if (parsed.success) handlers.event(parsed.data);
    },
    onError: () => handlers.lost(),
    onComplete: () => handlers.lost(),
  });
  return () => subscription.unsubscribe();
}
