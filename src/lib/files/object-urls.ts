import type { FileId } from '../protocol/ids';

/** The object URLs made for each file. A URL keeps its blob alive until it is revoked, so each has its owner here. */
export class ObjectUrls {
  readonly #urls = new Map<FileId, string[]>();

  add(file: FileId, url: string): string {
    this.#urls.set(file, [...(this.#urls.get(file) ?? []), url]);
    return url;
  }

  revoke(file: FileId): void {
    for (const url of this.#urls.get(file) ?? []) URL.revokeObjectURL(url);
    this.#urls.delete(file);
  }

  revokeAll(): void {
    for (const file of [...this.#urls.keys()]) this.revoke(file);
  }
}
