import { formatLocale } from '../words/messages';

type Formats = { readonly time: Intl.DateTimeFormat; readonly day: Intl.DateTimeFormat };

/** How times and days are written. Made once, when first wanted: a formatter costs far more than what it formats. */
export function lazyFormats(): () => Formats {
  let made: Formats | null = null;
  return () =>
    (made ??= {
      time: new Intl.DateTimeFormat(formatLocale, { hour: 'numeric', minute: '2-digit' }),
      day: new Intl.DateTimeFormat(formatLocale, { dateStyle: 'long' }),
    });
}
