import { cp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../scripts/deploy/place.mjs';

/**
 * The build, with its first script under another name: as far as the names of files go, the next version. Answers the
 * program to start it by.
 */
export async function nextBuild(folder: string): Promise<string> {
  const build = join(folder, 'build');
  await cp(join(ROOT, 'build'), build, { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'));

  const client = join(build, 'client');
  const entries = join(client, '_app', 'immutable', 'entry');
  const [start] = (await readdir(entries)).filter((name) => /^start\..*\.js$/.test(name));
  if (start === undefined) throw new Error('The build has no first script');
  const next = `next-${start}`;
  await writeFile(join(entries, next), await readFile(join(entries, start)));
  for (const name of await readdir(entries)) if (name.startsWith(start)) await rm(join(entries, name));
  const files = await readdir(client, { recursive: true });
  for (const name of files.filter((one) => /\.(?:html|js)$/.test(one))) {
    const path = join(client, name);
    const text = await readFile(path, 'utf8');
    if (!text.includes(start)) continue;
    await writeFile(path, text.replaceAll(start, next));
    // Compressed, it would still be the old one.
    for (const kind of ['br', 'gz']) await rm(`${path}.${kind}`, { force: true });
  }
  return join(build, 'server', 'main.js');
}
