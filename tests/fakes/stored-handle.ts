import { StoredFile, type FileStore } from '../../src/lib/worker/file-store';
import type { FileId } from '../../src/lib/protocol/ids';

/** A file handle of the origin's private file system, in memory; it can run out of room. */
export class FakeHandle implements FileSystemSyncAccessHandle {
  bytes = new Uint8Array(0);
  isOpen = false;
  roomBytes = Infinity;

  getSize(): number {
    return this.bytes.length;
  }
  truncate(size: number): void {
    const kept = this.bytes.slice(0, size);
    this.bytes = new Uint8Array(size);
    this.bytes.set(kept);
  }
  read(buffer: AllowSharedBufferSource, options: FileSystemReadWriteOptions = {}): number {
    const into = bytesOf(buffer);
    const part = this.bytes.slice(options.at ?? 0, (options.at ?? 0) + into.length);
    into.set(part);
    return part.length;
  }
  write(buffer: AllowSharedBufferSource, options: FileSystemReadWriteOptions = {}): number {
    if (!this.isOpen) throw new DOMException('closed', 'InvalidStateError');
    const from = bytesOf(buffer);
    const at = options.at ?? 0;
    if (at + from.length > this.roomBytes) throw new DOMException('full', 'QuotaExceededError');
    if (at + from.length > this.bytes.length) this.truncate(at + from.length);
    this.bytes.set(from, at);
    return from.length;
  }
  flush(): void {
    // Memory needs none.
  }
  close(): void {
    this.isOpen = false;
  }
}

function bytesOf(buffer: AllowSharedBufferSource): Uint8Array {
  return ArrayBuffer.isView(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new Uint8Array(buffer);
}

/** The folder of received files, in memory. */
export class FakeStore implements Pick<FileStore, 'open' | 'read' | 'drop'> {
  readonly files = new Map<FileId, FakeHandle>();

  async open(file: FileId, sizeBytes: number): Promise<StoredFile> {
    const handle = this.files.get(file) ?? new FakeHandle();
    this.files.set(file, handle);
    handle.isOpen = true;
    return new StoredFile(handle, sizeBytes);
  }
  async read(file: FileId): Promise<Blob> {
    return new Blob([this.files.get(file)?.bytes ?? new Uint8Array(0)]);
  }
  async drop(file: FileId): Promise<void> {
    this.files.delete(file);
  }
}
