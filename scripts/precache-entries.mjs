/**
 * What the service worker keeps, as entries of its list: address, revision, and the SHA-256 of every byte. The browser
 * itself compares that on the way in (Subresource Integrity), so a file that is not the one listed is never installed.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Where Kit has its parts before they come together, unchanged, in build/client. */
const OUTPUT = new URL('../.svelte-kit/output/', import.meta.url);

/** @typedef {{ url: string, revision: string | null, size: number, integrity?: string }} Entry */

/**
 * Given to Workbox as its one transform. The integration has one of its own that makes addresses; naming any takes its
 * place, so the addresses are made here too.
 * @param {Entry[]} entries with paths below Kit's output as their addresses
 */
export async function withIntegrity(entries) {
  const manifest = await Promise.all(
    entries.map(async (entry) => {
      const content = await readFile(fileURLToPath(new URL(entry.url, OUTPUT)));
      const integrity = `sha256-${createHash('sha256').update(content).digest('base64')}`;
      return { ...entry, url: addressOf(entry.url), integrity };
    }),
  );
  return { manifest };
}

/**
 * `prerendered/pages/m.html` is served as `m`, and `index.html` as `/`.
 * @param {string} path
 */
function addressOf(path) {
  const file = path.replace(/^(?:client|prerendered\/pages)\//, '');
  return file === 'index.html' ? '/' : file.replace(/\.html$/, '');
}
