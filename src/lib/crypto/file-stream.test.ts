import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { concat, equalBytes, Writer, type Bytes } from '../protocol/bytes';
import { idBytes, randomId, type FileId } from '../protocol/ids';
import { FILE_CHUNK_BYTES } from '../protocol/limits';
import { importAeadKey, seal } from './aead';
import {
  ChunkHashes,
  chunkCount,
  chunkSize,
  decodePreamble,
  encodePreamble,
  FileOpener,
  FileSealer,
  type FileKeys,
} from './file-stream';

const OPEN_FAILED = { code: 'crypto/open-failed' };
const UNEXPECTED = { code: 'protocol/unexpected' };
const CHUNK = FILE_CHUNK_BYTES;

const file = randomId<FileId>();
let key: CryptoKey;
beforeAll(async () => {
  key = await importAeadKey(new Uint8Array(32).fill(5));
});

const keysFor = (size: number): FileKeys => ({ key, file, size });
const contents = (size: number): Bytes =>
  Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8)) & 255);
const chunksOf = (whole: Bytes): Bytes[] =>
  Array.from({ length: chunkCount(whole.length) }, (_, i) => whole.slice(i * CHUNK, (i + 1) * CHUNK));
const flipped = (bytes: Bytes, at: number): Bytes => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

/** All frames of one attempt from the given record on. */
async function framesOf(whole: Bytes, from = 0): Promise<Bytes[]> {
  const sealer = new FileSealer(keysFor(whole.length));
  const hashes = new ChunkHashes();
  const chunks = chunksOf(whole);
  for (const chunk of chunks) await hashes.add(chunk);
  const sealed = chunks.slice(from).map((chunk, i) => sealer.sealChunk(from + i, chunk));
  return Promise.all([...sealed, sealer.sealEnd(chunks.length, await hashes.root())]);
}

describe('a whole file', () => {
  for (const size of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5]) {
    test(`of ${size} bytes arrives as it was, its calls overlapping`, async () => {
      const whole = contents(size);
      const frames = await framesOf(whole);
      expect(frames).toHaveLength(Math.ceil(size / CHUNK) + 1);
      const opener = new FileOpener({ ...keysFor(size), from: 0 });
      const opened = await Promise.all(frames.map((frame) => opener.open(frame)));
      const hashes = new ChunkHashes();
      const parts: Bytes[] = [];
      for (const [i, frame] of opened.entries()) {
        if (frame.kind === 'end') {
          expect(i).toBe(frames.length - 1);
          expect(frame.root).toEqual(await hashes.root());
        } else {
          expect(frame.index).toBe(i);
          parts.push(frame.bytes);
          void hashes.add(frame.bytes);
        }
      }
      expect(hashes.count).toBe(parts.length);
      expect(equalBytes(concat(...parts), whole)).toBe(true);
    });
  }

  test('a resume takes up where the receiver stands', async () => {
    const whole = contents(3 * CHUNK + 5);
    const chunks = chunksOf(whole);
    for (const from of [1, 3, 4]) {
      const opener = new FileOpener({ ...keysFor(whole.length), from });
      for (const [i, frame] of (await framesOf(whole, from)).entries()) {
        const opened = await opener.open(frame);
        if (opened.kind === 'chunk') expect(equalBytes(opened.bytes, chunks[from + i] ?? whole)).toBe(true);
        else expect(i).toBe(4 - from);
      }
    }
  });
});

test('the layout: nonce = index (11) | final (1), AAD = fid | size | header', async () => {
  const whole = contents(CHUNK + 3);
  const frames = await framesOf(whole);
  const digest = (bytes: Bytes) => createHash('sha256').update(bytes).digest();
  const root = new Uint8Array(digest(new Uint8Array(Buffer.concat(chunksOf(whole).map(digest)))));
  const expected = [
    {
      header: [2, 0, 0, 0, 0, 0, 0, 0, 0],
      nonce: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      text: whole.slice(0, CHUNK),
    },
    {
      header: [2, 0, 0, 0, 0, 0, 0, 0, 1],
      nonce: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
      text: whole.slice(CHUNK),
    },
    { header: [3, 0, 0, 0, 0, 0, 0, 0, 2], nonce: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1], text: root },
  ];
  for (const [i, { header, nonce, text }] of expected.entries()) {
    const aad = new Writer().raw(idBytes(file)).u64(whole.length).raw(Uint8Array.from(header)).done();
    const sealed = await seal(key, Uint8Array.from(nonce), aad, text);
    expect(equalBytes(frames[i] ?? sealed, concat(Uint8Array.from(header), sealed))).toBe(true);
  }
});

