import { loadWords } from '$lib/words/messages';

/** The shell holds nothing of a meeting: what is shown depends on the fragment, which no server ever sees. */
export const ssr = false;

/** The meeting is on its way by then and waits for no words: the page's script has started it. */
export const load = () => loadWords('meeting', 'talk');
