/**
 * Finds the Chromium that tests and benchmarks drive: CHROMIUM_PATH, then the system's, then Playwright's own.
 *
 *   node scripts/find-chromium.mjs    prints its path; installs Debian's package first where it may and must
 *
 * Exits with 2 and says what to install where there is none.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';

const SYSTEM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const SYSTEM_PATHS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

const isRoot = process.getuid?.() === 0;

/** Switches for every Chromium under test: no talk with the internet, and a camera and microphone that need no hardware. */
export const CHROMIUM_ARGS = [
  // Chromium's sandbox refuses to run as root.
  ...(isRoot ? ['--no-sandbox'] : []),
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Chromium 156 gives every new window an address bar made of web pages, whose loading keeps a core busy for most of a
  // second. The rest is what Playwright turns off too: the last such switch counts.
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,OptimizationHints,PaintHolding,NetworkTimeServiceQuerying,PreconnectToSearch,DestroyProfileOnBrowserClose',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

/**
 * The path of a Chromium on this machine, or `null`.
 * @returns {string | null}
 */
export function findChromium() {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined && named !== '') {
    if (!isExecutable(named)) throw new Error(`CHROMIUM_PATH is ${named}, and there is no program there.`);
    return named;
  }
  return findProgram(SYSTEM_NAMES, [...SYSTEM_PATHS, chromium.executablePath()]);
}

/**
 * The first of these that this process may run: by name in PATH, then by path.
 * @param {readonly string[]} names
 * @param {readonly string[]} paths
 * @returns {string | null}
 */
export function findProgram(names, paths) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const inPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...inPath, ...paths].find(isExecutable) ?? null;
}

/**
 * Like findChromium, but installs Debian's package where this process may, and throws a sentence where it may not.
 * @returns {string}
 */
export function requireChromium() {
  const found = findChromium();
  if (found !== null) return found;
  if (isRoot && existsSync('/etc/debian_version')) {
    apt('update');
    apt('install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core');
    const installed = findChromium();
    if (installed !== null) return installed;
  }
  throw new Error(
    'The browser tests need Chromium. Install it (Debian: apt-get install chromium), or name one in CHROMIUM_PATH, ' +
      'or run: npx playwright install chromium',
  );
}

/** @param {string[]} args */
function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', args, { stdio: ['ignore', 2, 2], env });
}

/** @param {string} path */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not ours to run: either way the next candidate
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${requireChromium()}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}
