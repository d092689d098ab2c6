import type { ErrorCode } from '../protocol/errors';
import type { DeviceCode, Words } from './words-device';

export type { Words } from './words-device';

const OPEN_AGAIN = 'Close this tab and open the link once more.';
const ASK_FOR_LINK = 'Ask the host to send you the link again.';

/**
 * Words for people, one entry for every code, here and in `words-device.ts`: the only places where a code becomes a
 * sentence. Cryptographic failures read alike, because nobody outside may learn which check it was (section 13).
 */
export const WORDS: Readonly<Record<Exclude<ErrorCode, DeviceCode>, Words>> = {
  'link/malformed': {
    what: 'This is not a whole meeting link.',
    why: 'Part of it is missing or was changed on the way, for example by a line break in a message.',
    next: `Copy the link once more, from its first letter to its last. ${ASK_FOR_LINK}`,
  },
  'crypto/open-failed': {
    what: 'Something arrived that your key does not open.',
    why: 'It was damaged or changed on the way, or it was never sealed with this link’s key. Nothing of it was shown.',
    next: `${OPEN_AGAIN} If it happens again, ask the host for a new link.`,
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
  'signaling/rate-limited': {
    what: 'That was too many attempts in a short time.',
    why: 'The server slows everyone down after a while, so that nobody can try links by the thousand.',
    next: 'Wait a minute, then try once.',
  },
  'signaling/superseded': {
    what: 'You opened this meeting in another window.',
    why: 'A meeting has one host window. The newest one took over, and this one stepped back.',
    next: 'Go on in the other window, or close it and open the meeting here again.',
  },
  'signaling/claim-refused': {
    what: 'The server did not accept that this is your meeting.',
    why: 'The key kept on this device does not fit the meeting, or the page was opened under another address.',
    next: 'Open Parley under the address where you made the meeting. If it still fails, make a new one.',
  },
  'meeting/not-found': {
    what: 'There is no meeting behind this link yet.',
    why: 'The host has not opened it on this server, or has not used it for a very long time.',
    next: 'Check that the link is whole, then ask the host to open the meeting.',
  },
  'meeting/retired': {
    what: 'This meeting was retired.',
    why: 'The host closed it for good. Its link opens nothing any more, for anyone.',
    next: 'If you still need to talk, ask the host for a new meeting.',
  },
  'meeting/replaced': {
    what: 'This link was replaced.',
    why: 'The host made a new link for the meeting. Old links stop working at that moment.',
    next: 'Ask the host for the new link.',
  },
  'meeting/full': {
    what: 'The meeting is full.',
    why: 'As many people as it holds are already there.',
    next: 'Wait until somebody leaves, then try again.',
  },
  'meeting/denied': {
    what: 'The host did not let you in.',
    why: 'Everyone is asked for by name, and the host decides.',
    next: 'If you think it was a mistake, reach the host another way.',
  },
  'meeting/incompatible': {
    what: 'The two versions of Parley do not fit together.',
    why: 'One of the two pages is much older than the other.',
    next: 'Reload the page on both sides to get the newest version.',
  },
  'meeting/tampered': {
    what: 'Someone may be interfering with this connection.',
    why: 'The greeting between the two browsers failed again and again, in a way that a healthy network does not cause.',
    next: 'Do not go on with this link. Try another network, and ask for a new link in a way you trust.',
  },
  'meeting/elsewhere': {
    what: 'This meeting is open in another window.',
    why: 'One window of this browser leads a meeting, so that nothing is said or kept twice.',
    next: 'Go on in the other window, or take the meeting over here.',
  },
  'peer/ice-failed': {
    what: 'The two browsers found no way to each other.',
    why: 'A firewall on one side lets neither direct nor relayed connections through.',
    next: 'Try another network, such as a phone’s hotspot. The Connection help page has more ideas.',
  },
  'peer/no-relay': {
    what: 'Your address cannot be hidden here.',
    why: 'That needs a relay, and this Parley server has none. Nothing of your address was told to the other side.',
    next: 'Join again with “Hide my address” off, or ask whoever runs this server for a relay.',
  },
  'peer/slow': {
    what: 'Connecting takes longer than it should.',
    why: 'Your network or theirs is losing much of what is sent, or holds it back.',
    next: 'Parley keeps trying. Moving closer to the router, or a phone’s hotspot, often helps.',
  },
  'browser/unsupported': {
    what: 'This browser cannot hold a meeting.',
    why: 'It lacks a part that sealed meetings need, or that part is turned off.',
    next: 'Use a current Chrome, Edge, Firefox or Safari, and open the link there.',
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

/** At once for what a network that is gone may cause; the rest comes from the app's own files. */
export function wordsFor(code: ErrorCode): Words | Promise<Words> {
  if (code in WORDS) return WORDS[code as keyof typeof WORDS];
  return import('./words-device').then(
    ({ DEVICE_WORDS }) => DEVICE_WORDS[code as DeviceCode],
    // Not even our own file could be loaded: that is what is wrong first.
    () => WORDS['signaling/unreachable'],
  );
}

/** What somebody is called who gave no name. */
export const NAMELESS = { host: 'the host', guest: 'a guest' } as const;
