/** A real Redis or Valkey that runs as compose.yaml or the StatefulSet would run it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../find-chromium.mjs';
import { DEPLOY } from './place.mjs';

const PROGRAM = findProgram(['valkey-server', 'redis-server'], []);
export const hasStore = PROGRAM !== null;
export const MISSING = 'there is no redis-server on this machine (Debian: apt-get install redis-server)';

const READY_WITHIN_MS = 10_000;

/**
 * @param {readonly string[]} [args] what follows the program's name, with /data for its folder; valkey.conf unless told
 * @returns {Promise<{ port: number, stop: () => Promise<void> }>} of this machine, and of it alone
 */
export async function startStore(args = [join(DEPLOY, 'valkey.conf')]) {
  if (PROGRAM === null) throw new Error(MISSING);
  const folder = mkdtempSync(join(tmpdir(), 'parley-store-'));
  const port = await freePort();
  const own = ['--dir', folder, '--port', String(port), '--bind', '127.0.0.1'];
  const placed = args.map((argument) => (argument === '/data' ? folder : argument));
  const child = spawn(PROGRAM, [...placed, ...own], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error(`it is not ready: ${said}`)), READY_WITHIN_MS).unref();
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (/** @type {Buffer} */ chunk) => {
          said += chunk.toString();
          if (said.includes('Ready to accept connections')) resolve(null);
        });
      }
      void ended.then(() => reject(new Error(`it ended: ${said.trim()}`)));
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}

/** @returns {Promise<number>} */
export async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', () => resolve(null)));
  const address = probe.address();
  await new Promise((resolve) => probe.close(() => resolve(null)));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
