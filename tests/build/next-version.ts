import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nameWorker, writeList } from '../../scripts/release.mjs';

/**
 * Makes a built client into another version at no cost: its service worker is one byte longer, so it has another name,
 * and the list says so. Everything else stays.
 */
export async function makeNextVersion(
  client: string,
  about: { version: string; key?: string; changes?: string[] },
): Promise<void> {
  const names = (await readdir(client)).filter((name) => name.startsWith('service-worker.'));
  const worker = names.find((name) => name.endsWith('.js')) ?? '';
  const script = await readFile(join(client, worker), 'utf8');
  await Promise.all(names.map((name) => rm(join(client, name))));
  await writeFile(join(client, 'service-worker.js'), `${script}\n`);
  nameWorker(client);
  writeList(client, { key: '', changes: [], ...about });
}
