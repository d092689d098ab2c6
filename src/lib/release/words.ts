import type { Words } from '../ui/words';
import type { Refusal } from './offer';

const GOES_ON = 'Nothing of it was installed, and the version that you have goes on working.';
const ASK = 'Ask whoever runs this server, by another way than this page.';

/** Why another version is not offered, in words: the only place where a reason becomes a sentence. */
export const REFUSALS: Readonly<Record<Refusal, Words>> = {
  unsigned: {
    what: 'This server offers a version that the publisher of yours did not sign.',
    why: 'Whoever runs the server may have forgotten the signature, or somebody wants to give you other code.',
    next: `${GOES_ON} ${ASK}`,
  },
  altered: {
    what: 'This server offers a version whose files are not what its own list says.',
    why: 'It may be only half copied to the server, or something on the way has changed it.',
    next: `${GOES_ON} If this is still here tomorrow: ${ASK}`,
  },
  older: {
    what: 'This server offers an older version than yours.',
    why: 'Faults that were mended in yours would be back.',
    next: `${GOES_ON} ${ASK}`,
  },
};

export const FAILED: Words = {
  what: 'The new version was not installed.',
  why: 'A file did not arrive, or was not the one on its list.',
  next: `${GOES_ON} Try again when the network is good; if that does not help, tell whoever runs this server.`,
};

export const REPLACED: Words = {
  what: 'This server has put other code in the place of the version that you have.',
  why: 'A version’s code never changes: a new version comes beside it, and you are asked. This server did otherwise.',
  next: `This window still runs what you had; the next one may not. Before you say anything private here: ${ASK}`,
};
