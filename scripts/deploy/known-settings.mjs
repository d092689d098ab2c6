import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './place.mjs';

/**
 * The names of the server's settings, as its own list has them: a line each, a name in capitals and what it means.
 * @returns {Set<string>}
 */
export function knownSettings() {
  const source = readFileSync(join(ROOT, 'src', 'server', 'settings.ts'), 'utf8');
  return new Set([...source.matchAll(/^ \* {3}([A-Z][A-Z_]+) {2,}/gm)].map(([, name = '']) => name));
}
