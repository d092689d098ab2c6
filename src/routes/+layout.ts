import { loadWords } from '$lib/words/messages';

/** Every page is a file: the server has nothing to render and each byte can be hashed. */
export const prerender = true;
export const trailingSlash = 'never';

/** What stands around every page is said in one language from the first word. */
export const load = () => loadWords('shell');
