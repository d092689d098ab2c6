import { CHOSEN, LANGUAGES, SPOKEN, type Locale } from './locale';

/** No secret: it is read before anything is unlocked. */
const CHOICE = 'parley-language';

/** What somebody chose on this device; `null`: the browser's languages decide. */
export function chosenLocale(): Locale | null {
  try {
    const chosen = localStorage.getItem(CHOICE);
    return LANGUAGES.find(([locale]) => locale === chosen)?.[0] ?? null;
  } catch {
    // A browser that keeps nothing for this site keeps no choice either.
    return null;
  }
}

/** Counts from the next page on, and for the service worker at once. Throws where the browser keeps nothing for this site. */
export async function chooseLocale(locale: Locale | null): Promise<void> {
  if (locale === null) localStorage.removeItem(CHOICE);
  else localStorage.setItem(CHOICE, locale);
  const cache = await caches.open(SPOKEN);
  if (locale === null) await cache.delete(CHOSEN);
  else await cache.put(CHOSEN, new Response(locale));
}
