import type { Bytes } from '../protocol/bytes';
import { codeOf } from '../protocol/errors';
import type { FileId } from '../protocol/ids';
import { FILE_CHUNK_BYTES } from '../protocol/limits';
import { decodePreamble } from '../crypto/file-stream';
import type { ByteChannel } from './byte-channel';
import type { Connection } from './connection';
import { FileReceiver } from './file-receiver';
import { FileSender } from './file-sender';
import type { FileStore } from './file-store';
import type { Command, WorkerEvent } from './messages';

/** Progress is told after that many records (4 MiB), after that long, and at the end. */
const PROGRESS_RECORDS = 64;
const PROGRESS_MS = 100;

type Store = Pick<FileStore, 'open' | 'read' | 'drop'>;

/** The files under way: who sends, who receives, and which channel belongs to which. */
export class FileTransfers {
  readonly #store: Store;
  readonly #emit: (event: WorkerEvent) => void;
  readonly #senders = new Map<FileId, FileSender>();
  readonly #receivers = new Map<FileId, FileReceiver>();

  constructor(store: Store, emit: (event: WorkerEvent) => void) {
    this.#store = store;
    this.#emit = emit;
  }

  send(command: Extract<Command, { type: 'send-file' }>, connection: Connection | undefined): void {
    const { file, source, from } = command;
    this.#senders.get(file)?.stop();
    if (connection === undefined) return;
    const sender = new FileSender({
      file,
      source,
      from,
      keyOf: (isOwn, id, attempt) => connection.fileKey(isOwn, id, attempt),
      progress: this.#progress(file, from, source.size),
      failed: (reason) => this.#emit({ type: 'file-failed', file, reason }),
    });
    this.#senders.set(file, sender);
    this.#emit({ type: 'want-file-channel', connection: connection.tag, file });
  }

  /** Throws `file/no-room`, `file/write-failed`. */
  async receive(file: FileId, size: number, connection: Connection): Promise<number> {
    this.#receivers.get(file)?.stop();
    const stored = await this.#store.open(file, size);
    const receiver = new FileReceiver({
      file,
      size,
      stored,
      keyOf: (isOwn, id, attempt) => connection.fileKey(isOwn, id, attempt),
      progress: this.#progress(file, stored.records, size),
      received: () => {
        this.#receivers.delete(file);
        this.#emit({ type: 'file-received', file });
      },
      failed: (reason) => {
        this.#receivers.delete(file);
        void this.drop(file);
        this.#emit({ type: 'file-failed', file, reason });
      },
    });
    this.#receivers.set(file, receiver);
    return receiver.from;
  }

  /** `file` names one's own; on the other side's channel the preamble does. */
  adopt(channel: ByteChannel, file: FileId | null, connection: Connection): void {
    if (file !== null) {
      const sender = this.#senders.get(file);
      if (sender === undefined) channel.close();
      else sender.start(channel);
      return;
    }
    let take: ((frame: Bytes) => void) | null = null;
    channel.listen({
      opened: () => undefined,
      received: (frame) => {
        connection.talk?.heard();
        if (take !== null) return take(frame);
        take = this.#begin(channel, frame);
        if (take === null) channel.close();
      },
      closed: () => undefined,
    });
  }

  moveWindow(file: FileId, records: number): void {
    this.#senders.get(file)?.moveWindow(records);
  }

  pause(file: FileId, isPaused: boolean): void {
    this.#senders.get(file)?.pause(isPaused);
  }

  stop(file: FileId): void {
    this.#senders.get(file)?.stop();
    this.#senders.delete(file);
    this.#receivers.get(file)?.stop();
    this.#receivers.delete(file);
  }

  async drop(file: FileId): Promise<void> {
    this.stop(file);
    await this.#store.drop(file);
  }

  read(file: FileId): Promise<Blob> {
    return this.#store.read(file);
  }

  /** The receiver that a channel's first frame names, or `null`: nothing was accepted under that name. */
  #begin(channel: ByteChannel, frame: Bytes): ((frame: Bytes) => void) | null {
    try {
      const preamble = decodePreamble(frame);
      return this.#receivers.get(preamble.file)?.start(channel, preamble) ?? null;
    } catch (fault) {
      if (codeOf(fault) === 'protocol/malformed') return null;
      throw fault;
    }
  }

  #progress(file: FileId, from: number, sizeBytes: number): (records: number) => void {
    let told = from;
    let toldAtMs = performance.now();
    return (records) => {
      const isLast = records * FILE_CHUNK_BYTES >= sizeBytes;
      const nowMs = performance.now();
      if (records - told < PROGRESS_RECORDS && nowMs - toldAtMs < PROGRESS_MS && !isLast) return;
      told = records;
      toldAtMs = nowMs;
      this.#emit({ type: 'file-progress', file, records });
    };
  }
}
