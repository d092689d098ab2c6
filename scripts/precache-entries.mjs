/**
 * What the service worker keeps, as entries of its list: address, revision, and the SHA-256 of every byte. The browser
 * itself compares that on the way in (Subresource Integrity), so a file that is not the one listed is never installed.
 * Words are marked with their language: of those it keeps what is spoken on the device.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Where Kit has its parts before they come together, unchanged, in build/client. */
const OUTPUT = new URL('../.svelte-kit/output/', import.meta.url);
const WORDS = /lib\/words\/compiled\/\w+\/messages\/([\w-]+)\.js$/;

/** @typedef {{ url: string, revision: string | null, size: number, integrity?: string, locale?: string }} Entry */

/**
 * Given to Workbox as its one transform. The integration has one of its own that makes addresses; naming any takes its
 * place, so the addresses are made here too.
 * @param {Entry[]} entries with paths below Kit's output as their addresses
 */
export async function withIntegrity(entries) {
  const locales = await localesOfFiles();
  const manifest = await Promise.all(
    entries.map(async (entry) => {
      const content = await readFile(fileURLToPath(new URL(entry.url, OUTPUT)));
      const integrity = `sha256-${createHash('sha256').update(content).digest('base64')}`;
      const url = addressOf(entry.url);
      const locale = locales.get(url);
      return { ...entry, url, integrity, ...(locale === undefined ? {} : { locale }) };
    }),
  );
  return { manifest };
}

/**
 * Vite's own list says which source each file was made of. English that stands in for words of another language is
 * imported by its file, and so belongs to everybody.
 */
async function localesOfFiles() {
  /** @type {Record<string, { file: string, imports?: string[] }>} */
  const chunks = JSON.parse(await readFile(new URL('client/.vite/manifest.json', OUTPUT), 'utf8'));
  const imported = new Set(Object.values(chunks).flatMap(({ imports = [] }) => imports));
  return new Map(
    Object.entries(chunks).flatMap(([source, { file }]) => {
      const locale = WORDS.exec(source)?.[1];
      return locale === undefined || imported.has(source) ? [] : [[file, locale]];
    }),
  );
}

/**
 * `prerendered/pages/m.html` is served as `m`, and `index.html` as `/`.
 * @param {string} path
 */
function addressOf(path) {
  const file = path.replace(/^(?:client|prerendered\/pages)\//, '');
  return file === 'index.html' ? '/' : file.replace(/\.html$/, '');
}
