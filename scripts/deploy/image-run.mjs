/**
 * The last stage of the Containerfile without a container: what it copies is laid into a folder, and started there with
 * the settings of compose.yaml by somebody who owns nothing.
 */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { APPS, compose } from './compose.mjs';
import { copiesOf, environmentOf, valueOf } from './containerfile.mjs';
import { ROOT } from './place.mjs';
import { must } from './report.mjs';
import { freePort, startStore } from './store.mjs';

/** @typedef {import('./containerfile.mjs').Instruction} Instruction */

/** Where the build stage works. */
const BUILT_IN = '/parley/';
/** What compose.yaml asks for. */
const ASKED = {
  PARLEY_HOST: 'meet.example',
  TURN_HOST: 'turn.example',
  TURN_SECRET: 'a-secret-of-this-check',
};
const ASK_EVERY_MS = 25;
const READY_WITHIN_MS = 10_000;

const isRoot = process.getuid?.() === 0;

/** @param {Instruction[]} stage */
export async function runImage(stage) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-image-'));
  const data = mkdtempSync(join(tmpdir(), 'parley-data-'));
  const store = await startStore();
  try {
    layOut(stage, folder);
    const before = listing(folder);
    await visit(stage, folder, { ...settingsOfCompose(), REDIS_URL: `redis://127.0.0.1:${store.port}` });
    // Alone, which takes the native part of the database.
    if (isRoot) chownSync(data, ...userOf(stage));
    await visit(stage, folder, { DATA_DIR: data });
    must(listing(folder) === before, 'something was written beside the program');
  } finally {
    await store.stop();
    rmSync(folder, { recursive: true });
    rmSync(data, { recursive: true });
  }
}

/**
 * As COPY does it: of a folder what is in it, of a file the file.
 * @param {Instruction[]} stage
 * @param {string} folder
 */
function layOut(stage, folder) {
  for (const { sources, target } of copiesOf(stage)) {
    for (const source of sources) {
      const from = join(ROOT, source.replace(BUILT_IN, ''));
      must(existsSync(from), `there is no ${source}`);
      const to = statSync(from).isDirectory() ? join(folder, target) : join(folder, target, basename(from));
      cpSync(from, to, { recursive: true });
    }
  }
  // The folder itself was made for us alone.
  chmodSync(folder, 0o755);
}

/**
 * @param {Instruction[]} stage
 * @param {string} folder
 * @param {Record<string, string>} settings
 */
async function visit(stage, folder, settings) {
  const [, ...args] = JSON.parse(valueOf(stage, 'CMD'));
  const [uid, gid] = userOf(stage);
  const port = await freePort();
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: {
      ...environmentOf(stage),
      ...settings,
      HOST: '127.0.0.1',
      PORT: String(port),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Only root can be somebody else.
    ...(isRoot && { uid, gid }),
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (/** @type {Buffer} */ chunk) => (said += chunk.toString()));
  }
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    await Promise.race([
      untilReady(port),
      ended.then((code) => must(false, `it ended with ${code}: ${said}`)),
    ]);
    const page = await (await fetch(`http://127.0.0.1:${port}/`)).text();
    must(page.includes('<title>'), 'there is no page');
    child.kill('SIGTERM');
    const code = await ended;
    must(code === 0, `it ended with ${code}: ${said}`);
  } finally {
    child.kill('SIGKILL');
  }
}

/**
 * @param {Instruction[]} stage
 * @returns {[number, number]}
 */
function userOf(stage) {
  const [uid = NaN, gid = NaN] = valueOf(stage, 'USER').split(':').map(Number);
  return [uid, gid];
}

/**
 * Ready is: the settings were taken, and what is to hold the meetings is there.
 * @param {number} port
 */
async function untilReady(port) {
  const deadline = AbortSignal.timeout(READY_WITHIN_MS);
  for (;;) {
    const isReady = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: deadline }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await pause(ASK_EVERY_MS, undefined, { signal: deadline });
  }
}

/** @returns {Record<string, string>} what Compose makes of the environment of a process */
function settingsOfCompose() {
  const [app = ''] = APPS;
  return Object.fromEntries(
    Object.entries(compose().services[app].environment).map(([name, value]) => [
      name,
      interpolated(String(value)),
    ]),
  );
}

/** @param {string} text with `${NAME}`, `${NAME:?why}` and `${NAME:-otherwise}`, of which the last may hold the first */
function interpolated(text) {
  const names = Object.entries(ASKED).reduce((result, [name, value]) => {
    return result.replaceAll(new RegExp(`\\$\\{${name}(?::\\?[^}]*)?\\}`, 'g'), value);
  }, text);
  return names.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
}

/** @param {string} folder */
function listing(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${path} ${statSync(path).mtimeMs}`)
    .sort()
    .join('\n');
}
