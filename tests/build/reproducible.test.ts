import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { filesIn, ROOT } from './product';

/**
 * Anyone can build the published source and compare the bytes with what a server sends. That holds only if a build
 * depends on the source alone: not on where, when or in which language it is made.
 */
const SOURCES = [
  'src',
  'static',
  'scripts',
  'package.json',
  'package-lock.json',
  'svelte.config.js',
  'tsconfig.json',
  'vite.config.ts',
  'vite.server.config.ts',
];

type Surroundings = { folder: string; TZ: string; LANG: string };

/** Builds the source anew and answers SHA-256 by file. */
async function cleanBuild(base: string, { folder, ...env }: Surroundings): Promise<Record<string, string>> {
  const root = join(base, folder);
  await mkdir(root, { recursive: true });
  await Promise.all(SOURCES.map((name) => cp(join(ROOT, name), join(root, name), { recursive: true })));
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'dir');
  // The test runner's own mode would make it another build.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:NODE_ENV|MODE|DEV|PROD|VITEST.*)$/.test(name),
  );
  await promisify(execFile)(process.execPath, ['scripts/build.mjs'], {
    cwd: root,
    env: { ...Object.fromEntries(inherited), ...env },
  });
  const files = (await filesIn(join(root, 'build'))).filter((file) => file !== '.stamp');
  const sums = files.map(async (file) => {
    const content = await readFile(join(root, 'build', file));
    return [file, createHash('sha256').update(content).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(sums));
}

test('two clean builds in different surroundings are the same bytes', async () => {
  const base = await mkdtemp(join(tmpdir(), 'parley-reproducible-'));
  try {
    // Beside each other: the installed packages are linked, and the server's bundle names its parts by relative path.
    const one = await cleanBuild(base, { folder: 'one', TZ: 'Pacific/Auckland', LANG: 'C.UTF-8' });
    const two = await cleanBuild(base, {
      folder: 'a second, longer place',
      TZ: 'America/St_Johns',
      LANG: 'tr_TR.UTF-8',
    });
    expect(Object.keys(one)).toEqual(
      expect.arrayContaining(['client/index.html', 'client/m.html', 'server/main.js']),
    );
    expect(two).toEqual(one);
  } finally {
    await rm(base, { recursive: true, force: true });
  }
});
