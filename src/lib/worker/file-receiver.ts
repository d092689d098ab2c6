import { equalBytes, type Bytes } from '../protocol/bytes';
import { codeOf, ParleyError } from '../protocol/errors';
import type { FileId } from '../protocol/ids';
import type { FileEnd } from '../protocol/message';
import { ChunkHashes, FileOpener, type FileFrame, type Preamble } from '../crypto/file-stream';
import type { ByteChannel } from './byte-channel';
import type { FileKeyOf } from './file-sender';
import type { StoredFile } from './file-store';

type ReceiverOptions = {
  file: FileId;
  size: number;
  stored: StoredFile;
  keyOf: FileKeyOf;
  progress: (records: number) => void;
  received: () => void;
  failed: (reason: FileEnd) => void;
};

/** One accepted file: opens the records of an attempt as they come and stores them in order (section 8). */
export class FileReceiver {
  readonly #options: ReceiverOptions;
  readonly #hashes = new ChunkHashes();
  /** Records whose hash is known; those stored by an earlier page are hashed when the next attempt begins. */
  #hashedRecords = 0;
  #channel: ByteChannel | null = null;
  #isOver = false;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  get from(): number {
    return this.#options.stored.records;
  }

  /** A new attempt, its preamble read already. The answer takes its frames, in order. */
  start(channel: ByteChannel, preamble: Preamble): (frame: Bytes) => void {
    this.#channel?.close();
    this.#channel = channel;
    const opener = this.#prepare(preamble);
    const fail = (fault: unknown) => {
      channel.close();
      this.#fail(reasonOf(fault));
    };
    opener.catch(fail);
    // Records open and are hashed side by side, and are stored in their order.
    let storing: Promise<unknown> = opener;
    return (frame) => {
      const opened = opener.then((ready) => ready.open(frame)).then((record) => this.#hash(record));
      storing = Promise.all([opened, storing]).then(([record]) => this.#store(record));
      storing.catch(fail);
    };
  }

  /** Keeps what is stored. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#channel?.close();
    this.#options.stored.close();
  }

  async #prepare(preamble: Preamble): Promise<FileOpener> {
    const { file, size, stored, keyOf } = this.#options;
    if (preamble.from !== stored.records) throw new ParleyError('crypto/open-failed');
    for (; this.#hashedRecords < stored.records; this.#hashedRecords++) {
      await this.#hashes.add(stored.readRecord(this.#hashedRecords));
    }
    const key = await keyOf(false, file, preamble.attempt);
    return new FileOpener({ key, file, size, from: preamble.from });
  }

  async #hash(record: FileFrame): Promise<FileFrame> {
    if (record.kind === 'chunk') await this.#hashes.add(record.bytes);
    return record;
  }

  async #store(record: FileFrame): Promise<void> {
    const { stored, progress, received } = this.#options;
    if (this.#isOver) return;
    if (record.kind === 'chunk') {
      stored.append(record.bytes);
      this.#hashedRecords = record.index + 1;
      progress(this.#hashedRecords);
      return;
    }
    stored.flush();
    if (!equalBytes(record.root, await this.#hashes.root())) throw new ParleyError('file/damaged');
    this.#isOver = true;
    stored.close();
    received();
  }

  #fail(reason: FileEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.stored.close();
    this.#options.failed(reason);
  }
}

function reasonOf(fault: unknown): FileEnd {
  return codeOf(fault) === 'file/write-failed' ? 'write-failed' : 'damaged';
}
