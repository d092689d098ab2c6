import type { ErrorCode } from '../protocol/errors';
import { loadWords, m } from '../words/messages';
import type { LaterCode } from './words-answer';
import type { Said, Words } from './words-device';

export type { Words } from './words-device';

/**
 * Words for people, one entry for every code, here and in `words-answer.ts` and `words-device.ts`: the only
 * places where a code becomes a sentence. Cryptographic failures read alike, because nobody outside may learn which check it was (section 13).
 */
export const WORDS: Readonly<Record<Exclude<ErrorCode, LaterCode>, Said>> = {
  'crypto/open-failed': () => ({
    what: m.trouble_crypto_open_failed(),
    why: m.trouble_crypto_open_failed_why(),
    next: m.trouble_crypto_open_failed_next(),
  }),
  'protocol/malformed': () => ({
    what: m.trouble_protocol_malformed(),
    why: m.trouble_protocol_malformed_why(),
    next: m.trouble_protocol_malformed_next(),
  }),
  'protocol/unexpected': () => ({
    what: m.trouble_protocol_unexpected(),
    why: m.trouble_protocol_unexpected_why(),
    next: m.trouble_protocol_unexpected_next(),
  }),
  'description/refused': () => ({
    what: m.trouble_description_refused(),
    why: m.trouble_description_refused_why(),
    next: m.trouble_description_refused_next(),
  }),
  'record/exhausted': () => ({
    what: m.trouble_record_exhausted(),
    why: m.trouble_record_exhausted_why(),
    next: m.trouble_record_exhausted_next(),
  }),
  'signaling/unreachable': () => ({
    what: m.trouble_signaling_unreachable(),
    why: m.trouble_signaling_unreachable_why(),
    next: m.trouble_signaling_unreachable_next(),
  }),
  'meeting/tampered': () => ({
    what: m.trouble_meeting_tampered(),
    why: m.trouble_meeting_tampered_why(),
    next: m.trouble_meeting_tampered_next(),
  }),
  'peer/ice-failed': () => ({
    what: m.trouble_peer_ice_failed(),
    why: m.trouble_peer_ice_failed_why(),
    next: m.trouble_peer_ice_failed_next(),
  }),
  'peer/slow': () => ({
    what: m.trouble_peer_slow(),
    why: m.trouble_peer_slow_why(),
    next: m.trouble_peer_slow_next(),
  }),
  'ui/copy-failed': () => ({
    what: m.trouble_ui_copy_failed(),
    why: m.trouble_ui_copy_failed_why(),
    next: m.trouble_ui_copy_failed_next(),
  }),
  'internal/fault': () => ({
    what: m.trouble_internal_fault(),
    why: m.trouble_internal_fault_why(),
    next: m.trouble_internal_fault_next(),
  }),
};

/** At once for what a network that is gone may cause, or a hostile one; the rest comes from the app's own files. */
export function wordsFor(code: ErrorCode): Words | Promise<Words> {
  if (code in WORDS) return WORDS[code as keyof typeof WORDS]();
  return Promise.all([import('./words-answer'), loadWords('trouble')]).then(
    ([{ LATER_WORDS }]) => LATER_WORDS[code as LaterCode](),
    // Not even our own file could be loaded: that is what is wrong first.
    () => WORDS['signaling/unreachable'](),
  );
}

/** What somebody is called who gave no name. */
export const NAMELESS = { host: () => m.nameless_host(), guest: () => m.nameless_guest() } as const;
