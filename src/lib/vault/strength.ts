import { SAFETY_WORDS } from '../crypto/word-list';

/** How long guessing takes somebody who has a copy of the disk, each guess costing what Argon2id costs. */
export type Strength = 'too-short' | 'weak' | 'fair' | 'strong';

export const MIN_LENGTH = 8;
const SUGGESTED_WORDS = 6;
/** 2^40 guesses are years on one machine and a weekend for a thousand; 2^55 are out of reach. */
const FAIR_BITS = 40;
const STRONG_BITS = 55;

const CLASSES: readonly [RegExp, number][] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[0-9]/, 10],
  [/[^A-Za-z0-9]/, 20],
];
/** The beginnings of what people choose; each is worth nothing. */
const COMMON =
  /pass(word|wort)?|qwert[yz]*|asdf\w*|letmein|welcome|admin|iloveyou|parley|meeting|dragon|monkey|(19|20)\d\d/gi;

/** An estimate that errs on the low side: repeated and neighbouring letters and common beginnings count for little. */
export function strengthOf(passphrase: string): Strength {
  if ([...passphrase].length < MIN_LENGTH) return 'too-short';
  const bits = bitsOf(passphrase);
  if (bits < FAIR_BITS) return 'weak';
  return bits < STRONG_BITS ? 'fair' : 'strong';
}

/** Words that a person can remember, 8 bits each, picked by the device. */
export function suggestPassphrase(): string {
  const picks = crypto.getRandomValues(new Uint8Array(SUGGESTED_WORDS));
  return Array.from(picks, (byte) => SAFETY_WORDS[byte] ?? '').join(' ');
}

function bitsOf(passphrase: string): number {
  const words = passphrase.trim().split(/\s+/);
  // Whole words are guessed as words: 11 bits each, as in a list of 2,000 common ones.
  if (words.length >= 3 && words.every((word) => /^\p{L}+$/u.test(word))) return new Set(words).size * 11;
  const rest = passphrase.replace(COMMON, '');
  const letters = [...rest].filter((letter, index, all) => {
    const step = letter.codePointAt(0) ?? 0;
    const before = all[index - 1]?.codePointAt(0) ?? -9;
    return Math.abs(step - before) > 1;
  });
  const alphabet = CLASSES.reduce((size, [pattern, count]) => size + (pattern.test(rest) ? count : 0), 0);
  return letters.length * Math.log2(Math.max(2, alphabet));
}
