import { readdirSync, readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';

/** What Parley says, from the message files: sentences by name, without those that are counted. */
const WORDS = new URL('../../src/lib/words/', import.meta.url);

function messagesIn(locale: string): ReadonlyMap<string, string> {
  const areas = readdirSync(WORDS, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !['compiled', 'pages'].includes(entry.name),
  );
  const messages = areas.flatMap(({ name }) => {
    const file = readFileSync(new URL(`${name}/${locale}.json`, WORDS), 'utf8');
    return Object.entries(JSON.parse(file) as Record<string, unknown>);
  });
  return new Map(messages.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** A sentence of this language by its name. */
export function speaker(locale: string): (name: string) => string {
  const messages = messagesIn(locale);
  return (name) => {
    const said = messages.get(name);
    if (said === undefined) throw new Error(`${locale} has no ${name}`);
    return said;
  };
}

/** English sentences on the page that this language would have said otherwise. */
export async function englishOn(page: Page, locale: string): Promise<string[]> {
  const own = messagesIn(locale);
  const ownSentences = new Set(own.values());
  const others = [...messagesIn('en')].filter(
    ([name, english]) => own.get(name) !== english && !ownSentences.has(english),
  );
  const patterns = others.map(([, english]) => patternOf(english)).filter((pattern) => pattern !== null);
  const texts = await page.evaluate(textsOf);
  return texts.filter((text) => patterns.some((pattern) => pattern.test(text)));
}

/** Whole sentences, whatever was put into them; `null` for those that are little else. */
function patternOf(english: string): RegExp | null {
  const parts = english.split(/\{\w+\}|<\/?\w+>/);
  if (parts.join('').replace(/[^a-z]/gi, '').length < 3) return null;
  return new RegExp(`^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 's');
}

/** In the page: all that is read or heard of it, but for what says of itself that it is English. */
function textsOf(): string[] {
  const texts: string[] = [document.title];
  for (const element of document.body.querySelectorAll('*')) {
    if (element.closest('[lang=en]') !== null || element.closest('noscript, script') !== null) continue;
    for (const name of ['aria-label', 'placeholder', 'title', 'alt'])
      texts.push(element.getAttribute(name) ?? '');
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) texts.push(node.textContent ?? '');
    }
  }
  return texts.map((text) => text.trim().replace(/\s+/g, ' ')).filter((text) => text !== '');
}
