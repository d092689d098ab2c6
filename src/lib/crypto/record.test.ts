import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { concat, type Bytes } from '../protocol/bytes';
import { importAeadKey, seal } from './aead';
import { pad } from './padding';
import { peekSeq, RecordOpener, RecordSealer, type RecordKeys } from './record';

const OPEN_FAILED = { code: 'crypto/open-failed' };
const message = Uint8Array.of(17, 1, 2, 3);
const LIMIT = 2 ** 32;

let keys: RecordKeys;
beforeAll(async () => {
  keys = await keysOf(1);
});

const keysOf = async (fill: number): Promise<RecordKeys> => ({
  key: await importAeadKey(new Uint8Array(32).fill(fill)),
  iv: Uint8Array.from({ length: 12 }, (_, i) => i * fill),
});
const flipped = (bytes: Bytes, at: number): Bytes => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

/** A record under the test's own control: any header, any inner bytes, truly sealed. */
async function forged(header: number[], inner: Bytes, seq = 0n): Promise<Bytes> {
  const aad = Uint8Array.from(header);
  const nonce = keys.iv.slice();
  const view = new DataView(nonce.buffer);
  view.setBigUint64(4, view.getBigUint64(4) ^ seq);
  return concat(aad, await seal(keys.key, nonce, aad, inner));
}

test('the layout: type, epoch, number, AES-GCM under iv XOR number with the header as AAD', async () => {
  const sealer = new RecordSealer(keys, 0x0102);
  const record = await sealer.seal(message);
  const header = [1, 0, 0, 0, 0, 0, 0, 0, 1, 2];
  expect(record).toEqual(await forged(header, pad(message), 0x0102n));
  expect(record).toHaveLength(10 + 64 + 16);
});

test('whatever is sealed opens, in order', async () => {
  const messages = fc.array(fc.uint8Array({ minLength: 1, maxLength: 6000 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(messages, async (list) => {
      const sealer = new RecordSealer(keys);
      const opener = new RecordOpener(keys);
      for (const inner of list as Bytes[]) expect(await opener.open(await sealer.seal(inner))).toEqual(inner);
    }),
    { numRuns: 40 },
  );
});

test('random bytes never open, and never fail in another way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      await expect(new RecordOpener(keys).open(bytes)).rejects.toMatchObject(OPEN_FAILED);
      peekSeq(bytes);
    }),
  );
});

test('calls that overlap get consecutive numbers and resolve in the order of the calls', async () => {
  const sealer = new RecordSealer(keys);
  const settled: number[] = [];
  const sizes = [200_000, 1, 50_000, 1];
  const records = await Promise.all(
    sizes.map(async (size, i) => {
      const record = await sealer.seal(new Uint8Array(size));
      settled.push(i);
      return record;
    }),
  );
  expect(settled).toEqual([0, 1, 2, 3]);
  expect(records.map((record) => peekSeq(record))).toEqual([0, 1, 2, 3]);
  const opener = new RecordOpener(keys);
  const opened = await Promise.all(records.map((record) => opener.open(record)));
  expect(opened.map(({ length }) => length)).toEqual(sizes);
});

describe('what does not open', () => {
  test('a record with any byte changed; and the true one opens after them all', async () => {
    const record = await new RecordSealer(keys).seal(message);
    const opener = new RecordOpener(keys);
    for (let at = 0; at < record.length; at++) {
      await expect(opener.open(flipped(record, at))).rejects.toMatchObject(OPEN_FAILED);
    }
    for (const length of [0, 1, 9, 10, 26, record.length - 16, record.length - 1]) {
      await expect(opener.open(record.slice(0, length))).rejects.toMatchObject(OPEN_FAILED);
    }
    await expect(opener.open(concat(record, Uint8Array.of(0)))).rejects.toMatchObject(OPEN_FAILED);
    expect(await opener.open(record)).toEqual(message);
  });

  test('a record twice, one too early, one of long ago', async () => {
    const sealer = new RecordSealer(keys);
    const [first, second, third] = await Promise.all([1, 2, 3].map(() => sealer.seal(message)));
    if (!first || !second || !third) throw new Error('three records');
    const opener = new RecordOpener(keys);
    await expect(opener.open(second)).rejects.toMatchObject(OPEN_FAILED);
    await opener.open(first);
    await expect(opener.open(first)).rejects.toMatchObject(OPEN_FAILED);
    await expect(opener.open(third)).rejects.toMatchObject(OPEN_FAILED);
    await opener.open(second);
    await expect(opener.open(first)).rejects.toMatchObject(OPEN_FAILED);
    await opener.open(third);
  });

  test("another direction's, another pair's, another iv's", async () => {
    const record = await new RecordSealer(keys).seal(message);
    const others = [await keysOf(2), { ...keys, iv: new Uint8Array(12) }];
    for (const other of others) {
      await expect(new RecordOpener(other).open(record)).rejects.toMatchObject(OPEN_FAILED);
    }
  });

  test('truly sealed, but of another type, epoch or number', async () => {
    const good = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const headers = [
      [2, ...good.slice(1)],
      [1, 1, ...good.slice(2)],
      [1, 0, 0x80, 0, 0, 0, 0, 0, 0, 0],
      [1, 0, 0, 0, 0, 1, 0, 0, 0, 0],
      [1, 0, 255, 255, 255, 255, 255, 255, 255, 255],
    ];
    const opener = new RecordOpener(keys);
    for (const header of headers) {
      await expect(opener.open(await forged(header, pad(message)))).rejects.toMatchObject(OPEN_FAILED);
    }
    await opener.open(await forged(good, pad(message)));
  });

  test('truly sealed, but padded in no way that the protocol knows', async () => {
    const good = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const inners = {
      nothing: new Uint8Array(0),
      'no mark': new Uint8Array(64),
      'no mark after text': Uint8Array.from({ length: 64 }, () => 1),
      'another mark': Uint8Array.from([1, 0x81, ...new Uint8Array(62)]),
      'too small': pad(message).slice(0, 63),
      'too large': concat(pad(message), new Uint8Array(192)),
    };
    const opener = new RecordOpener(keys);
    for (const inner of Object.values(inners)) {
      await expect(opener.open(await forged(good, inner))).rejects.toMatchObject(OPEN_FAILED);
    }
    expect(await opener.open(await forged(good, pad(message)))).toEqual(message);
  });
});

test('the count ends before 2^32, and stays ended', async () => {
  const sealer = new RecordSealer(keys, LIMIT - 1);
  expect(peekSeq(await sealer.seal(message))).toBe(LIMIT - 1);
  await expect(sealer.seal(message)).rejects.toMatchObject({ code: 'record/exhausted' });
  await expect(sealer.seal(message)).rejects.toMatchObject({ code: 'record/exhausted' });
});

test('peekSeq reads a header without believing it', async () => {
  const record = await new RecordSealer(keys, 7).seal(message);
  expect(peekSeq(record)).toBe(7);
  expect(peekSeq(concat(Uint8Array.of(9), record).subarray(1))).toBe(7);
  expect(peekSeq(flipped(record, 0))).toBeNull();
  expect(peekSeq(flipped(record, 1))).toBeNull();
  expect(peekSeq(record.slice(0, 26))).toBeNull();
  expect(peekSeq(record.map((byte, i) => (i === 2 ? 0x80 : byte)))).toBeNull();
});
