/**
 * The list of a release: what a build hands out, file by file, so that a browser, a person with `sha256sum` and
 * `npm run verify-deploy` can all compare the same thing. build/client/release.json:
 *
 *   { v: 1, version, key, changes: [sentence, …], files: { path: SHA-256 in hex, … } }
 *
 * `key` is the public key by which this build judges the next one, empty if it knows none. Paths are sorted and nothing
 * else goes in, so two builds of one source have the same list, and the SHA-256 of the list, the fingerprint, names
 * every byte of the release.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const LIST = 'release.json';
export const SIGNATURES = 'release.sig';

/** The same bytes once more, compressed: what they hold is in the list already. */
const COMPRESSED = ['.br', '.gz'];
/** 128 bits: nobody finds another script with that beginning (a second preimage). */
const NAME_DIGITS = 32;

/** @typedef {{ v: 1, version: string, key: string, changes: string[], files: Record<string, string> }} Release */

/** @param {string | NodeJS.ArrayBufferView} bytes */
export const sha256Hex = (bytes) => createHash('sha256').update(bytes).digest('hex');

/**
 * In fours, as people read such a thing aloud.
 * @param {string} hex
 */
export const inGroups = (hex) => (hex.match(/.{1,4}/g) ?? []).join(' ');

/**
 * The service worker is named by what is in it. A browser looks at the address it has for a newer one, and there never
 * is one: the next version has another address, which only a person's consent makes the browser ask for.
 * @param {string} client folder of the built client
 */
export function nameWorker(client) {
  const plain = join(client, 'service-worker.js');
  const name = `service-worker.${sha256Hex(readFileSync(plain)).slice(0, NAME_DIGITS)}.js`;
  for (const suffix of ['', ...COMPRESSED]) {
    if (existsSync(plain + suffix)) renameSync(plain + suffix, join(client, name + suffix));
  }
}

/**
 * @param {string} client
 * @param {{ version: string, key: string, changes: string[] }} about
 */
export function writeList(client, { version, key, changes }) {
  /** @type {Release} */
  const release = { v: 1, version, key, changes, files: sumsOf(client) };
  writeFileSync(join(client, LIST), `${JSON.stringify(release, null, 1)}\n`);
}

/**
 * Remembers the signatures over the list that is there. The function it answers puts them back, once a build has emptied
 * the folder, if the new list is the same to the byte: then they hold, and to lose them would look like an attack.
 * @param {string} client
 * @returns {() => void}
 */
export function signaturesOf(client) {
  const list = join(client, LIST);
  const signatures = join(client, SIGNATURES);
  if (!existsSync(list) || !existsSync(signatures)) return () => undefined;
  const before = readFileSync(list);
  const text = readFileSync(signatures);
  return () => {
    if (readFileSync(list).equals(before)) writeFileSync(signatures, text);
  };
}

/**
 * The list of a folder as bytes and as what it says. Throws unless the folder holds exactly what its list says: a list
 * that was left over from another build must neither be signed nor compared with anything.
 * @param {string} client
 * @returns {{ list: Buffer, release: Release }}
 */
export function readList(client) {
  const path = join(client, LIST);
  if (!existsSync(path)) throw new Error(`There is no ${path}. Run npm run build first.`);
  const list = readFileSync(path);
  /** @type {Release} */
  const release = JSON.parse(list.toString('utf8'));
  if (JSON.stringify(sumsOf(client)) !== JSON.stringify(release.files)) {
    throw new Error(`${client} is not what its own list says. Run npm run build again.`);
  }
  return { list, release };
}

/**
 * Everything that a server hands out of this folder, but for the list itself and its signatures, which cannot be in it.
 * Compressed copies are not listed: what they hold is, and their own bytes depend on the compressor of the machine that
 * made them, which would give one source two fingerprints.
 * @param {string} client
 */
function listedFiles(client) {
  const entries = readdirSync(client, { recursive: true, withFileTypes: true });
  const all = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(client, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  const names = new Set(all);
  const isCopy = (/** @type {string} */ path) =>
    COMPRESSED.some((suffix) => path.endsWith(suffix) && names.has(path.slice(0, -suffix.length)));
  return all.filter((path) => path !== LIST && path !== SIGNATURES && !isCopy(path)).sort();
}

/**
 * SHA-256 by path, sorted.
 * @param {string} client
 */
const sumsOf = (client) =>
  Object.fromEntries(listedFiles(client).map((path) => [path, sha256Hex(readFileSync(join(client, path)))]));

/**
 * What people notice, of the newest section of the changelog that says anything: a sentence each, as plain text.
 * @param {string} changelog
 * @returns {string[]}
 */
export function changesIn(changelog) {
  for (const section of changelog.split(/^## /m).slice(1)) {
    const forPeople = /^### For people\n([\s\S]*?)(?=^### |(?![\s\S]))/m.exec(section)?.[1] ?? '';
    const items = forPeople.split(/^- /m).slice(1);
    if (items.length > 0) return items.map(firstSentence);
  }
  return [];
}

/** @param {string} item of a list, over several lines */
function firstSentence(item) {
  const text = item
    .replace(/\s+/g, ' ')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[`*]/g, '')
    .trim();
  return /^.+?[.!?](?=\s|$)/.exec(text)?.[0] ?? text;
}
