import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SOURCES } from '../../scripts/build.mjs';
import { ROOT } from './product';

const PRESENT = SOURCES.filter((name) => existsSync(join(ROOT, name)));

/**
 * Copies the source into an empty folder, lets `edit` change it there, and builds it; answers the folder of the build.
 * `env` comes on top of the environment of the test.
 */
export async function cleanBuild(
  root: string,
  env: Readonly<Record<string, string>> = {},
  edit: (root: string) => Promise<void> = () => Promise.resolve(),
): Promise<string> {
  await mkdir(root, { recursive: true });
  await Promise.all(PRESENT.map((name) => cp(join(ROOT, name), join(root, name), { recursive: true })));
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'dir');
  await edit(root);
  // The test runner's own mode would make it another build.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:NODE_ENV|MODE|DEV|PROD|VITEST.*)$/.test(name),
  );
  await promisify(execFile)(process.execPath, ['scripts/build.mjs'], {
    cwd: root,
    env: { ...Object.fromEntries(inherited), ...env },
  });
  return join(root, 'build');
}
