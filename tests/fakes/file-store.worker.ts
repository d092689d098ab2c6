/// <reference lib="webworker" />
import { ParleyError } from '../../src/lib/protocol/errors';
import type { FileId } from '../../src/lib/protocol/ids';
import { FileStore, type StoredFile } from '../../src/lib/worker/file-store';

declare const self: DedicatedWorkerGlobalScope;

/** What a test asks of a file store; a browser gives sync access handles to workers only. */
export type StoreStep =
  | { do: 'open'; file: FileId; size: number }
  | { do: 'append'; byte: number; length: number }
  | { do: 'flush' | 'close' | 'records' }
  | { do: 'record'; index: number }
  | { do: 'read' | 'drop'; file: FileId }
  | { do: 'sweep'; nowMs: number };

/** The result of the last step, or the code with which it failed. */
export type StoreAnswer = { value: unknown } | { code: string };

async function run(
  store: FileStore,
  opened: { current: StoredFile | null },
  step: StoreStep,
): Promise<unknown> {
  const stored = (): StoredFile => {
    if (opened.current === null) throw new Error('no file is open');
    return opened.current;
  };
  switch (step.do) {
    case 'open':
      opened.current = await store.open(step.file, step.size);
      return opened.current.records;
    case 'append':
      return stored().append(new Uint8Array(step.length).fill(step.byte));
    case 'flush':
      return stored().flush();
    case 'close':
      return stored().close();
    case 'records':
      return stored().records;
    case 'record':
      return stored().readRecord(step.index);
    case 'read':
      return store.read(step.file);
    case 'drop':
      return store.drop(step.file);
    case 'sweep':
      return store.sweep(step.nowMs);
  }
}

async function answer(steps: readonly StoreStep[]): Promise<StoreAnswer> {
  const store = new FileStore();
  const opened: { current: StoredFile | null } = { current: null };
  let value: unknown;
  try {
    for (const step of steps) value = await run(store, opened, step);
    return { value };
  } catch (fault) {
    return { code: fault instanceof ParleyError ? fault.code : String(fault) };
  } finally {
    opened.current?.close();
  }
}

self.onmessage = async ({ data }: MessageEvent<StoreStep[]>) => self.postMessage(await answer(data));