describe('what does not open', () => {
  const size = CHUNK + 40;
  let frames: Bytes[];
  beforeAll(async () => {
    frames = await framesOf(contents(size));
  });
  const frame = (i: number): Bytes => frames[i] ?? new Uint8Array(0);
  const opener = (changes: Partial<FileKeys & { from: number }> = {}) =>
    new FileOpener({ ...keysFor(size), from: 0, ...changes });
  async function refuses(reader: FileOpener, ...bytes: Bytes[]): Promise<void> {
    const last = bytes.pop() ?? new Uint8Array(0);
    for (const good of bytes) await reader.open(good);
    await expect(reader.open(last)).rejects.toMatchObject(OPEN_FAILED);
  }

  test('a frame with any byte changed', async () => {
    const small = frame(1);
    for (let at = 0; at < small.length; at++) await refuses(opener({ from: 1 }), flipped(small, at));
    for (let at = 0; at < frame(2).length; at++) await refuses(opener({ from: 2 }), flipped(frame(2), at));
    for (const at of [0, 8, 9, 1000, frame(0).length - 1]) await refuses(opener(), flipped(frame(0), at));
  });

  test('a frame twice, out of order, missing, after the end, cut or longer', async () => {
    await refuses(opener(), frame(0), frame(0));
    await refuses(opener(), frame(1));
    await refuses(opener(), frame(2));
    await refuses(opener(), frame(0), frame(2));
    await refuses(opener(), frame(0), frame(1), frame(2), frame(2));
    await refuses(opener(), frame(0), frame(1), frame(2), frame(1));
    await refuses(opener(), frame(0).slice(0, -1));
    await refuses(opener(), concat(frame(0), Uint8Array.of(0)));
    await refuses(opener(), new Uint8Array(0));
  });

  test('the frames of another file, another size, another key, another start', async () => {
    await refuses(opener({ file: randomId<FileId>() }), frame(0));
    await refuses(opener({ size: size + CHUNK }), frame(0));
    await refuses(opener({ key: await importAeadKey(new Uint8Array(32)) }), frame(0));
    await refuses(opener({ from: 1 }), frame(0));
    for (const from of [3, 4, -1, 0.5, 2 ** 53]) await refuses(opener({ from }), frame(0));
  });

  test('truly sealed, but not of the size that the file has there', async () => {
    const forged = async (type: number, index: number, text: Bytes): Promise<Bytes> => {
      const header = new Writer().u8(type).u64(index).done();
      const aad = new Writer().raw(idBytes(file)).u64(size).raw(header).done();
      const nonce = Uint8Array.from([0, 0, 0, ...header.slice(1), type === 3 ? 1 : 0]);
      return concat(header, await seal(key, nonce, aad, text));
    };
    await opener({ from: 1 }).open(await forged(2, 1, new Uint8Array(40)));
    await refuses(opener({ from: 1 }), await forged(2, 1, new Uint8Array(39)));
    await refuses(opener({ from: 1 }), await forged(2, 1, new Uint8Array(41)));
    await refuses(opener(), await forged(2, 0, new Uint8Array(0)));
    await refuses(opener({ from: 2 }), await forged(2, 2, new Uint8Array(0)));
    await refuses(opener({ from: 2 }), await forged(3, 2, new Uint8Array(31)));
    await refuses(opener({ from: 1 }), await forged(3, 1, new Uint8Array(32)));
  });

  test('anything after a failure, calls already under way too', async () => {
    const reader = opener();
    const results = await Promise.allSettled([reader.open(flipped(frame(0), 20)), reader.open(frame(1))]);
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: OPEN_FAILED });
    await refuses(reader, frame(2));
  });
});

