/**
 * Holds the pages to their budget of JavaScript, as the server sends it on the first view: in
 * Brotli, which every browser of today takes. Gzip, what is sent over plain HTTP, is printed beside it.
 *
 *   node scripts/size.mjs    prints a table; exits with 1 if a page is over its budget
 *
 * What a page loads: the modules its HTML names and, through Vite's manifest, all that they import, also later and by
 * themselves; only what waits for a person's wish or for trouble is left out. The meeting also starts the session worker,
 * so the worker's files count, the post-quantum chunk among them. The service worker, and the part of the page that
 * registers it, come after the page has come to rest and do not count. `tests/build/budget.test.ts` holds this
 * reckoning to what Chromium loads.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const KB = 1_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const client = join(root, 'build', 'client');
const MANIFEST = join(root, '.svelte-kit', 'output', 'client', '.vite', 'manifest.json');

/** Loaded when a person asks for it, when something is wrong or new, or when no WebSocket opens. */
const ON_DEMAND = [
  'QrCode',
  'server-sent-events',
  'Doctor',
  'facts',
  'call-part',
  'Call',
  'MediaCheck',
  'words-answer',
  'words-device',
  'UnlockGate',
  'TransferCard',
  'HandedCard',
  'HostDialogs',
  'ReactionPicker',
  'WritingEmoji',
  'wording',
  'history',
  'archive.svelte',
  'telling',
  'unlocked',
  'lock',
  'Updates',
  'RewrittenNotice',
];
/** What keeps the app on the device, and what tells another window how far a meeting is, wait until the page is there. */
const AFTER_REST = ['update', 'Followed', 'whereabouts'];
/** Chunks of workers have no names: the one for locks and backups is known by a label that only it holds. */
const ON_DEMAND_IN_WORKER = 'parley1 commit';
/** Home opens no vault where there is none, asks the server nothing while it is empty, and starts no worker before a menu item needs it. */
const WITH_SAVED_MEETINGS = ['home.svelte', 'saved', 'reach', 'MeetingList', 'HomeHints'];
/** Kit's list of all pages: it imports those that are visited, and always the layout and the error page. */
const PAGES = '.svelte-kit/generated/client-optimized/app.js';
const ERROR_PAGE = '.svelte-kit/generated/client-optimized/nodes/1.js';

/** @typedef {{ file: string, name?: string, imports?: string[], dynamicImports?: string[] }} Chunk */

/**
 * Most people who open Home press one button, so it stays a page and does not become an application. `files` are paths
 * below build/client.
 */
export function pageLoads() {
  return [
    {
      name: 'Home',
      files: loadedBy('index.html', ['shell', 'home'], [...ON_DEMAND, ...WITH_SAVED_MEETINGS]),
      budgetBytes: 45 * KB,
    },
    // Shown, not yet held to anything: presence brings the tRPC client along.
    {
      name: 'Home with saved meetings',
      files: loadedBy('index.html', ['shell', 'home'], ON_DEMAND),
      budgetBytes: Infinity,
    },
    {
      name: 'Meeting',
      files: new Set([...loadedBy('m.html', ['shell', 'meeting', 'talk'], ON_DEMAND), ...workerFiles()]),
      budgetBytes: 130 * KB,
    },
  ];
}

/** Paths below build/client of what comes after the page has come to rest. */
export function afterRest() {
  const chunks = Object.values(readManifest());
  return new Set(chunks.filter(({ name = '' }) => AFTER_REST.includes(name)).map(({ file }) => file));
}

/** @returns {Record<string, Chunk>} */
const readManifest = () => JSON.parse(readFileSync(MANIFEST, 'utf8'));

/** @param {string} file */
export const sentBytes = (file) => readFileSync(join(client, `${file}.br`)).length;
/** @param {string} file */
const gzipBytes = (file) => readFileSync(join(client, `${file}.gz`)).length;

/**
 * Every module that a page's HTML names, and all they import.
 * @param {string} page
 * @param {string[]} areas of lib/words that this page loads, in one language
 * @param {string[]} laterOrNever names of chunks that this page does not need for its first view
 * @returns {Set<string>}
 */
function loadedBy(page, areas, laterOrNever) {
  const manifest = readManifest();
  const html = readFileSync(join(client, page), 'utf8');
  const named = new Set([...html.matchAll(/(?:href="|import\(")\/([^"]+\.js)"/g)].map((match) => match[1]));
  const keys = new Set(Object.keys(manifest).filter((key) => named.has(manifest[key]?.file)));
  keys.add(ERROR_PAGE);
  // A set that grows while it is walked: each key once, and those found on the way after it.
  for (const key of keys) {
    const { imports = [], dynamicImports = [] } = manifest[key] ?? {};
    const later =
      key === PAGES
        ? []
        : dynamicImports.filter(
            (name) =>
              ![...AFTER_REST, ...laterOrNever].includes(manifest[name]?.name ?? '') &&
              !isSaidElsewhere(name, areas),
          );
    for (const name of [...imports, ...later]) keys.add(name);
  }
  return new Set(
    [...keys].flatMap((key) => manifest[key]?.file ?? []).filter((file) => file.endsWith('.js')),
  );
}

/**
 * Words of another page, or of this one in another language.
 * @param {string} key
 * @param {string[]} areas
 */
function isSaidElsewhere(key, areas) {
  const [, area, locale] = /lib\/words\/compiled\/(\w+)\/messages\/([\w-]+)\.js$/.exec(key) ?? [];
  return area !== undefined && (locale !== 'en' || !areas.includes(area));
}

function workerFiles() {
  const all = readdirSync(client, { recursive: true, encoding: 'utf8' });
  return all
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\/workers\/.*\.js$/.test(path))
    .filter((path) => !readFileSync(join(client, path), 'utf8').includes(ON_DEMAND_IN_WORKER));
}

/** @param {number} bytes */
const kb = (bytes) => `${(bytes / KB).toFixed(1)} KB`.padStart(9);

/** @returns {boolean} whether every page is within its budget */
function printTable() {
  let isWithin = true;
  for (const { name, files, budgetBytes } of pageLoads()) {
    const rows = [...files]
      .map((file) => ({ file, bytes: sentBytes(file), gzip: gzipBytes(file) }))
      .sort((a, b) => b.bytes - a.bytes);
    const total = rows.reduce((sum, row) => sum + row.bytes, 0);
    isWithin &&= total <= budgetBytes;
    const verdict =
      budgetBytes === Infinity ? '' : ` of ${kb(budgetBytes)} ${total > budgetBytes ? 'OVER' : 'ok'}`;
    const gzip = rows.reduce((sum, row) => sum + row.gzip, 0);
    console.log(`${name.padEnd(24)} ${kb(total)}${verdict} (gzip ${kb(gzip).trim()})`);
    for (const { file, bytes } of rows) console.log(`  ${kb(bytes)}  ${file}`);
  }
  return isWithin;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(printTable() ? 0 : 1);
