import { loadWords } from '$lib/words/messages';

export const load = () => loadWords('home', 'settings');
