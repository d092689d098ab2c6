/**
 * Holds the pages to their budget of JavaScript, gzipped, as the browser loads it on the first view.
 *
 *   node scripts/size.mjs    prints a table; exits with 1 if a page is over its budget
 *
 * What a page loads: the modules its HTML names and, through Vite's manifest, all that they import statically. The
 * meeting also starts the session worker, so every worker file counts, the post-quantum chunk among them. The service
 * worker comes after the page has come to rest and does not count.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const KIB = 1024;
const root = fileURLToPath(new URL('..', import.meta.url));
const client = join(root, 'build', 'client');
const MANIFEST = join(root, '.svelte-kit', 'output', 'client', '.vite', 'manifest.json');

/** @typedef {{ file: string, imports?: string[], dynamicImports?: string[] }} Chunk */
/** @type {Record<string, Chunk>} */
const manifest = JSON.parse(readFileSync(MANIFEST, 'utf8'));
const chunks = Object.values(manifest);

/** Most people who open Home press one button; the budget keeps it a page and not an application. */
const pages = [
  { name: 'Home', files: loadedBy('index.html'), budgetBytes: 60 * KIB },
  { name: 'Meeting', files: new Set([...loadedBy('m.html'), ...workerFiles()]), budgetBytes: 130 * KIB },
];

/**
 * Paths below build/client of every module that a page's HTML names, and of all they import.
 * @param {string} page
 * @returns {Set<string>}
 */
function loadedBy(page) {
  const html = readFileSync(join(client, page), 'utf8');
  const named = [...html.matchAll(/(?:href="|import\(")\/([^"]+\.js)"/g)].map((match) => match[1] ?? '');
  const files = new Set(named);
  const queue = chunks.filter((chunk) => files.has(chunk.file));
  for (const chunk of queue) {
    for (const key of chunk.imports ?? []) {
      const imported = manifest[key];
      if (imported === undefined || files.has(imported.file)) continue;
      files.add(imported.file);
      queue.push(imported);
    }
  }
  return files;
}

function workerFiles() {
  const all = readdirSync(client, { recursive: true, encoding: 'utf8' });
  return all.map((path) => path.replaceAll('\\', '/')).filter((path) => /\/workers\/.*\.js$/.test(path));
}

/** @param {string} file */
const gzipBytes = (file) => gzipSync(readFileSync(join(client, file)), { level: 9 }).length;
/** @param {number} bytes */
const kib = (bytes) => `${(bytes / KIB).toFixed(1)} KiB`.padStart(10);

let isOver = false;
for (const { name, files, budgetBytes } of pages) {
  const rows = [...files].map((file) => ({ file, bytes: gzipBytes(file) })).sort((a, b) => b.bytes - a.bytes);
  const total = rows.reduce((sum, row) => sum + row.bytes, 0);
  if (total > budgetBytes) isOver = true;
  console.log(
    `${name.padEnd(8)} ${kib(total)} of ${kib(budgetBytes)} ${total > budgetBytes ? 'OVER' : 'ok'}`,
  );
  for (const { file, bytes } of rows) console.log(`  ${kib(bytes)}  ${file}`);
}
process.exit(isOver ? 1 : 0);
