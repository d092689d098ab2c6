import { fingerprintOf, isSignedBy, nameOfKey, toHex } from '../crypto/release-key';
import { sha256 } from '../crypto/hash';
import { fromBase64url, fromUtf8, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { parseRelease, type Release } from '../protocol/release';
import { SIGNATURES } from './served';
import { isOlder } from './versions';

/** Why a version is not offered to anybody. */
export type Refusal = 'unsigned' | 'altered' | 'older';

/** A version that may be offered. */
export type Offer = {
  readonly version: string;
  /** What people notice of it, a sentence each. */
  readonly changes: readonly string[];
  readonly fingerprint: string;
  /** The name of the key that signed it; `null` where the running version knows none. */
  readonly signer: string | null;
  /** How that version judges later ones: as the running one does, by the key of this name, or by none. */
  readonly afterwards: { readonly at: 'same' | 'unsigned' } | { readonly at: 'key'; readonly key: string };
  /** Address of its service worker. */
  readonly worker: string;
};

export type Verdict = { readonly offer: Offer } | { readonly refusal: Refusal };

/** The version that runs here, by which another is judged. `key`: base64url, `''` for a build that knows none. */
export type Running = { readonly version: string; readonly key: string };

/**
 * Whether the list of another version may be offered: signed by the key that the running version knows, not older, and
 * with the very service worker that the list names. `read` gives what the server has at a path, `null` for nothing;
 * where it rejects, nothing is known and so does this.
 */
export async function judge(
  list: Bytes,
  running: Running,
  read: (path: string) => Promise<Bytes | null>,
): Promise<Verdict> {
  // First of all, and over bytes: nothing of a list is even parsed that the publisher did not sign.
  if (running.key !== '' && !(await isSigned(list, running.key, await read(SIGNATURES)))) {
    return { refusal: 'unsigned' };
  }
  const release = readList(list);
  if (release === null) return { refusal: 'altered' };
  if (isOlder(release.version, running.version)) return { refusal: 'older' };
  const script = await read(`/${release.worker}`);
  const isListed = script !== null && toHex(await sha256(script)) === release.files.get(release.worker);
  if (!isListed) return { refusal: 'altered' };
  return {
    offer: {
      version: release.version,
      changes: release.changes,
      fingerprint: await fingerprintOf(list),
      signer: await nameOf(running.key),
      afterwards: await afterwards(release.key, running.key),
      worker: `/${release.worker}`,
    },
  };
}

async function afterwards(next: string, running: string): Promise<Offer['afterwards']> {
  if (next === running) return { at: 'same' };
  const key = await nameOf(next);
  return key === null ? { at: 'unsigned' } : { at: 'key', key };
}

/** `key`: base64url. */
export async function isSigned(list: Bytes, key: string, signatures: Bytes | null): Promise<boolean> {
  return signatures !== null && (await isSignedBy(fromBase64url(key), textOf(signatures), list));
}

export const nameOf = async (key: string): Promise<string | null> =>
  key === '' ? null : nameOfKey(fromBase64url(key));

/** What is no text holds no signature either. */
const textOf = (bytes: Bytes): string => orNull(() => fromUtf8(bytes)) ?? '';

/** `null` for what no build of ours writes. */
export const readList = (list: Bytes): Release | null => orNull(() => parseRelease(list));

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof ParleyError) return null;
    throw cause;
  }
}
