import { concat, Reader, Writer, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { ID_BYTES, idBytes, toId, type FileId } from '../protocol/ids';
import { FILE_CHUNK_BYTES } from '../protocol/limits';
import { IV_BYTES, open, seal, TAG_BYTES } from './aead';
import { HASH_BYTES, sha256 } from './hash';
import { InOrder } from './in-order';

/**
 * One attempt at sending one file, over a channel of its own (section 8). First, in clear, what the key is made from:
 *
 *   0      1         17            33         41
 *   | 0x01 | fid(16) | attempt(16) | from (8) |          from: the first record of this attempt
 *
 * and then records:
 *
 *   0      1           9                        n-16       n
 *   | type | index (8) | ciphertext             | tag (16) |
 *     0x02   i           chunk i: 64 KiB, the last one what is left
 *     0x03   chunks      root = H(H(chunk 0) | H(chunk 1) | ...) of the whole file, at the end
 *
 * nonce = `index (11) | final (1)`, final = 1 for the end record; AAD = `fid(16) | size(8) | type(1) | index(8)`.
 * Every attempt has a fresh key, so that no nonce is used twice even if the file changed in between.
 */
const PREAMBLE = 0x01;
const CHUNK = 0x02;
const END = 0x03;
const HEADER_BYTES = 9;
export const ATTEMPT_BYTES = 16;

/** Records of a whole file, the end record not counted. */
export const chunkCount = (size: number): number => Math.ceil(size / FILE_CHUNK_BYTES);

/** The size of chunk `index` of a file of `size` bytes. */
export const chunkSize = (size: number, index: number): number =>
  Math.min(FILE_CHUNK_BYTES, size - index * FILE_CHUNK_BYTES);

export type Preamble = { file: FileId; attempt: Bytes; from: number };

export function encodePreamble({ file, attempt, from }: Preamble): Bytes {
  return new Writer().u8(PREAMBLE).raw(idBytes(file)).raw(attempt).u64(from).done();
}

/** Throws `protocol/malformed`. Nothing in it is proved until the first record opens. */
export function decodePreamble(bytes: Uint8Array): Preamble {
  const reader = new Reader(bytes);
  if (reader.u8() !== PREAMBLE) throw new ParleyError('protocol/malformed');
  const file = toId<FileId>(reader.raw(ID_BYTES));
  const preamble = { file, attempt: reader.raw(ATTEMPT_BYTES), from: reader.u64() };
  reader.end();
  return preamble;
}

/** `size` in bytes, as offered and accepted; `key` from `SessionSecrets.fileKey`. */
export type FileKeys = { key: CryptoKey; file: FileId; size: number };

export class FileSealer {
  readonly #keys: FileKeys;
  readonly #order = new InOrder();
  #next: number | null = null;
  #isEnded = false;

  constructor(keys: FileKeys) {
    this.#keys = keys;
  }

  /**
   * Seals chunk `index`: the first of the attempt, or the one after the last. Calls may overlap and resolve in order.
   * Throws `file/unreadable` where the bytes are not as many as the file's offered size makes them.
   */
  sealChunk(index: number, bytes: Bytes): Promise<Bytes> {
    return this.#order.run(this.#sealChunk(index, bytes));
  }

  /** Seals the end: `count` chunks in the whole file, and their root. */
  sealEnd(count: number, root: Bytes): Promise<Bytes> {
    return this.#order.run(this.#sealEnd(count, root));
  }

  async #sealChunk(index: number, bytes: Bytes): Promise<Bytes> {
    // A number sealed twice would use a nonce twice: there is only forward.
    if (this.#isEnded || index !== (this.#next ?? index)) throw new ParleyError('protocol/unexpected');
    this.#next = index + 1;
    if (bytes.length === 0 || bytes.length !== chunkSize(this.#keys.size, index)) {
      throw new ParleyError('file/unreadable');
    }
    return sealFrame(this.#keys, CHUNK, index, bytes);
  }

  async #sealEnd(count: number, root: Bytes): Promise<Bytes> {
    const expected = chunkCount(this.#keys.size);
    const isDue = count === expected && (this.#next ?? expected) === expected;
    if (this.#isEnded || !isDue) throw new ParleyError('protocol/unexpected');
    this.#isEnded = true;
    return sealFrame(this.#keys, END, count, root);
  }
}

export type FileFrame = { kind: 'chunk'; index: number; bytes: Bytes } | { kind: 'end'; root: Bytes };

export class FileOpener {
  readonly #keys: FileKeys;
  readonly #chunks: number;
  readonly #order = new InOrder();
  #next: number;
  #isEnded = false;

  /** `from`: the record that the receiver asked for. */
  constructor({ from, ...keys }: FileKeys & { from: number }) {
    this.#keys = keys;
    this.#chunks = chunkCount(keys.size);
    this.#next = from;
  }

  /**
   * Opens the next frame. Order and sizes are checked when it is called, so calls may overlap; they resolve in order.
   * The first violation throws `crypto/open-failed` and so does everything after it: a resume is a new attempt.
   */
  open(frame: Bytes): Promise<FileFrame> {
    return this.#order.run(this.#open(frame));
  }

  async #open(frame: Bytes): Promise<FileFrame> {
    const index = this.#next;
    const isEnd = index === this.#chunks;
    const [type, plainBytes] = isEnd ? [END, HASH_BYTES] : [CHUNK, chunkSize(this.#keys.size, index)];
    const isExpected =
      !this.#isEnded &&
      index <= this.#chunks &&
      frame.length === HEADER_BYTES + plainBytes + TAG_BYTES &&
      frame[0] === type &&
      new DataView(frame.buffer, frame.byteOffset).getBigUint64(1) === BigInt(index);
    if (!isExpected) throw new ParleyError('crypto/open-failed');
    if (isEnd) this.#isEnded = true;
    else this.#next++;

    const { nonce, aad } = bindings(this.#keys, type, index);
    const bytes = await open(this.#keys.key, nonce, aad, frame.slice(HEADER_BYTES));
    return isEnd ? { kind: 'end', root: bytes } : { kind: 'chunk', index, bytes };
  }
}

/** The hashes of a file's chunks, from the first on, also of those that an earlier attempt brought: 32 bytes each. */
export class ChunkHashes {
  #hashes: Bytes = new Uint8Array(16 * HASH_BYTES);
  #count = 0;
  #pending: Promise<unknown> = Promise.resolve();

  get count(): number {
    return this.#count;
  }

  /** Takes the next chunk; calls may overlap. Resolves when the bytes are no longer needed. */
  add(chunk: Bytes): Promise<void> {
    const at = this.#count++ * HASH_BYTES;
    if (at === this.#hashes.length) this.#grow();
    const work = sha256(chunk).then((hash) => this.#hashes.set(hash, at));
    this.#pending = Promise.all([this.#pending, work]);
    return work;
  }

  async root(): Promise<Bytes> {
    await this.#pending;
    return sha256(this.#hashes.slice(0, this.#count * HASH_BYTES));
  }

  #grow(): void {
    const grown = new Uint8Array(2 * this.#hashes.length);
    grown.set(this.#hashes);
    this.#hashes = grown;
  }
}

async function sealFrame(keys: FileKeys, type: number, index: number, plaintext: Bytes): Promise<Bytes> {
  const { nonce, aad, header } = bindings(keys, type, index);
  return concat(header, await seal(keys.key, nonce, aad, plaintext));
}

function bindings({ file, size }: FileKeys, type: number, index: number) {
  const header = new Writer().u8(type).u64(index).done();
  const nonce = new Uint8Array(IV_BYTES);
  // The index fills 11 bytes; JavaScript's integers need the last 8 of them.
  nonce.set(header.subarray(1), IV_BYTES - 1 - 8);
  nonce[IV_BYTES - 1] = type === END ? 1 : 0;
  return { header, nonce, aad: new Writer().raw(idBytes(file)).u64(size).raw(header).done() };
}
