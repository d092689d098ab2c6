import { fingerprintOf } from '../crypto/release-key';
import type { Bytes } from '../protocol/bytes';
import type { Release } from '../protocol/release';
import { isSigned, nameOf, readList } from './offer';
import { LIST, readServed, SIGNATURES } from './served';

/** Caches in which service workers keep the list of their version and its signatures, one cache for each version. */
const LIST_CACHE = /^parley-list-/;

export type SignatureState =
  { readonly at: 'none' } | { readonly at: 'good' | 'missing' | 'wrong'; readonly key: string };

export type RunningVersion = {
  readonly fingerprint: string;
  readonly signature: SignatureState;
  /** Kept on this device; otherwise it came from the server a moment ago, and the next visit may bring another. */
  readonly isKept: boolean;
};

/** A list, and where it came from; signatures are read from there only when they are needed. */
export type Source = {
  readonly list: Bytes;
  readonly isKept: boolean;
  readonly readSignatures: () => Promise<Bytes | null>;
};

/**
 * The version whose code this page runs, as far as it can tell. `modules` are the paths of the modules that the page
 * names: their names hold the hash of their content and of all that they load, so the list that has them all is its
 * own, also when another window has changed to another version. `null` where no list is.
 */
export async function identify(
  sources: AsyncIterable<Source>,
  modules: readonly string[],
  key: string,
): Promise<RunningVersion | null> {
  for await (const { list, isKept, readSignatures } of sources) {
    const release = readList(list);
    if (release === null || !listsAll(release, modules)) continue;
    const signature = await judgeSignature(list, key, readSignatures);
    return { fingerprint: await fingerprintOf(list), signature, isKept };
  }
  return null;
}

const listsAll = ({ files }: Release, modules: readonly string[]): boolean =>
  modules.length > 0 && modules.every((path) => files.has(path));

async function judgeSignature(
  list: Bytes,
  key: string,
  read: () => Promise<Bytes | null>,
): Promise<SignatureState> {
  const name = await nameOf(key);
  if (name === null) return { at: 'none' };
  const signatures = await read();
  if (signatures === null) return { at: 'missing', key: name };
  return { at: (await isSigned(list, key, signatures)) ? 'good' : 'wrong', key: name };
}

/** What service workers have kept, then what the server has. */
export async function* sourcesHere(): AsyncGenerator<Source> {
  // Not there where the browser keeps nothing, such as Firefox's private windows of old.
  const names = 'caches' in globalThis ? await caches.keys() : [];
  for (const cacheName of names.filter((name) => LIST_CACHE.test(name))) {
    const list = await readKept(cacheName, LIST);
    // A version that was signed only after it had been installed here is signed all the same.
    const readSignatures = async () => (await readKept(cacheName, SIGNATURES)) ?? readServed(SIGNATURES);
    if (list !== null) yield { list, isKept: true, readSignatures };
  }
  const list = await readServed(LIST);
  if (list !== null) yield { list, isKept: false, readSignatures: () => readServed(SIGNATURES) };
}

async function readKept(cacheName: string, path: string): Promise<Bytes | null> {
  const kept = await caches.match(path, { cacheName });
  return kept === undefined ? null : new Uint8Array(await kept.arrayBuffer());
}

/** The modules that the page's own HTML names, as paths of a list. */
export const modulesHere = (): string[] =>
  Array.from(document.querySelectorAll<HTMLLinkElement>('link[rel="modulepreload"]'), ({ href }) =>
    new URL(href).pathname.slice(1),
  );
