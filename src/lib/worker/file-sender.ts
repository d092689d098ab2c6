import type { Bytes } from '../protocol/bytes';
import { codeOf } from '../protocol/errors';
import { idBytes, type FileId } from '../protocol/ids';
import { FILE_CHUNK_BYTES } from '../protocol/limits';
import type { FileEnd } from '../protocol/message';
import { ATTEMPT_BYTES, ChunkHashes, encodePreamble, FileSealer } from '../crypto/file-stream';
import type { ByteChannel } from './byte-channel';

/** Buffered bytes at which sending stops, and at which it goes on (STACK: measured). */
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;
/** Records read and sealed ahead of the channel. */
const SEALS_IN_FLIGHT = 8;
/** How far the sender may be ahead of what the receiver has stored: bounds the receiver's memory, not the speed. */
const WINDOW_RECORDS = 512;

export type FileKeyOf = (isOwn: boolean, file: Bytes, attempt: Bytes) => Promise<CryptoKey>;

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
        this.#send(channel).catch((fault: unknown) => {
          channel.close();
          if (this.#stop.signal.aborted) return;
          this.#options.failed(codeOf(fault) === 'internal/fault' ? 'unreadable' : 'damaged');
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
    const id = idBytes(file);
    const key = await keyOf(true, id, attempt);
    const sealer = new FileSealer({ key, file: id, size: source.size });
    const hashes = new ChunkHashes();
    const count = Math.ceil(source.size / FILE_CHUNK_BYTES);

    // The root covers the records of earlier attempts too; the source may have changed since, and then it won't agree.
    for (let index = 0; index < from; index++) await hashes.add(await readChunk(source, index));

    channel.send(encodePreamble({ file: id, attempt, from }));
    const ahead: Promise<Bytes>[] = [];
    let next = from;
    const seal = async (index: number): Promise<Bytes> => {
      const chunk = await readChunk(source, index);
      const [record] = await Promise.all([sealer.sealChunk(index, chunk), hashes.add(chunk, index)]);
      return record;
    };
    for (let index = from; index < count; index++) {
      while (next < count && ahead.length < SEALS_IN_FLIGHT) ahead.push(handled(seal(next++)));
      const record = await ahead.shift();
      if (record === undefined) return;
      await this.#mayGoOn(index);
      if (channel.bufferedBytes > HIGH_WATER_BYTES) await channel.drained(LOW_WATER_BYTES, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      channel.send(record);
      progress(index + 1);
    }
    channel.send(await sealer.sealEnd(count, await hashes.root()));
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

async function readChunk(source: Blob, index: number): Promise<Bytes> {
  const start = index * FILE_CHUNK_BYTES;
  return new Uint8Array(await source.slice(start, start + FILE_CHUNK_BYTES).arrayBuffer());
}

/** A promise that is awaited later: its rejection is seen then, not reported as nobody's now. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
