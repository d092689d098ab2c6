import { browser } from '$app/environment';
import type * as calls from './compiled/calls/messages/en.js';
import type * as help from './compiled/help/messages/en.js';
import type * as home from './compiled/home/messages/en.js';
import type * as meeting from './compiled/meeting/messages/en.js';
import type * as pages from './compiled/pages/messages/en.js';
import type * as settings from './compiled/settings/messages/en.js';
import type * as shell from './compiled/shell/messages/en.js';
import type * as talk from './compiled/talk/messages/en.js';
import type * as trouble from './compiled/trouble/messages/en.js';
import { chosenLocale } from './choice';
import { BASE_LOCALE, bestLocale, regionalTag, type Locale } from './locale';

/**
 * What Parley says to people, by area: each is a folder beside this file with one file a language, which
 * `scripts/words.mjs` compiles to functions. A page loads the areas that it needs, in one language.
 */
type Compiled = {
  /** What stands around every page, and what is on more than one. */
  shell: typeof shell;
  home: typeof home;
  /** A meeting, from its link to its end. */
  meeting: typeof meeting;
  /** What people say and send to each other. */
  talk: typeof talk;
  /** What comes with a call, or with the check before one. */
  calls: typeof calls;
  /** The settings, and what else is said of this device: lock, backups, the installed app, what is shared to it, versions. */
  settings: typeof settings;
  /** What may be wrong with a connection, and what to try. */
  help: typeof help;
  /** Pages to read. */
  pages: typeof pages;
  /** What went wrong, where there is time to load the words for it. */
  trouble: typeof trouble;
};

export type Area = keyof Compiled;
export const AREAS = [
  'shell',
  'home',
  'meeting',
  'talk',
  'calls',
  'settings',
  'help',
  'pages',
  'trouble',
] as const satisfies readonly Area[];
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
export const locale: Locale = browser ? (chosenLocale() ?? bestLocale(navigator.languages)) : BASE_LOCALE;
/** For Intl: the same language as people here write dates and numbers. */
export const formatLocale: string = browser ? regionalTag(locale, navigator.languages) : locale;

const ENGLISH = import.meta.glob(['./compiled/*/messages/en.js', '!./compiled/told/**']);
const OTHERS = import.meta.glob<{ files: Record<Area, () => Promise<unknown>> }>(
  './compiled/index/messages/*.js',
);

/** Rejects where a file does not come; asked again, it tries again. */
export async function loadWords(...areas: readonly Area[]): Promise<void> {
  await Promise.all(areas.map(async (area) => Object.assign(m, await fetchWords(area, locale))));
}

/** Rejects where what this page would be in another language does not come: nobody is left without words. */
export async function expectWords(other: Locale): Promise<void> {
  await Promise.all(AREAS.map((area) => fetchWords(area, other)));
}

async function fetchWords(area: Area, of: Locale): Promise<unknown> {
  const file =
    of === BASE_LOCALE
      ? ENGLISH[`./compiled/${area}/messages/en.js`]
      : (await OTHERS[`./compiled/index/messages/${of}.js`]?.())?.files[area];
  if (file === undefined) throw new Error(`no words of ${area} in ${of}`);
  return file();
}
