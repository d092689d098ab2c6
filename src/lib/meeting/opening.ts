import { ParleyError } from '../protocol/errors';
import { parseId, type VaultId } from '../protocol/ids';
import { findFragment } from '../protocol/link';

/** What the meeting page was opened with. */
export type Opening =
  | { kind: 'new' }
  /** A meeting saved on this device; the handle says nothing about it. */
  | { kind: 'saved'; vaultId: VaultId }
  | { kind: 'link'; fragment: string; wasRewritten: boolean }
  | { kind: 'none' };

/** How, when it is not the first time. */
export type OpenWishes = {
  /** Without what a locked device keeps, and without keeping anything. */
  isApart?: boolean;
  /** Though another window of this browser has it open. */
  takesOver?: boolean;
};

const NEW = 'new';
const SAVED = 's-';
/** Only what `parseId` takes: whatever else somebody writes into a link is a link that is none. */
const SAVED_FRAGMENT = /^s-[A-Za-z0-9_-]{21}[AQgw]$/;
/** Where a tab remembers which saved meeting it shows, for a reload: the random handle, nothing else. */
const TAB_KEY = 'parley.meeting';

export const newMeetingHash = `#${NEW}`;
export const savedMeetingHash = (vaultId: VaultId): string => `#${SAVED}${vaultId}`;

/** Reads an address. Handles of this device never look like a link: a link has 68 characters. */
export function readOpening(href: string): Opening {
  const found = findFragment(href);
  if (found.kind === 'none' || found.fragment === '') return { kind: 'none' };
  const { fragment, kind } = found;
  if (fragment === NEW) return { kind: 'new' };
  if (SAVED_FRAGMENT.test(fragment)) {
    return { kind: 'saved', vaultId: parseId<VaultId>(fragment.slice(SAVED.length)) };
  }
  return { kind: 'link', fragment, wasRewritten: kind === 'rewritten' };
}

/** What this page was opened with. A reload finds its meeting again by the tab's own note. */
export function pageOpening(): Opening {
  const opening = readOpening(location.href);
  if (opening.kind !== 'none') return opening;
  const vaultId = sessionStorage.getItem(TAB_KEY);
  return vaultId === null ? opening : { kind: 'saved', vaultId: parseId<VaultId>(vaultId) };
}

/** The secret leaves the address bar, and with it the history (section 1). */
export function hideOpening(): void {
  if (readOpening(location.href).kind !== 'none') history.replaceState(history.state, '', '/m');
}

/** Throws what is said where nobody can meet: `browser/insecure`, `browser/unsupported`. */
export function demandBrowser(): void {
  if (!isSecureContext) throw new ParleyError('browser/insecure');
  if (!('RTCPeerConnection' in globalThis)) throw new ParleyError('browser/unsupported');
}

/** What the person sends to others. */
export const inviteLink = (fragment: string): string => `${location.origin}/m#${fragment}`;

export function rememberInTab(vaultId: VaultId | null): void {
  if (vaultId === null) sessionStorage.removeItem(TAB_KEY);
  else sessionStorage.setItem(TAB_KEY, vaultId);
}
