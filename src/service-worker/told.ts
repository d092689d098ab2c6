import type * as english from '../lib/words/compiled/told/messages/en.js';
import { BASE_LOCALE, type Locale } from '../lib/words/locale';

type Told = typeof english;

/** Three sentences in every language: a service worker cannot fetch more of itself later. */
const FILES = import.meta.glob<Told>(
  ['../lib/words/compiled/told/messages/*.js', '!../lib/words/compiled/told/messages/_index.js'],
  { eager: true },
);
const fileOf = (locale: Locale): Told | undefined =>
  FILES[`../lib/words/compiled/told/messages/${locale}.js`];

/** What a notification says, by what is known of who is to be told. */
export function toldIn(locale: Locale): Record<'guest' | 'host' | 'unknown', () => string> {
  const m = fileOf(locale) ?? fileOf(BASE_LOCALE);
  if (m === undefined) throw new Error('no words to tell anybody');
  return {
    guest: () => m.told_host_here({}),
    host: () => m.told_someone_waits({}),
    unknown: () => m.told_meeting_starts({}),
  };
}