describe('the sealer', () => {
  const size = 2 * CHUNK + 1;
  const whole = contents(size);
  const chunk = (i: number): Bytes => chunksOf(whole)[i] ?? new Uint8Array(0);
  const root = new Uint8Array(32);

  test('never uses a number twice', async () => {
    const sealer = new FileSealer(keysFor(size));
    await sealer.sealChunk(1, chunk(1));
    await expect(sealer.sealChunk(1, chunk(1))).rejects.toMatchObject(UNEXPECTED);
  });

  test('goes forward without a gap, and ends once', async () => {
    const misuses: Array<(sealer: FileSealer) => Promise<Bytes>> = [
      (sealer) => sealer.sealChunk(0, chunk(0)),
      (sealer) => sealer.sealChunk(2, chunk(2)).then(() => sealer.sealChunk(1, chunk(1))),
      (sealer) => sealer.sealEnd(3, root),
      (sealer) => sealer.sealChunk(2, chunk(2)).then(() => sealer.sealEnd(2, root)),
      (sealer) =>
        sealer
          .sealChunk(2, chunk(2))
          .then(() => sealer.sealEnd(3, root))
          .then(() => sealer.sealEnd(3, root)),
    ];
    for (const misuse of misuses) {
      const sealer = new FileSealer(keysFor(size));
      await sealer.sealChunk(1, chunk(1));
      await expect(misuse(sealer)).rejects.toMatchObject(UNEXPECTED);
    }
  });

  test('refuses a source that is no longer as long as it was offered', async () => {
    for (const bytes of [chunk(0).slice(1), new Uint8Array(0), new Uint8Array(CHUNK + 1)]) {
      const sealer = new FileSealer(keysFor(size));
      await expect(sealer.sealChunk(0, bytes)).rejects.toMatchObject({ code: 'file/unreadable' });
    }
    const beyond = new FileSealer(keysFor(size)).sealChunk(3, new Uint8Array(0));
    await expect(beyond).rejects.toMatchObject({ code: 'file/unreadable' });
  });
});

test('chunk hashes keep their order while calls overlap', async () => {
  const chunks = Array.from({ length: 50 }, (_, i) => new Uint8Array(i % 3 === 0 ? 90_000 : 3).fill(i));
  const [one, other] = [new ChunkHashes(), new ChunkHashes()];
  for (const chunk of chunks) await one.add(chunk);
  for (const chunk of chunks) void other.add(chunk);
  expect(await other.root()).toEqual(await one.root());
  const digests = chunks.map((chunk) => createHash('sha256').update(chunk).digest());
  const expected = createHash('sha256').update(Buffer.concat(digests)).digest();
  expect(Buffer.from(await one.root())).toEqual(expected);
});

test('sizes of chunks', () => {
  expect(chunkCount(0)).toBe(0);
  expect(chunkCount(CHUNK)).toBe(1);
  expect(chunkCount(CHUNK + 1)).toBe(2);
  expect(chunkSize(CHUNK + 1, 0)).toBe(CHUNK);
  expect(chunkSize(CHUNK + 1, 1)).toBe(1);
});

describe('the preamble', () => {
  const preamble = { file, attempt: new Uint8Array(16).fill(3), from: 7 };

  test('is 0x01 | fid | attempt | from', () => {
    const bytes = encodePreamble(preamble);
    const expected = [1, ...idBytes(file), ...preamble.attempt, 0, 0, 0, 0, 0, 0, 0, 7];
    expect(bytes).toEqual(Uint8Array.from(expected));
    expect(decodePreamble(bytes)).toEqual(preamble);
  });

  test('anything else is malformed', () => {
    const bytes = encodePreamble(preamble);
    const malformed = [
      flipped(bytes, 0),
      bytes.slice(1),
      bytes.slice(0, -1),
      concat(bytes, Uint8Array.of(0)),
    ];
    for (const bad of malformed) {
      expect(() => decodePreamble(bad)).toThrow(expect.objectContaining({ code: 'protocol/malformed' }));
    }
    const tooFar = bytes.map((byte, i) => (i === 33 ? 255 : byte));
    expect(() => decodePreamble(tooFar)).toThrow(expect.objectContaining({ code: 'protocol/malformed' }));
  });

  test('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 38, maxLength: 44 }), (bytes) => {
        bytes[0] = 1;
        let decoded;
        try {
          decoded = decodePreamble(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'protocol/malformed' });
          return;
        }
        expect(encodePreamble(decoded)).toEqual(bytes);
      }),
    );
  });
});
