import type { Words } from '../ui/words';
import { m } from '../words/messages';
import type { Refusal } from './offer';

/** Why another version is not offered, in words: the only place where a reason becomes a sentence. */
export const REFUSALS: Readonly<Record<Refusal, () => Words>> = {
  unsigned: () => ({
    what: m.update_unsigned(),
    why: m.update_unsigned_why(),
    next: m.update_refused_next(),
  }),
  altered: () => ({
    what: m.update_altered(),
    why: m.update_altered_why(),
    next: m.update_altered_next(),
  }),
  older: () => ({
    what: m.update_older(),
    why: m.update_older_why(),
    next: m.update_refused_next(),
  }),
};

export const failed = (): Words => ({
  what: m.update_failed(),
  why: m.update_failed_why(),
  next: m.update_failed_next(),
});

export const replaced = (): Words => ({
  what: m.app_replaced(),
  why: m.app_replaced_why(),
  next: m.app_replaced_next(),
});
