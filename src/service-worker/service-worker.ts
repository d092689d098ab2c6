import { clientsClaim, setCacheNameDetails } from 'workbox-core';
import { addPlugins, matchPrecache, precacheAndRoute } from 'workbox-precaching';
import './push';
import './share';
import { Languages, type Entry } from './languages';
import { FILES_CACHE, forgetOtherVersions, fromOtherVersion, keepList, WORDS_CACHE } from './own-version';

/**
 * Keeps one whole version of the app on the device and serves it without asking the network. It installs only files
 * that have the hashes in its list, and each version has a script of its own name: another one comes when a person
 * agrees to it, so the code that reads a link's secret never changes under somebody's hands (docs/verifying.md).
 */
declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: Entry[] };

/** The page that shows any meeting, and, when there is no network, an unknown address. */
const SHELL = '/m';
/** Files whose names hold the hash of their content. */
const NAMED_BY_CONTENT = '/_app/immutable/';

const entries: readonly Entry[] = self.__WB_MANIFEST;
const languages = new Languages(WORDS_CACHE, entries);

clientsClaim();
// Before the list's own listener: an event that is answered goes no further.
self.addEventListener('fetch', (event) => {
  if (event.request.mode === 'navigate') event.waitUntil(forgetOtherVersions(event.resultingClientId));
});
setCacheNameDetails({ prefix: '', precache: FILES_CACHE, suffix: '' });
// A file that was damaged once would otherwise be in the browser's cache for a year, and no version with it be installed.
addPlugins([{ requestWillFetch: async ({ request }) => new Request(request, { cache: 'no-cache' }) }]);
// A page is exactly its address: with no parameter ignored and nothing appended, no link can pass for another page.
precacheAndRoute(
  entries.filter((entry) => entry.locale === undefined),
  { ignoreURLParametersMatching: [], cleanURLs: false },
);

self.addEventListener('install', (event) =>
  event.waitUntil(Promise.all([keepList(entries), languages.keep()])),
);

self.addEventListener('message', (event) => {
  const data: unknown = event.data;
  if (typeof data === 'object' && data !== null && 'type' in data && data.type === 'SKIP_WAITING') {
    event.waitUntil(self.skipWaiting());
  }
});

// Only what is not in the list gets here.
self.addEventListener('fetch', (event) => {
  const { origin, pathname } = new URL(event.request.url);
  const isServers = pathname === '/trpc' || pathname.startsWith('/trpc/');
  if (origin !== self.location.origin || isServers) return;
  if (event.request.mode === 'navigate') event.respondWith(networkOrShell(event.request));
  else if (languages.has(event.request.url)) languages.answer(event);
  else if (pathname.startsWith(NAMED_BY_CONTENT)) event.respondWith(fromOtherVersion(event.request));
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
