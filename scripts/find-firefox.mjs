/** Finds the Firefox that the interop tests drive: FIREFOX_PATH, then the system's. Nothing is installed for it. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

const NAMES = ['firefox', 'firefox-esr'];
const PATHS = ['/Applications/Firefox.app/Contents/MacOS/firefox'];

/**
 * The path of a Firefox on this machine, or `null`.
 * @returns {string | null}
 */
export function findFirefox() {
  const named = process.env.FIREFOX_PATH;
  if (named !== undefined && named !== '') {
    if (!isExecutable(named)) throw new Error(`FIREFOX_PATH is ${named}, and there is no program there.`);
    return named;
  }
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...PATHS];
  return candidates.find(isExecutable) ?? null;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not ours to run: either way the next candidate
  }
}
