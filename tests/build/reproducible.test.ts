import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { cleanBuild } from './clean-build';
import { filesIn, ROOT } from './product';

/**
 * Anyone can build the published source and compare the bytes with what a server sends. That holds only if a build
 * depends on the source alone: not on where, when or in which language it is made.
 */

/** SHA-256 by file. */
async function sumsOf(build: string): Promise<Record<string, string>> {
  const files = (await filesIn(build)).filter((file) => file !== '.stamp');
  const sums = files.map(async (file) => {
    const content = await readFile(join(build, file));
    return [file, createHash('sha256').update(content).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(sums));
}

/** What is copied with the source was compiled once; here it is from the messages alone. */
async function compileWordsAnew(root: string): Promise<void> {
  await rm(join(root, 'src/lib/words/compiled'), { recursive: true });
  await cp(join(ROOT, 'scripts/words.mjs'), join(root, 'scripts/words.mjs'));
  await promisify(execFile)(process.execPath, ['scripts/words.mjs'], { cwd: root });
}

test('two clean builds in different surroundings are the same bytes', async () => {
  const base = await mkdtemp(join(tmpdir(), 'parley-reproducible-'));
  try {
    // Beside each other: the installed packages are linked, and the server's bundle names its parts by relative path.
    const [one, two] = await Promise.all([
      cleanBuild(join(base, 'one'), { TZ: 'Pacific/Auckland', LANG: 'C.UTF-8' }),
      cleanBuild(
        join(base, 'a second, longer place'),
        { TZ: 'America/St_Johns', LANG: 'tr_TR.UTF-8' },
        compileWordsAnew,
      ),
    ]);
    const sums = await sumsOf(one);
    expect(Object.keys(sums)).toEqual(
      expect.arrayContaining(['client/index.html', 'client/m.html', 'client/release.json', 'server/main.js']),
    );
    expect(await sumsOf(two)).toEqual(sums);
  } finally {
    await rm(base, { recursive: true, force: true });
  }
});
