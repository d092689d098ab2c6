import { loadWords } from '$lib/words/messages';

export const load = () => loadWords('settings');
