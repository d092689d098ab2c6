import type { ErrorCode } from '../protocol/errors';
import type { LaterCode } from './words-answer';
import type { Words } from './words-device';

export type { Words } from './words-device';

/**
 * Words for people, one entry for every code, here and in `words-answer.ts` and `words-device.ts`: the only
 * places where a code becomes a sentence. Cryptographic failures read alike, because nobody outside may learn which check it was (section 13).
 */
export const WORDS: Readonly<Record<Exclude<ErrorCode, LaterCode>, Words>> = {
  'crypto/open-failed': {
    what: 'Something arrived that your key does not open.',
    why: 'It was damaged or changed on the way, or it was never sealed with this link’s key. Nothing of it was shown.',
    next: 'Close this tab and open the link once more. If it happens again, ask the host for a new link.',
  },
  'protocol/malformed': {
    what: 'The other side sent something that Parley does not understand.',
    why: 'Its page may be a different version, or the data was damaged on the way.',
    next: 'Reload the page on both sides, then join again.',
  },
  'protocol/unexpected': {
    what: 'The other side sent something out of turn.',
    why: 'The two pages lost step with each other, so the connection was closed to be safe.',
    next: 'Join again. Both pages then start afresh.',
  },
  'description/refused': {
    what: 'The other browser’s connection details were refused.',
    why: 'They are not of the kind Parley sends, so they may have been altered.',
    next: 'Reload the page on both sides. If it happens again, try another network.',
  },
  'record/exhausted': {
    what: 'This connection has carried as much as one key may seal.',
    why: 'Keys are retired long before they wear out. Nothing went wrong.',
    next: 'Join again. A new key is made.',
  },
  'signaling/unreachable': {
    what: 'Parley’s server cannot be reached.',
    why: 'This device may be offline, or the network blocks the connection.',
    next: 'Check that other pages load. Parley keeps trying by itself; the Connection help page has more ideas.',
  },
  'meeting/tampered': {
    what: 'Someone may be interfering with this connection.',
    why: 'The greeting between the two browsers failed again and again, in a way that a healthy network does not cause.',
    next: 'Do not go on with this link. Try another network, and ask for a new link in a way you trust.',
  },
  'peer/ice-failed': {
    what: 'The two browsers found no way to each other.',
    why: 'A firewall on one side lets neither direct nor relayed connections through.',
    next: 'Try another network, such as a phone’s hotspot. The Connection help page has more ideas.',
  },
  'peer/slow': {
    what: 'Connecting takes longer than it should.',
    why: 'Your network or theirs is losing much of what is sent, or holds it back.',
    next: 'Parley keeps trying. Moving closer to the router, or a phone’s hotspot, often helps.',
  },
  'ui/copy-failed': {
    what: 'The link was not copied.',
    why: 'The browser did not allow access to the clipboard.',
    next: 'Select the link and copy it by hand.',
  },
  'internal/fault': {
    what: 'Something broke in Parley itself.',
    why: 'This is our fault, not yours. Nothing was sent unsealed.',
    next: 'Reload the page. If it happens again, please tell whoever runs this server.',
  },
};

/** At once for what a network that is gone may cause, or a hostile one; the rest comes from the app's own files. */
export function wordsFor(code: ErrorCode): Words | Promise<Words> {
  if (code in WORDS) return WORDS[code as keyof typeof WORDS];
  return import('./words-answer').then(
    ({ LATER_WORDS }) => LATER_WORDS[code as LaterCode],
    // Not even our own file could be loaded: that is what is wrong first.
    () => WORDS['signaling/unreachable'],
  );
}

/** What somebody is called who gave no name. */
export const NAMELESS = { host: 'the host', guest: 'a guest' } as const;
