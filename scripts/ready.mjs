/**
 * Makes a fresh clone ready, and does nothing where nothing is to do.
 *
 *   node scripts/ready.mjs            installs from the lockfile if what is installed differs from it
 *   node scripts/ready.mjs --build    and builds if a source has changed since the last build
 *
 * Nothing that needs an installed package may be imported before the installation.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build, isBuildFresh } from './build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

/** @typedef {Record<string, { version?: string, optional?: boolean, link?: boolean }>} Packages */

/**
 * @param {string} path
 * @returns {Packages}
 */
function packagesOf(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}

/** npm leaves its own lockfile in node_modules; packages for other platforms are missing there, and may be. */
function isInstalled() {
  const installedPath = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedPath)) return false;
  const installed = packagesOf(installedPath);
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(([path, wanted]) => {
    const found = installed[path];
    if (path === '' || (found === undefined && wanted.optional === true)) return true;
    return found !== undefined && found.version === wanted.version;
  });
}

async function ready() {
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(`Parley needs Node 20.19 or newer; this is ${process.versions.node}.`);
  }
  if (!isInstalled()) {
    process.stderr.write('Installing what the lockfile names…\n');
    // The build needs the development packages too, whatever NODE_ENV says.
    const isWindows = process.platform === 'win32';
    const args = ['ci', '--include=dev', '--loglevel=error'];
    execFileSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: isWindows });
  }
  // Imported now: what it needs was perhaps not installed before.
  await (await import('./words.mjs')).compileWords();
  if (process.argv.includes('--build') && !isBuildFresh()) {
    process.stderr.write('Building…\n');
    build();
  }
}

try {
  await ready();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
}
