import type { ErrorCode } from '../protocol/errors';
import { m } from '../words/messages';
import { DEVICE_WORDS, type Said } from './words-device';

/**
 * Words for what a page learns as it opens, or from the server's own answer. The server is there then, and the app's
 * files are too, so they are loaded when one of them is needed.
 */
const ANSWER_WORDS = {
  'link/malformed': () => ({
    what: m.trouble_link_malformed(),
    why: m.trouble_link_malformed_why(),
    next: m.trouble_link_malformed_next(),
  }),
  'signaling/unavailable': () => ({
    what: m.trouble_signaling_unavailable(),
    why: m.trouble_signaling_unavailable_why(),
    next: m.trouble_signaling_unavailable_next(),
  }),
  'signaling/rate-limited': () => ({
    what: m.trouble_signaling_rate_limited(),
    why: m.trouble_signaling_rate_limited_why(),
    next: m.trouble_signaling_rate_limited_next(),
  }),
  'signaling/superseded': () => ({
    what: m.trouble_signaling_superseded(),
    why: m.trouble_signaling_superseded_why(),
    next: m.trouble_signaling_superseded_next(),
  }),
  'signaling/claim-refused': () => ({
    what: m.trouble_signaling_claim_refused(),
    why: m.trouble_signaling_claim_refused_why(),
    next: m.trouble_signaling_claim_refused_next(),
  }),
  'meeting/not-found': () => ({
    what: m.trouble_meeting_not_found(),
    why: m.trouble_meeting_not_found_why(),
    next: m.trouble_meeting_not_found_next(),
  }),
  'meeting/retired': () => ({
    what: m.trouble_meeting_retired(),
    why: m.trouble_meeting_retired_why(),
    next: m.trouble_meeting_retired_next(),
  }),
  'meeting/replaced': () => ({
    what: m.trouble_meeting_replaced(),
    why: m.trouble_meeting_replaced_why(),
    next: m.trouble_meeting_replaced_next(),
  }),
  'meeting/full': () => ({
    what: m.trouble_meeting_full(),
    why: m.trouble_meeting_full_why(),
    next: m.trouble_meeting_full_next(),
  }),
  'meeting/denied': () => ({
    what: m.trouble_meeting_denied(),
    why: m.trouble_meeting_denied_why(),
    next: m.trouble_meeting_denied_next(),
  }),
  'meeting/incompatible': () => ({
    what: m.trouble_meeting_incompatible(),
    why: m.trouble_meeting_incompatible_why(),
    next: m.trouble_meeting_incompatible_next(),
  }),
  'meeting/elsewhere': () => ({
    what: m.trouble_meeting_elsewhere(),
    why: m.trouble_meeting_elsewhere_why(),
    next: m.trouble_meeting_elsewhere_next(),
  }),
  'peer/no-relay': () => ({
    what: m.trouble_peer_no_relay(),
    why: m.trouble_peer_no_relay_why(),
    next: m.trouble_peer_no_relay_next(),
  }),
  'browser/unsupported': () => ({
    what: m.trouble_browser_unsupported(),
    why: m.trouble_browser_unsupported_why(),
    next: m.trouble_browser_unsupported_next(),
  }),
  'browser/insecure': () => ({
    what: m.trouble_browser_insecure(),
    why: m.trouble_browser_insecure_why(),
    next: m.trouble_browser_insecure_next(),
  }),
} as const satisfies Partial<Record<ErrorCode, Said>>;

/** All that is not there at once. */
export const LATER_WORDS = { ...ANSWER_WORDS, ...DEVICE_WORDS };

export type LaterCode = keyof typeof LATER_WORDS;
