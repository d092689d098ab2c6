import { browser } from '$app/environment';
import type * as home from './compiled/home/messages/en.js';
import type * as meeting from './compiled/meeting/messages/en.js';
import type * as shell from './compiled/shell/messages/en.js';
import type * as talk from './compiled/talk/messages/en.js';
import { BASE_LOCALE, wantedLocale, type Locale } from './locale';

/**
 * What Parley says to people, by area: each is a folder beside this file with one file a language, which
 * `scripts/words.mjs` compiles to functions. A page loads the areas that it needs, in one language.
 */
type Compiled = {
  /** What stands around every page, and what is on more than one. */
  shell: typeof shell;
  home: typeof home;
  meeting: typeof meeting;
  /** The conversation and the files of a meeting. */
  talk: typeof talk;
};

export type Area = keyof Compiled;
export const AREAS = ['shell', 'home', 'meeting', 'talk'] as const satisfies readonly Area[];
type All<Each> = (Each extends unknown ? (each: Each) => void : never) extends (each: infer T) => void
  ? T
  : never;
/** What nothing is put into takes nothing. */
type Sentence<F> = F extends (inputs: infer Inputs) => string
  ? keyof Inputs extends never
    ? () => string
    : (inputs: Inputs) => string
  : never;
type Sentences<T> = { readonly [Name in keyof T]: Sentence<T[Name]> };
type Messages = Sentences<All<Compiled[Area]>>;

/** Each sentence by its name. To be called when it is said: before its area was loaded there is none. */
export const m = {} as Messages;

/** The language of this page, from its first word to its last. */
export const locale: Locale = browser ? wantedLocale() : BASE_LOCALE;

const FILES = import.meta.glob(['./compiled/*/messages/*.js', '!./compiled/*/messages/_index.js']);

/** Rejects where a file does not come; asked again, it tries again. */
export async function loadWords(...areas: readonly Area[]): Promise<void> {
  await Promise.all(
    areas.map(async (area) => {
      const file = FILES[`./compiled/${area}/messages/${locale}.js`];
      if (file === undefined) throw new Error(`no words of ${area} in ${locale}`);
      Object.assign(m, await file());
    }),
  );
}
