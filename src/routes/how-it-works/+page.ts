import { loadWords } from '$lib/words/messages';

// The diagram of the path is Home’s too, and has its words there.
export const load = () => loadWords('pages', 'home');
