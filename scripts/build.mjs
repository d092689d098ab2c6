/**
 * Builds the client and the server, lists what was made (release.json), and notes in build/.stamp which sources it was
 * made from.
 *
 *   node scripts/build.mjs
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { pinnedKey } from './release-key.mjs';
import { changesIn, nameWorker, signaturesOf, writeList } from './release.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const CLIENT = join(root, 'build', 'client');
const STAMP = join(root, 'build', '.stamp');
const PRODUCTS = ['build/client/index.html', 'build/client/release.json', 'build/server/main.js'];

/** Everything that can change a byte of the build. `release-key.pub` is there only where somebody publishes. */
export const SOURCES = [
  'src',
  'static',
  'scripts/build.mjs',
  'scripts/precache-entries.mjs',
  'scripts/release.mjs',
  'scripts/release-key.mjs',
  'CHANGELOG.md',
  'release-key.pub',
  'package.json',
  'package-lock.json',
  'svelte.config.js',
  'tsconfig.json',
  'vite.config.ts',
  'vite.server.config.ts',
];
const isTest = /\.test\.ts$/;

/**
 * SHA-256 over the name and content of every source file, and the version and the key that the build will carry.
 * @returns {string}
 */
export function sourcesHash() {
  const hash = createHash('sha256').update(`${process.env.APP_VERSION ?? ''}\0${pinnedKey()}`);
  for (const path of SOURCES.flatMap((name) => filesUnder(join(root, name))).sort()) {
    if (isTest.test(path)) continue;
    const content = readFileSync(path);
    hash.update(`\0${relative(root, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

export function isBuildFresh() {
  const isWhole = [STAMP, ...PRODUCTS.map((name) => join(root, name))].every((path) => existsSync(path));
  return isWhole && readFileSync(STAMP, 'utf8') === sourcesHash();
}

/** Throws when a step fails; its own output says why. */
export function build() {
  // Taken before the build: a file that is edited meanwhile makes the result stale, as it should.
  const hash = sourcesHash();
  const restoreSignatures = signaturesOf(CLIENT);
  rmSync(STAMP, { force: true });
  run('svelte-kit', 'sync');
  run('vite', 'build', '--logLevel', 'warn');
  run('vite', 'build', '--logLevel', 'warn', '-c', 'vite.server.config.ts');
  listRelease();
  restoreSignatures();
  writeFileSync(STAMP, hash);
}

function listRelease() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  nameWorker(CLIENT);
  writeList(CLIENT, {
    version: process.env.APP_VERSION ?? version,
    key: pinnedKey(),
    changes: changesIn(changelog),
  });
}

/**
 * @param {string} name
 * @param {string[]} args
 */
function run(name, ...args) {
  // Vite announces a way of reading its settings that this version does not use yet; that is no news for operators.
  const env = { ...process.env, VITE_CONFIG_NATIVE_IGNORE_WARNING: 'true' };
  const shell = process.platform === 'win32';
  execFileSync(join(root, 'node_modules', '.bin', name), args, {
    cwd: root,
    env,
    stdio: ['ignore', 2, 2],
    shell,
  });
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesUnder(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build();
