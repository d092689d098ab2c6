import type { Bytes } from '../protocol/bytes';

/** The list of the version that a server hands out, and the signatures over it. */
export const LIST = '/release.json';
export const SIGNATURES = '/release.sig';

/**
 * What the server has at a path, past every cache; `null` where it has nothing. Rejects without a network and while a
 * server is out of order: then nothing is known, which is not the same as nothing being there.
 */
export async function readServed(path: string): Promise<Bytes | null> {
  const answer = await fetch(path, { cache: 'no-store' });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new TypeError(`${path}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}
