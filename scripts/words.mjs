/**
 * What Parley says to people, from src/lib/words/AREA/LOCALE.json (inlang's message format) to typed functions in
 * src/lib/words/compiled, one module for each area and language, so that a page loads one language and what it needs of it.
 *
 *   node scripts/words.mjs            compiles, if a message has changed
 *   node scripts/words.mjs --check    and says what is missing, unused, or unlike the English; exits with 1 if anything is
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const words = join(root, 'src', 'lib', 'words');
const compiled = join(words, 'compiled');
const BASE = 'en';
/** Said by notifications, and by no page. */
const OF_SERVICE_WORKER = 'told';
/** What a language's module declares, and the types that it speaks of. */
const DECLARED = [`messages/${BASE}.d.ts`, 'registry.d.ts', 'runtime.d.ts'];
const stamp = join(compiled, 'stamp');

/** @typedef {Record<string, unknown>} Messages */

/** @param {string} path */
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
/** @type {string[]} */
const locales = Object.keys(readJson(join(words, 'locales.json')));
const areas = readdirSync(words, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(words, entry.name, `${BASE}.json`)))
  .map(({ name }) => name)
  .sort();

/**
 * @param {string} area
 * @param {string} locale
 * @returns {Messages} without what is said to the editor about the file
 */
function messagesOf(area, locale) {
  const path = join(words, area, `${locale}.json`);
  if (!existsSync(path)) return {};
  return Object.fromEntries(Object.entries(readJson(path)).filter(([name]) => name !== '$schema'));
}

/** What the compiled files were made of. */
function fingerprint() {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(readFileSync(join(root, 'package-lock.json')));
  for (const area of areas) {
    for (const locale of locales) hash.update(`${area}/${locale}${JSON.stringify(messagesOf(area, locale))}`);
  }
  return hash.digest('hex');
}

export async function compileWords() {
  const wanted = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(compiled, { recursive: true, force: true });
  // The compiler's libraries can report to their makers. Nothing here talks to anybody.
  globalThis.fetch = () => Promise.reject(new Error('nothing is fetched to compile words'));
  const { compile } = await import('@inlang/paraglide-js');
  for (const area of areas) {
    // Types of one language stand for all: to declare each takes longer than to compile them.
    await compile(optionsFor(area, [BASE]));
    const declared = DECLARED.map((file) => {
      const path = join(compiled, area, file);
      return { path, text: readFileSync(path, 'utf8') };
    });
    await compile({ ...optionsFor(area, locales), emitTsDeclarations: false });
    for (const { path, text } of declared) writeFileSync(path, text);
  }
  for (const locale of locales) if (locale !== BASE) writeIndex(locale);
  writeFileSync(stamp, wanted);
}

/**
 * Where the words of a language are, in a file of its own: a page names thirteen files, not one for each area of each.
 * @param {string} locale
 */
function writeIndex(locale) {
  const files = areas
    .filter((area) => area !== OF_SERVICE_WORKER)
    .map((area) => `  ${area}: () => import('../../${area}/messages/${locale}.js'),\n`);
  const folder = join(compiled, 'index', 'messages');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${locale}.js`), `export const files = {\n${files.join('')}};\n`);
}

/**
 * @param {string} area
 * @param {string[]} spoken
 * @returns {import('@inlang/paraglide-js').CompilerOptions}
 */
function optionsFor(area, spoken) {
  const project = join(compiled, `${area}.inlang`);
  const settings = {
    baseLocale: BASE,
    locales: spoken,
    telemetry: 'off',
    // Paths are read from the folder that the project lies in.
    modules: [relative(compiled, join(root, 'node_modules/@inlang/plugin-message-format/dist/index.js'))],
    'plugin.inlang.messageFormat': { pathPattern: `../${area}/{locale}.json` },
  };
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, 'settings.json'), JSON.stringify(settings));
  return {
    project,
    outdir: join(compiled, area),
    outputStructure: 'locale-modules',
    emitTsDeclarations: true,
    // Only the modules of single languages are used, which ask nobody which language it is.
    strategy: ['baseLocale'],
  };
}

/** @returns {string[]} what is wrong, a line each */
function faultsOfWords() {
  const faults = [];
  /** @type {Map<string, string>} */
  const areaOf = new Map();
  const used = usedMessages();
  for (const area of areas) {
    const base = messagesOf(area, BASE);
    for (const name of Object.keys(base)) {
      const twin = areaOf.get(name);
      if (twin !== undefined) faults.push(`${area}: "${name}" is in ${twin} too`);
      areaOf.set(name, area);
      if (!used.has(name)) faults.push(`${area}: nothing says "${name}"`);
    }
    for (const locale of locales) {
      const messages = messagesOf(area, locale);
      for (const [name, message] of Object.entries(base)) {
        if (messages[name] === undefined) faults.push(`${area}/${locale}: "${name}" is missing`);
        else
          faults.push(
            ...unlike(message, messages[name], locale).map((what) => `${area}/${locale}: "${name}" ${what}`),
          );
      }
      for (const name of Object.keys(messages)) {
        if (base[name] === undefined) faults.push(`${area}/${locale}: "${name}" is not in English`);
      }
    }
  }
  return faults;
}

/** Every `m.name` in the sources. */
function usedMessages() {
  const used = new Set();
  for (const file of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!/\.(?:svelte|ts)$/.test(file) || file.includes('compiled')) continue;
    const source = readFileSync(join(root, 'src', file), 'utf8');
    for (const [, name] of source.matchAll(/\bm\.(\w+)/g)) used.add(name);
  }
  return used;
}

/**
 * @param {unknown} english
 * @param {unknown} other
 * @param {string} locale
 * @returns {string[]}
 */
function unlike(english, other, locale) {
  const faults = [];
  const [wanted, found] = [marksIn(english), marksIn(other)];
  if (wanted.join() !== found.join())
    faults.push(`has ${found.join(' ') || 'nothing'} for ${wanted.join(' ') || 'nothing'}`);
  const [variants] = Array.isArray(other) ? other : [];
  if (Array.isArray(english) !== Array.isArray(other)) faults.push('is counted in one language only');
  if (variants !== undefined) {
    const given = Object.keys(variants.match).map((when) => when.split('=')[1]);
    const { pluralCategories } = new Intl.PluralRules(locale).resolvedOptions();
    const missing = pluralCategories.filter((category) => !given.includes(category));
    if (missing.length > 0 && !given.includes('*')) faults.push(`says nothing for ${missing.join(', ')}`);
  }
  return faults;
}

/**
 * What is put into a message, {so}, and what is marked in it, <so>; once each, in the order of the alphabet.
 * @param {unknown} message
 */
function marksIn(message) {
  const text =
    typeof message === 'string' ? message : Object.values(/** @type {any} */ (message)[0].match).join(' ');
  return [...new Set(text.match(/\{\w+\}|<\/?\w+>/g) ?? [])].sort();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults = process.argv.includes('--check') ? faultsOfWords() : await compileWords();
  for (const fault of faults ?? []) process.stdout.write(`${fault}\n`);
  if (faults !== undefined && faults.length > 0) process.exitCode = 1;
}
