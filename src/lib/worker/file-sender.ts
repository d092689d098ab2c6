import type { Bytes } from '../protocol/bytes';
import type { FileId } from '../protocol/ids';
import { FILE_CHUNK_BYTES } from '../protocol/limits';
import type { FileEnd } from '../protocol/message';
import { ATTEMPT_BYTES, chunkCount, ChunkHashes, encodePreamble, FileSealer } from '../crypto/file-stream';
import type { ByteChannel } from './byte-channel';

/** Buffered bytes at which sending stops, and at which it goes on (STACK: measured). */
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;
/** What is read from the source at once. */
const READ_BYTES = 16 * FILE_CHUNK_BYTES;
/** Records sealed ahead of the channel. */
const SEALS_IN_FLIGHT = 8;
/** How far the sender may be ahead of what the receiver has stored: bounds the receiver's memory, not the speed. */
const WINDOW_RECORDS = 512;

export type FileKeyOf = (isOwn: boolean, file: FileId, attempt: Bytes) => Promise<CryptoKey>;

type SenderOptions = {
  file: FileId;
  source: Blob;
  from: number;
  keyOf: FileKeyOf;
  progress: (records: number) => void;
  failed: (reason: FileEnd) => void;
};

/** One attempt to send one file: a fresh key, records in order, and the root over all of them (section 8). */
export class FileSender {
  readonly #options: SenderOptions;
  readonly #stop = new AbortController();
  readonly #changes = new EventTarget();
  #storedRecords: number;
  #isPaused = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#storedRecords = options.from;
  }

  start(channel: ByteChannel): void {
    channel.listen({
      opened: () => {
        this.#send(channel).catch(() => {
          channel.close();
          // A connection that ended is resumed on the next; only the source itself can fail for good.
          if (!this.#stop.signal.aborted) this.#options.failed('unreadable');
        });
      },
      // The receiver says nothing here.
      received: () => channel.close(),
      closed: () => this.stop(),
    });
    this.#stop.signal.addEventListener('abort', () => channel.close());
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#changes.dispatchEvent(new Event('change'));
  }

  moveWindow(records: number): void {
    this.#storedRecords = Math.max(this.#storedRecords, records);
    this.#changes.dispatchEvent(new Event('change'));
  }

  stop(): void {
    this.#stop.abort();
  }

  async #send(channel: ByteChannel): Promise<void> {
    const { file, source, from, keyOf, progress } = this.#options;
    const attempt = crypto.getRandomValues(new Uint8Array(ATTEMPT_BYTES));
    const key = await keyOf(true, file, attempt);
    const sealer = new FileSealer({ key, file, size: source.size });
    const hashes = new ChunkHashes();
    channel.send(encodePreamble({ file, attempt, from }));

    const ahead: Promise<Bytes>[] = [];
    let sent = from;
    const sendNext = async (): Promise<void> => {
      const record = await ahead.shift();
      if (record === undefined) return;
      await this.#mayGoOn(sent);
      if (channel.bufferedBytes > HIGH_WATER_BYTES) await channel.drained(LOW_WATER_BYTES, this.#stop.signal);
      this.#stop.signal.throwIfAborted();
      channel.send(record);
      progress(++sent);
    };
    for await (const { index, chunk } of chunks(source)) {
      // The root covers the records of earlier attempts too: if the source changed meanwhile it will not agree.
      void handled(hashes.add(chunk));
      if (index < from) continue;
      ahead.push(handled(sealer.sealChunk(index, chunk)));
      if (ahead.length >= SEALS_IN_FLIGHT) await sendNext();
    }
    while (ahead.length > 0) await sendNext();
    channel.send(await sealer.sealEnd(chunkCount(source.size), await hashes.root()));
  }

  /** Waits while paused or while the window is full. */
  async #mayGoOn(index: number): Promise<void> {
    while (!this.#stop.signal.aborted && (this.#isPaused || index - this.#storedRecords >= WINDOW_RECORDS)) {
      await new Promise<void>((resolve) => {
        const settle = new AbortController();
        const done = () => {
          settle.abort();
          resolve();
        };
        this.#changes.addEventListener('change', done, { signal: settle.signal });
        this.#stop.signal.addEventListener('abort', done, { signal: settle.signal });
      });
    }
  }
}

/** The file's records in order, read in larger blocks, the next block while this one is being sent. */
async function* chunks(source: Blob): AsyncGenerator<{ index: number; chunk: Bytes }> {
  const read = (start: number) => handled(source.slice(start, start + READ_BYTES).arrayBuffer());
  let next = read(0);
  for (let start = 0; start < source.size; start += READ_BYTES) {
    const block = new Uint8Array(await next);
    next = read(start + READ_BYTES);
    for (let at = 0; at < block.length; at += FILE_CHUNK_BYTES) {
      yield { index: (start + at) / FILE_CHUNK_BYTES, chunk: block.slice(at, at + FILE_CHUNK_BYTES) };
    }
  }
}

/** A promise that is awaited later: its rejection is seen then, not reported as nobody's now. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
