import LOCALES from './locales.json';

/** A BCP 47 tag of a language that Parley speaks. */
export type Locale = keyof typeof LOCALES;

export const BASE_LOCALE: Locale = 'en';
/** Every language in its own words, as whoever looks for it reads it. */
export const LANGUAGES = Object.entries(LOCALES) as readonly [Locale, string][];

/** A cache of names of languages, for every version of the app: those that were asked for, and at CHOSEN the choice. */
export const SPOKEN = 'languages';
export const CHOSEN = '/chosen';

/** The first wish that can be met: the same language, written in the same script. */
export function bestLocale(wishes: readonly string[]): Locale {
  for (const wish of wishes) {
    const match = LANGUAGES.find(([locale]) => isSame(locale, wish));
    if (match !== undefined) return match[0];
  }
  return BASE_LOCALE;
}

/** The browser's own tag of the language, which says where it is spoken. */
export function regionalTag(locale: Locale, wishes: readonly string[]): string {
  return wishes.find((wish) => isSame(locale, wish)) ?? locale;
}

export function directionOf(locale: Locale): 'ltr' | 'rtl' {
  return likely(locale).script === 'Arab' ? 'rtl' : 'ltr';
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [likely(one), likely(other)];
  return a.language === b.language && a.script === b.script;
}

/** With its script, also where the tag leaves it out. */
function likely(tag: string): Intl.Locale {
  try {
    return new Intl.Locale(tag).maximize();
  } catch {
    // Browsers may name anything; what is no tag is no wish.
    return new Intl.Locale('und');
  }
}
