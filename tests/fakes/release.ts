import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { utf8, type Bytes } from '../../src/lib/protocol/bytes';

/** A publisher with a key, and what a server would hand out of theirs. */
export class FakePublisher {
  readonly #pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  /** The public key as a build carries it. */
  get key(): string {
    const { x = '', y = '' } = this.#pair.publicKey.export({ format: 'jwk' });
    return Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]).toString(
      'base64url',
    );
  }

  sign(list: Bytes): Bytes {
    const options = { key: this.#pair.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return utf8(`${sign('sha256', list, options).toString('base64url')}\n`);
  }
}

export type FakeRelease = { list: Bytes; worker: string; script: Bytes };

/** The list of a version whose service worker is some bytes that name it. */
export function makeRelease(
  version: string,
  about: { key?: string; changes?: string[]; files?: Record<string, string> } = {},
): FakeRelease {
  const script = utf8(`// service worker of ${version}`);
  const sum = createHash('sha256').update(script).digest('hex');
  const worker = `service-worker.${sum.slice(0, 32)}.js`;
  const { key = '', changes = [], files = {} } = about;
  const list = { v: 1, version, key, changes, files: { ...files, [worker]: sum } };
  return { list: utf8(JSON.stringify(list)), worker: `/${worker}`, script };
}
