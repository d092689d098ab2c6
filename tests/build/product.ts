import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from '@playwright/test';
import { CHROMIUM_ARGS, requireChromium } from '../../scripts/find-chromium.mjs';

/** The built product, as `npm start` runs it. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const CLIENT = join(ROOT, 'build', 'client');

export type Product = { origin: string; stop(): Promise<void> };

/** Starts the server of a build folder; `port` 0 takes a free one. */
export async function startProduct(build = join(ROOT, 'build'), port = 0): Promise<Product> {
  const data = await mkdtemp(join(tmpdir(), 'parley-data-'));
  const server = spawn(process.execPath, [join(build, 'server', 'main.js')], {
    env: { ...process.env, HOST: '127.0.0.1', PORT: String(port), DATA_DIR: data, LOG_MODE: 'off' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(server, 'exit');
  const origin = await new Promise<string>((resolve, reject) => {
    createInterface({ input: server.stdout }).on('line', (line) => {
      const address = /^Parley is ready at (\S+)$/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
    exited.then(
      ([code]) => reject(new Error(`The server ended with ${String(code)} before it was ready`)),
      reject,
    );
  });
  return {
    origin,
    stop: async () => {
      server.kill('SIGTERM');
      await exited;
      await rm(data, { recursive: true, force: true });
    },
  };
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: requireChromium(), args: CHROMIUM_ARGS });
}

/** Every file below a folder, as paths with `/`, sorted. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

/** The pages of the build, as the addresses under which they are served. */
export async function pageAddresses(): Promise<string[]> {
  const pages = (await filesIn(CLIENT)).filter((file) => file.endsWith('.html') && file !== '404.html');
  return pages.map((file) => `/${file.replace(/(?:^index)?\.html$/, '')}`);
}
