import type { ErrorCode } from '../protocol/errors';
import { DEVICE_WORDS, type Words } from './words-device';

/**
 * Words for what a page learns as it opens, or from the server's own answer. The server is there then, and the app's
 * files are too, so they are loaded when one of them is needed.
 */
const ANSWER_WORDS = {
  'link/malformed': {
    what: 'This is not a whole meeting link.',
    why: 'Part of it is missing or was changed on the way, for example by a line break in a message.',
    next: 'Copy the link once more, from its first letter to its last. Or ask the host to send it again.',
  },
  'signaling/unavailable': {
    what: 'Parley’s server cannot let anybody in just now.',
    why: 'It is there, but something it depends on is not. Whoever is connected stays connected.',
    next: 'Opening and joining are tried again by themselves. Anything else was not done: try it in a minute.',
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
  'meeting/elsewhere': {
    what: 'This meeting is open in another window.',
    why: 'One window of this browser leads a meeting, so that nothing is said or kept twice.',
    next: 'Go on in the other window, or take the meeting over here.',
  },
  'peer/no-relay': {
    what: 'Your address cannot be hidden here.',
    why: 'That needs a relay, and this Parley server has none. Nothing of your address was told to the other side.',
    next: 'Join again with “Hide my address” off, or ask whoever runs this server for a relay.',
  },
  'browser/unsupported': {
    what: 'This browser cannot hold a meeting.',
    why: 'It lacks a part that sealed meetings need, or that part is turned off.',
    next: 'Use a current Chrome, Edge, Firefox or Safari, and open the link there.',
  },
} as const satisfies Partial<Record<ErrorCode, Words>>;

/** All that is not there at once. */
export const LATER_WORDS = { ...ANSWER_WORDS, ...DEVICE_WORDS };

export type LaterCode = keyof typeof LATER_WORDS;
