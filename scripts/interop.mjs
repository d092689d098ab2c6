/**
 * Chromium with Firefox: the real app, the real server, each browser in both roles.
 *
 *   npm run test:interop    the last line reads "N passed, N failed"
 *
 * Without a Firefox (FIREFOX_PATH names one) it says so in one line and succeeds, unless INTEROP=required.
 * PARLEY_BUILD names another build than the project's. Further arguments go to Playwright (`-- --grep file`).
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { requireChromium } from './find-chromium.mjs';
import { findFirefox } from './find-firefox.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @param {string[]} args */
function node(...args) {
  return (
    spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1
  );
}

/** @returns {number} the exit code */
function interop() {
  if (findFirefox() === null) {
    process.stdout.write(
      'The interop tests were left out: no Firefox. Install it (Debian: apt-get install firefox-esr).\n',
    );
    return process.env.INTEROP === 'required' ? 1 : 0;
  }
  requireChromium();
  if (process.env.PARLEY_BUILD === undefined) {
    const status = node(join('scripts', 'ready.mjs'), '--build');
    if (status !== 0) return status;
  }
  const playwright = join('node_modules', '@playwright', 'test', 'cli.js');
  const config = join('tests', 'interop', 'playwright.config.ts');
  return node(playwright, 'test', '--config', config, ...process.argv.slice(2));
}

try {
  process.exitCode = interop();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
