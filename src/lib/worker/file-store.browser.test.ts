import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { StoreAnswer, StoreStep } from '../../../tests/fakes/file-store.worker';
import type { Bytes } from '../protocol/bytes';
import { randomId, type FileId } from '../protocol/ids';
import { FILE_CHUNK_BYTES } from '../protocol/limits';

const CHUNK = FILE_CHUNK_BYTES;
const DAY_MS = 24 * 60 * 60 * 1000;

let worker: Worker;
let file: FileId;
beforeAll(() => {
  worker = new Worker(new URL('../../../tests/fakes/file-store.worker.ts', import.meta.url), {
    type: 'module',
  });
});
afterAll(() => worker.terminate());
beforeEach(() => {
  file = randomId<FileId>();
});

const run = (...steps: StoreStep[]) =>
  new Promise<StoreAnswer>((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<StoreAnswer>) => resolve(data);
    worker.postMessage(steps);
  });
async function value<T>(...steps: StoreStep[]): Promise<T> {
  const answer = await run(...steps);
  if ('code' in answer) throw new Error(answer.code);
  return answer.value as T;
}
const records = (...bytes: number[]): StoreStep[] =>
  bytes.map((byte) => ({ do: 'append', byte, length: CHUNK }));
const open = (size: number): StoreStep => ({ do: 'open', file, size });
const contents = async (): Promise<Bytes> =>
  new Uint8Array(await (await value<Blob>({ do: 'read', file })).arrayBuffer());

describe('a received file', () => {
  test('has its records in order, written in larger pieces', async () => {
    const size = 6 * CHUNK + 7;
    const steps: StoreStep[] = [
      open(size),
      ...records(1, 2, 3, 4, 5, 6),
      { do: 'append', byte: 7, length: 7 },
    ];
    await value(...steps, { do: 'flush' });
    const bytes = await contents();
    expect(bytes).toHaveLength(size);
    expect([0, 1, 2, 3, 4, 5].map((index) => bytes[index * CHUNK])).toEqual([1, 2, 3, 4, 5, 6]);
    expect(bytes[6 * CHUNK]).toBe(7);
    expect(bytes[size - 1]).toBe(7);
  });

  test('is of no type that a browser shows or runs', async () => {
    await value(open(1), { do: 'append', byte: 60, length: 1 }, { do: 'flush' });
    expect((await value<Blob>({ do: 'read', file })).type).toBe('application/octet-stream');
  });

  test('may be empty', async () => {
    await value(open(0), { do: 'flush' });
    expect(await contents()).toHaveLength(0);
  });

  test('never grows past the size that was accepted', async () => {
    expect(await run(open(CHUNK + 5), ...records(1, 2))).toEqual({ code: 'file/damaged' });
    expect((await contents()).length).toBeLessThanOrEqual(CHUNK + 5);
  });

  test('goes on from its last whole record', async () => {
    const size = 9 * CHUNK;
    await value(open(size), ...records(1, 2, 3, 4), { do: 'append', byte: 5, length: 100 }, { do: 'flush' });
    expect(await value(open(size))).toBe(4);
    expect(await value<Bytes>(open(size), { do: 'record', index: 3 })).toEqual(new Uint8Array(CHUNK).fill(4));
    await value(open(size), ...records(5, 6, 7, 8, 9), { do: 'flush' });
    const bytes = await contents();
    expect(bytes).toHaveLength(size);
    expect([...Array(9).keys()].map((index) => bytes[index * CHUNK + 99])).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  test('that is whole already is known as whole, its last record too', async () => {
    const size = CHUNK + 3;
    await value(open(size), ...records(1), { do: 'append', byte: 2, length: 3 }, { do: 'flush' });
    expect(await value(open(size))).toBe(2);
    expect(await value<Bytes>(open(size), { do: 'record', index: 1 })).toEqual(Uint8Array.of(2, 2, 2));
  });

  test('accepted anew with a smaller size is cut to it', async () => {
    await value(open(4 * CHUNK), ...records(1, 2, 3, 4), { do: 'flush' });
    await value(open(CHUNK + 1));
    expect(await contents()).toHaveLength(CHUNK + 1);
  });

  test('that nobody has cannot be read', async () => {
    expect(await run({ do: 'read', file })).toEqual({ code: 'file/unreadable' });
    expect(await run({ do: 'drop', file })).toEqual({ value: undefined });
  });
});

test('a file with no room for it is refused before the first byte, and leaves nothing', async () => {
  const { quota = 0 } = await navigator.storage.estimate();
  expect(await run(open(quota + 1))).toEqual({ code: 'file/no-room' });
  expect(await run({ do: 'read', file })).toEqual({ code: 'file/unreadable' });
});

test('a file that is being written elsewhere is not written twice', async () => {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle('received', { create: true });
  const elsewhere = await (await folder.getFileHandle(file, { create: true })).createWritable();
  expect(await run(open(CHUNK))).toEqual({ code: 'file/write-failed' });
  await elsewhere.abort();
  expect(await run(open(CHUNK))).toEqual({ value: 0 });
});

test('what was left behind goes after a week, and not before', async () => {
  await value(open(CHUNK), ...records(1), { do: 'flush' });
  await value({ do: 'sweep', nowMs: Date.now() + 6 * DAY_MS });
  expect(await contents()).toHaveLength(CHUNK);
  await value({ do: 'sweep', nowMs: Date.now() + 8 * DAY_MS });
  expect(await run({ do: 'read', file })).toEqual({ code: 'file/unreadable' });
});

test('a meeting’s worker deletes it as it begins', async () => {
  await value(open(CHUNK), ...records(1), { do: 'flush' }, { do: 'close' });
  const nextWeek = new Worker(new URL('../../../tests/fakes/next-week.worker.ts', import.meta.url), {
    type: 'module',
  });
  await expect.poll(() => run({ do: 'read', file })).toEqual({ code: 'file/unreadable' });
  nextWeek.terminate();
});
