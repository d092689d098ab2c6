import { concat, utf8, type Bytes } from '../protocol/bytes';
import { expand, extract } from './hash';
import { SAFETY_WORDS } from './word-list';

const WORD_COUNT = 4;

/** `number`: where the word stands in the list, from 1, for two people who have no language in common. */
export type SafetyWord = { word: string; number: number };

/**
 * Section 6: four words, 32 bits, that are alike on both screens if nobody stands between. `randomI` was committed to in
 * message 1, before `randomR` was known, so an attacker in the middle has one guess.
 */
export async function safetyWords(h: Bytes, randomI: Bytes, randomR: Bytes): Promise<SafetyWord[]> {
  const prk = await extract(h, concat(randomI, randomR));
  const picks = await expand(prk, utf8('parley1 words'), WORD_COUNT);
  return Array.from(picks, (byte) => ({ word: SAFETY_WORDS[byte] ?? '', number: byte + 1 }));
}
