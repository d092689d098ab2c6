import type { PrecacheEntry } from 'workbox-precaching';

declare const self: ServiceWorkerGlobalScope;

const LIST = '/release.json';
const SIGNATURES = '/release.sig';
const PREFIX = 'parley-';

/**
 * This script is named by what is in it, so its name stands for one version of the app. Each version has caches of its
 * own: all that is in them was compared with this version's hashes, and a window of another version loses nothing.
 */
const ID = /service-worker\.([0-9a-f]+)\.js$/.exec(self.location.pathname)?.[1] ?? 'unnamed';
export const FILES_CACHE = `${PREFIX}files-${ID}`;
/** The page reads the fingerprint of its version from here (lib/release/running.ts). */
const LIST_CACHE = `${PREFIX}list-${ID}`;
export const WORDS_CACHE = `${PREFIX}words-${ID}`;

type List = { key: string; files: Record<string, string> };

/**
 * Keeps the list of this version and its signatures. Rejects, and so ends the installation, unless the list has every
 * file of `entries` with the same hash: what the app shows as its fingerprint is that of the code it runs.
 */
export async function keepList(entries: readonly PrecacheEntry[]): Promise<void> {
  const answer = await fetch(LIST, { cache: 'no-store' });
  const list = (await answer.clone().json()) as Partial<List>;
  for (const { url, integrity } of entries) {
    if (integrity === undefined || hexOf(integrity) !== list.files?.[fileOf(url, list.files)]) {
      throw new Error(`The server's list is of another version: ${url}`);
    }
  }
  const cache = await caches.open(LIST_CACHE);
  await cache.put(LIST, answer);
  if (!list.key) return;
  const signatures = await fetch(SIGNATURES, { cache: 'no-store' });
  if (signatures.ok) await cache.put(SIGNATURES, signatures);
}

/** `m` is the address of m.html, and `/` that of index.html. */
function fileOf(url: string, files: Record<string, string>): string {
  if (url === '/') return 'index.html';
  return url in files ? url : `${url}.html`;
}

/** `sha256-` and base64, as Subresource Integrity has it, in the list's hex. */
function hexOf(integrity: string): string {
  const bytes = atob(integrity.slice('sha256-'.length));
  return Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

/**
 * A part that this version does not have is one of a window that still runs another. The name holds the hash, so
 * whichever version has kept it, it is the right one.
 */
export async function fromOtherVersion(request: Request): Promise<Response> {
  return (await caches.match(request.url)) ?? fetch(request);
}

/**
 * Throws away what other versions have left, once no window can need it any more: when the app is opened and no other
 * window of it is. A version that is being installed at that moment keeps what it has.
 *
 * `opening` is the id of the window that is on its way; some browsers count it already.
 */
export async function forgetOtherVersions(opening: string): Promise<void> {
  const { installing, waiting } = self.registration;
  if (installing !== null || waiting !== null) return;
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (windows.some(({ id }) => id !== opening)) return;
  const others = (await caches.keys()).filter(
    (name) => name.startsWith(PREFIX) && ![FILES_CACHE, LIST_CACHE, WORDS_CACHE].includes(name),
  );
  await Promise.all(others.map((name) => caches.delete(name)));
}
