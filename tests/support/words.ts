import { AREAS, loadWords } from '../../src/lib/words/messages';

await loadWords(...AREAS);
