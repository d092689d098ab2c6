import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** A limit that nothing here comes near. */
const UNLIMITED = '100000000';
/** Everybody is one machine, and each socket is many people after each other: no limit stands in the way. */
const LIMITS = Object.fromEntries(
  [
    'CONNECTIONS_PER_MINUTE',
    'OPEN_PER_ADDRESS',
    'STATUS_BURST',
    'STATUS_PER_MINUTE',
    'CREATIONS_PER_HOUR',
    'MESSAGES_PER_SECOND',
    'MESSAGES_BURST',
    'RELAY_BYTES_PER_MINUTE',
    'KNOCKS_PER_MINUTE',
    'WATCHED_PER_MINUTE',
    'SOCKETS',
    'MEETINGS',
  ].map((name) => [`LIMIT_${name}`, UNLIMITED]),
);
const READY_MS = 20_000;
const LOOK_EVERY_MS = 50;

/** @typedef {Awaited<ReturnType<typeof launch>>} Launched */

/**
 * A server in a process of its own, ready: its port takes connections.
 * @param {string} program
 * @param {(port: number) => string[]} args
 * @param {Record<string, string>} [env]
 */
async function launch(program, args, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  const port = await freePort();
  const output = join(folder, 'output');
  const file = openSync(output, 'a');
  // A file takes the log as fast as it is written, and nobody has to be woken to read it.
  const child = spawn(program, args(port), {
    cwd: folder,
    env: { PATH: process.env.PATH, PORT: String(port), DATA_DIR: join(folder, 'data'), ...env },
    stdio: ['ignore', file, file],
  });
  closeSync(file);
  const stop = () => void child.kill('SIGKILL');
  process.once('exit', stop);
  child.once('error', () => undefined);
  const { pid } = child;
  if (pid === undefined) throw new Error(`There is no ${program} on this machine.`);
  const url = `http://127.0.0.1:${port}`;
  const written = () => readFileSync(output, 'utf8');
  for (let waitedMs = 0; !(await isListening(port)); waitedMs += LOOK_EVERY_MS) {
    if (child.exitCode !== null || waitedMs > READY_MS)
      throw new Error(`${program} did not start: ${written()}`);
    await pause(LOOK_EVERY_MS);
  }
  return {
    port,
    /** Where its people find it, and the origin they see. */
    place: { url, origin: env.ORIGIN ?? url },
    pid,
    folder,
    written,
    async close() {
      process.off('exit', stop);
      const gone = new Promise((done) => child.once('exit', done));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await gone;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * @param {string} script
 * @param {Record<string, string>} [env]
 * @param {string[]} [nodeArgs]
 */
export function launchNode(script, env = {}, nodeArgs = []) {
  return launch(process.execPath, () => [...nodeArgs, script], env);
}

/**
 * Parley's server from the build (PARLEY_BUILD names another than build/).
 * @param {Record<string, string>} [env]
 * @param {string[]} [nodeArgs]
 */
export function launchParley(env = {}, nodeArgs = []) {
  const build = resolve(process.env.PARLEY_BUILD ?? join(ROOT, 'build'));
  return launchNode(join(build, 'server/main.js'), { ...LIMITS, ...env }, nodeArgs);
}

/** @param {string[]} [nodeArgs] */
export function launchBare(nodeArgs = []) {
  return launchNode(join(ROOT, 'bench/server/bare.mjs'), {}, nodeArgs);
}

/** Keeps nothing on disk. */
export function launchRedis() {
  return launch('redis-server', (port) => [
    '--bind',
    '127.0.0.1',
    '--port',
    String(port),
    '--save',
    '',
    '--appendonly',
    'no',
  ]);
}

/** @returns {Promise<number>} */
export async function freePort() {
  const probe = createServer();
  await new Promise((done) => probe.listen(0, '127.0.0.1', () => done(undefined)));
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  return address.port;
}

/** @param {number} port */
function isListening(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
