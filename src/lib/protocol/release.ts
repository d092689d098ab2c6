import type { Bytes } from './bytes';
import { ParleyError } from './errors';
import { asObject, parseJson } from './json';

/**
 * The list of a release as the build writes it (scripts/release.mjs): what a server hands out, file by file. Its bytes
 * are what is signed, and their SHA-256 is the release's fingerprint.
 */

/** The list of this app has 80 files and 8 KB; a hundred times that is no release of ours. */
const MAX_LIST_BYTES = 1024 * 1024;
/** A semantic version, or whatever whoever builds calls theirs. */
const MAX_VERSION_LENGTH = 64;
/** A section of a changelog; a sentence that fills a small screen. */
const MAX_CHANGES = 50;
const MAX_CHANGE_LENGTH = 500;

/** Base64url of 65 bytes, or nothing. */
const KEY = /^(?:[A-Za-z0-9_-]{87})?$/;
const SHA256_HEX = /^[0-9a-f]{64}$/;
const WORKER = /^service-worker\.([0-9a-f]{32})\.js$/;

/**
 * `key` is the public key by which that version judges later ones, `''` if it knows none; `files` is SHA-256 in hex by
 * path; `worker` is the path of the service worker, which is named by what is in it.
 */
export type Release = {
  readonly version: string;
  readonly key: string;
  readonly changes: readonly string[];
  readonly files: ReadonlyMap<string, string>;
  readonly worker: string;
};

/**
 * Throws `protocol/malformed` for what no build of ours writes. By hand and not with a schema: a schema of a map would
 * bring a part of the library to every page.
 */
export function parseRelease(list: Bytes): Release {
  must(list.length <= MAX_LIST_BYTES);
  const { v, version, key, changes, files } = parseJson(list);
  must(v === 1);
  const sums = new Map(Object.entries(asObject(files)).map(([path, sum]) => [path, text(sum, SHA256_HEX)]));
  return {
    version: text(version, /./, MAX_VERSION_LENGTH),
    key: text(key, KEY),
    changes: itemsIn(changes).map((change) => text(change, /./, MAX_CHANGE_LENGTH)),
    files: sums,
    worker: workerIn(sums),
  };
}

/** The one service worker. Its name begins its hash: an address never stands for two scripts. */
function workerIn(files: ReadonlyMap<string, string>): string {
  const [worker, ...more] = [...files.keys()].filter((path) => WORKER.test(path));
  must(worker !== undefined && more.length === 0);
  must(files.get(worker)?.startsWith(WORKER.exec(worker)?.[1] ?? '-') === true);
  return worker;
}

function must(holds: boolean): asserts holds {
  if (!holds) throw new ParleyError('protocol/malformed');
}

function text(value: unknown, shape: RegExp, maxLength = Infinity): string {
  must(typeof value === 'string' && value.length <= maxLength && shape.test(value));
  return value;
}

function itemsIn(value: unknown): unknown[] {
  must(Array.isArray(value) && value.length <= MAX_CHANGES);
  return value;
}
