import { concat, fromBase64url, toBase64url, type Bytes } from './bytes';
import { ParleyError } from './errors';

/**
 * The link's fragment (section 1): unpadded base64url of exactly 51 bytes.
 *
 *   0        1                17                               49      51
 *   | version | meeting id (16) | secret (32)                   | check |
 *
 * The check value is a hash, so it is made and compared in `crypto/link.ts`; this file is the shape.
 */
export const LINK_VERSION = 1;
export const LINK_CHARACTERS = 68;
export const LINK_CHECKED_BYTES = 49;
export const LINK_CHECK_LABEL = 'parley1 link';

export type LinkFields = { id: Bytes; secret: Bytes; checked: Bytes; check: Bytes };

/** What chat apps put around a link when they find one in a sentence; an address bar writes some of it as %XX. */
const TRAILING = /(?:[.,;)>"'\s]|%(?:0[9AD]|20|22|3E))+$/i;

/** The fields of a fragment without its `#`, or `link/malformed`. */
export function decodeFragment(fragment: string): LinkFields {
  // Checked before any work: a link of a megabyte costs nothing.
  if (fragment.length > LINK_CHARACTERS + 64) throw new ParleyError('link/malformed');
  const text = fragment.replace(TRAILING, '');
  if (!/^[A-Za-z0-9_-]{68}$/.test(text)) throw new ParleyError('link/malformed');
  const bytes = fromBase64url(text);
  if (bytes[0] !== LINK_VERSION) throw new ParleyError('link/malformed');
  return {
    id: bytes.slice(1, 17),
    secret: bytes.slice(17, 49),
    checked: bytes.slice(0, LINK_CHECKED_BYTES),
    check: bytes.slice(LINK_CHECKED_BYTES),
  };
}

/** `version | id | secret`: what the check is made over. */
export function checkedBytes(id: Uint8Array, secret: Uint8Array): Bytes {
  return concat(Uint8Array.of(LINK_VERSION), id, secret);
}

export function encodeFragment(checked: Uint8Array, check: Uint8Array): string {
  return toBase64url(concat(checked, check));
}

/**
 * What the address bar, a paste or a scan holds.
 * - `link`: a candidate fragment, to be opened by `crypto/link.ts`;
 * - `rewritten`: the same, but the `#` came as `%23`: some server has seen the secret (section 1);
 * - `none`: no fragment at all.
 */
export type FoundFragment = { kind: 'link' | 'rewritten'; fragment: string } | { kind: 'none' };

export function findFragment(url: string): FoundFragment {
  const hash = url.indexOf('#');
  if (hash >= 0) return { kind: 'link', fragment: url.slice(hash + 1) };
  const escaped = url.toLowerCase().indexOf('/m%23');
  if (escaped >= 0) return { kind: 'rewritten', fragment: url.slice(escaped + 5) };
  return { kind: 'none' };
}
