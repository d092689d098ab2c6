import { FILE_CHUNK_BYTES } from '../protocol/limits';
import { ParleyError } from '../protocol/errors';
import type { Bytes } from '../protocol/bytes';
import type { FileId } from '../protocol/ids';

/** The folder of received files in the origin's private file system. */
const FOLDER = 'received';
/** OPFS writes are fastest in pieces of that size (WEBRTC, files). */
const WRITE_BYTES = 256 * 1024;
/** A file that nobody came back for is deleted after that. */
const KEEP_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Received files, each under its random id, written in place through a sync access handle: memory stays constant
 * whatever the size. Whole records only, so that a resume can start at the last one.
 */
export class FileStore {
  /** Room and a handle for one file. Throws `file/no-room`, `file/write-failed`. */
  async open(file: FileId, sizeBytes: number): Promise<StoredFile> {
    const folder = await received();
    const existing = await folder.getFileHandle(file, { create: true }).catch((cause: unknown) => {
      throw new ParleyError('file/write-failed', { cause });
    });
    const handle = await existing.createSyncAccessHandle().catch((cause: unknown) => {
      throw new ParleyError('file/write-failed', { cause });
    });
    const storedBytes = Math.min(handle.getSize(), sizeBytes);
    const { quota = Infinity, usage = 0 } = await navigator.storage.estimate();
    if (sizeBytes - storedBytes > quota - usage) {
      handle.close();
      if (storedBytes === 0) await this.drop(file);
      throw new ParleyError('file/no-room');
    }
    return new StoredFile(handle, sizeBytes);
  }

  async read(file: FileId): Promise<Blob> {
    const folder = await received();
    const handle = await folder.getFileHandle(file).catch((cause: unknown) => {
      throw new ParleyError('file/unreadable', { cause });
    });
    const contents = await handle.getFile();
    // Never a type that a browser would run or show by itself (section 8).
    return contents.slice(0, contents.size, 'application/octet-stream');
  }

  async drop(file: FileId): Promise<void> {
    const folder = await received();
    await folder.removeEntry(file).catch(ignoreMissing);
  }

  async dropAll(): Promise<void> {
    const folder = await received();
    for await (const name of folder.keys()) await folder.removeEntry(name).catch(ignoreMissing);
  }

  /** Deletes what was left behind long ago. */
  async sweep(nowMs: number): Promise<void> {
    const folder = await received();
    for await (const [name, handle] of folder.entries()) {
      if (handle.kind !== 'file') continue;
      const { lastModified } = await handle.getFile();
      if (nowMs - lastModified > KEEP_MS) await folder.removeEntry(name).catch(ignoreMissing);
    }
  }
}

/** One file being written. */
export class StoredFile {
  readonly #handle: FileSystemSyncAccessHandle;
  readonly #sizeBytes: number;
  readonly #buffer = new Uint8Array(WRITE_BYTES);
  #bufferedBytes = 0;
  #writtenBytes: number;

  constructor(handle: FileSystemSyncAccessHandle, sizeBytes: number) {
    this.#handle = handle;
    this.#sizeBytes = sizeBytes;
    const storedBytes = Math.min(handle.getSize(), sizeBytes);
    // A last record that is not whole is fetched again.
    const isWhole = storedBytes === sizeBytes;
    this.#writtenBytes = isWhole ? storedBytes : storedBytes - (storedBytes % FILE_CHUNK_BYTES);
    handle.truncate(this.#writtenBytes);
  }

  /** Whole records stored. */
  get records(): number {
    return Math.ceil(this.#writtenBytes / FILE_CHUNK_BYTES);
  }

  /** The stored bytes of one record, for its hash after a resume. */
  readRecord(index: number): Bytes {
    const start = index * FILE_CHUNK_BYTES;
    const bytes = new Uint8Array(Math.min(FILE_CHUNK_BYTES, this.#writtenBytes - start));
    this.#handle.read(bytes, { at: start });
    return bytes;
  }

  /** Appends one record. Throws `file/write-failed`; never writes past the accepted size. */
  append(record: Bytes): void {
    if (this.#writtenBytes + this.#bufferedBytes + record.length > this.#sizeBytes) {
      throw new ParleyError('file/damaged');
    }
    if (this.#bufferedBytes + record.length > WRITE_BYTES) this.flush();
    this.#buffer.set(record, this.#bufferedBytes);
    this.#bufferedBytes += record.length;
    if (this.#bufferedBytes === WRITE_BYTES) this.flush();
  }

  flush(): void {
    if (this.#bufferedBytes === 0) return;
    try {
      const bytes = this.#buffer.subarray(0, this.#bufferedBytes);
      const written = this.#handle.write(bytes, { at: this.#writtenBytes });
      if (written !== bytes.length) throw new ParleyError('file/write-failed');
    } catch (cause) {
      throw new ParleyError('file/write-failed', { cause });
    }
    this.#writtenBytes += this.#bufferedBytes;
    this.#bufferedBytes = 0;
  }

  /** Keeps what is stored. */
  close(): void {
    this.#handle.close();
  }
}

async function received(): Promise<FileSystemDirectoryHandle> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(FOLDER, { create: true });
  } catch (cause) {
    throw new ParleyError('file/write-failed', { cause });
  }
}

/** What is not there needs no deleting; a file in use by another window stays and is swept later. */
function ignoreMissing(fault: unknown): void {
  const name = fault instanceof DOMException ? fault.name : '';
  if (name !== 'NotFoundError' && name !== 'NoModificationAllowedError') throw fault;
}
