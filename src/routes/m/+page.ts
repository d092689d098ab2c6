import { loadWords } from '$lib/words/messages';

/** The shell holds nothing of a meeting: what is shown depends on the fragment, which no server ever sees. */
export const ssr = false;

export const load = () => loadWords('parts');
