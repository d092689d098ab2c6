/** Finds the Firefox that the interop tests drive: FIREFOX_PATH, then the system's. Nothing is installed for it. */
import process from 'node:process';
import { findProgram, isExecutable } from './find-chromium.mjs';

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
  return findProgram(NAMES, PATHS);
}
