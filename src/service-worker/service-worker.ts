import { clientsClaim } from 'workbox-core';
import {
  cleanupOutdatedCaches,
  getCacheKeyForURL,
  matchPrecache,
  precacheAndRoute,
} from 'workbox-precaching';
import type { PrecacheEntry } from 'workbox-precaching';

/**
 * Keeps one whole version of the app on the device and serves it without asking the network. Another version waits
 * until a person agrees to it: the code that reads a link's secret never changes under somebody's hands.
 */
declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: PrecacheEntry[] };

/** The page that shows any meeting, and, when there is no network, an unknown address. */
const SHELL = '/m';

clientsClaim();
cleanupOutdatedCaches();
// A page is exactly its address: with no parameter ignored and nothing appended, no link can pass for another page.
precacheAndRoute(self.__WB_MANIFEST, { ignoreURLParametersMatching: [], cleanURLs: false });

self.addEventListener('message', (event) => {
  const data: unknown = event.data;
  if (typeof data === 'object' && data !== null && 'type' in data && data.type === 'SKIP_WAITING') {
    event.waitUntil(self.skipWaiting());
  }
});

self.addEventListener('fetch', (event) => {
  if (event.request.mode !== 'navigate') return;
  const url = new URL(event.request.url);
  // The fragment holds the link's secret: no comparison, no cache and no log needs it (PROTOCOL section 1).
  url.hash = '';
  const isServers = url.pathname === '/trpc' || url.pathname.startsWith('/trpc/');
  const isPrecached = getCacheKeyForURL(url.href) !== undefined;
  if (isServers || isPrecached) return;
  event.respondWith(networkOrShell(event.request));
});

/** An address that is no file of the app: the server's answer, or the shell's own words when there is no network. */
async function networkOrShell(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (cause) {
    const shell = await matchPrecache(SHELL);
    if (shell === undefined) throw cause;
    return shell;
  }
}
