import { execFile } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inGroups, sha256Hex } from '../../scripts/release.mjs';
import { parseRelease } from '../../src/lib/protocol/release';
import { cleanBuild } from '../build/clean-build';
import { ROOT, startProduct, type Product } from '../build/product';

/** Two real builds of one publisher, signed, and what a server may make of them. */
export class Published {
  readonly #folder: string;
  /** The folders of the two builds. */
  readonly old: string;
  readonly next: string;

  private constructor(folder: string, old: string, next: string) {
    this.#folder = folder;
    this.old = old;
    this.next = next;
  }

  static async make(oldVersion: string, nextVersion: string, change: string): Promise<Published> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-published-'));
    const key = join(folder, 'key.pem');
    const publicKey = (await runSign('--new-key', key)).trim().split('\n').at(-1) ?? '';
    const [old, next] = await Promise.all([
      cleanBuild(join(folder, 'old'), { APP_VERSION: oldVersion, RELEASE_KEY: publicKey }),
      cleanBuild(join(folder, 'next'), { APP_VERSION: nextVersion, RELEASE_KEY: publicKey }, async (root) => {
        await writeFile(join(root, 'CHANGELOG.md'), `## ${nextVersion}\n\n### For people\n- ${change}\n`);
        await changeLazyPart(root);
      }),
    ]);
    for (const build of [old, next]) await runSign('--client', join(build, 'client'), '--key', key);
    return new Published(folder, old, next);
  }

  /** A copy of one of the builds, for a server that does something to it. */
  async copyOf(build: string, edit: (client: string) => Promise<void>): Promise<string> {
    const root = await mkdtemp(join(this.#folder, 'copy-'));
    await cp(build, join(root, 'build'), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'dir');
    await edit(join(root, 'build', 'client'));
    return join(root, 'build');
  }

  /** A script of the next version's pages that the old one does not have, and that caches may keep for a year. */
  async newPart(): Promise<string> {
    const [known, files] = await Promise.all([this.old, this.next].map(filesOf));
    // Other scripts may be words of a language that this device does not speak, and so does not keep.
    const page = await readFile(join(this.next, 'client', 'm.html'), 'utf8');
    const part = files?.find(
      (file) => /^_app\/immutable\/.*\.js$/.test(file) && page.includes(file) && !known?.includes(file),
    );
    if (part === undefined) throw new Error('The two builds have the same scripts');
    return part;
  }

  /** What somebody else would put beside the list. */
  async signatureOfAnother(build: string): Promise<string> {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const list = await readFile(join(build, 'client', 'release.json'));
    return `${sign('sha256', list, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}\n`;
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

async function filesOf(build: string): Promise<string[]> {
  const list = await readFile(join(build, 'client', 'release.json'));
  return [...parseRelease(new Uint8Array(list)).files.keys()];
}

/** As the app shows it. */
export async function fingerprintOf(build: string): Promise<string> {
  return inGroups(sha256Hex(await readFile(join(build, 'client', 'release.json'))));
}

/** Drawing a QR code is loaded when somebody wants one: in the next version it is another file. */
async function changeLazyPart(root: string): Promise<void> {
  const path = join(root, 'src', 'lib', 'ui', 'QrCode.svelte');
  const source = await readFile(path, 'utf8');
  const changed = source.replace("ecc: 'M'", "ecc: 'Q'");
  if (changed === source) throw new Error('QrCode.svelte is no longer what this changes');
  await writeFile(path, changed);
}

async function runSign(...args: string[]): Promise<string> {
  const script = join(ROOT, 'scripts', 'sign.mjs');
  return (await promisify(execFile)(process.execPath, [script, ...args])).stdout;
}

/** One address that hands out first this build and then that. */
export class Site {
  #product: Product | null = null;
  #origin = '';

  get origin(): string {
    return this.#origin;
  }

  async serve(build: string): Promise<void> {
    await this.stop();
    this.#product = await startProduct(build, this.#origin === '' ? 0 : Number(new URL(this.#origin).port));
    this.#origin = this.#product.origin;
  }

  async stop(): Promise<void> {
    await this.#product?.stop();
    this.#product = null;
  }
}
