import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import type { AppRouter } from '../../server/router';
import { BEAT_INTERVAL_MS, SESSION_HEADER } from '../protocol/signaling';
import { recordLine } from './record';
import { subscribe, type Transport, type TransportHandlers } from './transport';

const OPEN_TIMEOUT_MS = 5_000;

/**
 * The fallback where no WebSocket opens: events over one HTTP stream, calls as POST requests whose bodies hold what a
 * request line must not (section 3). The stream's token names the session in the calls.
 */
export function openServerSentEvents(handlers: TransportHandlers): Transport {
  const url = new URL('/trpc', location.href).href;
  let session: string | null = null;
  let beat: ReturnType<typeof setInterval> | undefined;
  let isOver = false;
  const record = recordLine();
  const end = () => {
    if (isOver) return false;
    isOver = true;
    clearTimeout(opening);
    clearInterval(beat);
    queueMicrotask(() => unsubscribe());
    return true;
  };
  const lost = () => {
    if (end()) handlers.lost();
  };
  const opening = setTimeout(lost, OPEN_TIMEOUT_MS);
  const api = createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: httpSubscriptionLink({ url, EventSource: recorded(record) }),
        false: httpBatchLink({
          url,
          methodOverride: 'POST',
          async fetch(asked, options) {
            const { pathname, search } = new URL(asked instanceof Request ? asked.url : asked);
            if (typeof options?.body === 'string') record(true, options.body, pathname + search);
            const answer = await fetch(asked, options as RequestInit);
            record(false, await answer.clone().text(), pathname + search);
            return answer;
          },
          headers: () => (session === null ? {} : { [SESSION_HEADER]: session }),
        }),
      }),
    ],
  });
  const unsubscribe = subscribe(api, {
    event(event) {
      if (isOver) return;
      if (event.type === 'hello') {
        clearTimeout(opening);
        // The browser reconnected the stream by itself: another session, so this one is over.
        if (session !== null) return lost();
        session = event.session;
        beat = setInterval(() => void api.beat.mutate().catch(lost), BEAT_INTERVAL_MS);
      }
      handlers.event(event);
    },
    lost,
  });
  return { api, close: () => void end() };
}

/** What the server's side of the library names its events (`stream/sse.ts` there). */
const EVENTS = ['connected', 'message', 'ping', 'serialized-error', 'return'];

function recorded(record: ReturnType<typeof recordLine>): typeof EventSource {
  return class extends EventSource {
    constructor(...how: ConstructorParameters<typeof EventSource>) {
      super(...how);
      const { pathname } = new URL(this.url);
      record(true, '', pathname);
      for (const name of EVENTS) {
        const heard = ({ data }: MessageEvent<unknown>) => record(false, String(data), `${pathname} ${name}`);
        this.addEventListener(name, heard);
      }
    }
  };
}
