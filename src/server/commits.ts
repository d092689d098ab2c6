import type Database from 'libsql';
import { Refusal } from './refusal';

/** What a disk does to a database: full, failing, gone, read-only, held by somebody else for too long. */
const OF_THE_DISK = /^SQLITE_(?:FULL|IOERR|CANTOPEN|READONLY|BUSY|LOCKED|NOMEM)/;

/** To wait for the disk takes 2 ms, in which nobody else's call is dealt with: so at most a tenth of the time. */
const WINDOW_MS = 20;

/**
 * Writes that come within a moment of each other, made durable together: to wait for the disk costs the same for one as
 * for a hundred. The first is written at once. Each write's promise resolves when the disk has it; when it has not,
 * none of them was made.
 */
export class Commits {
  readonly #database: Database.Database;
  #waiting: { work: () => void; resolve: () => void; reject: (cause: unknown) => void }[] = [];
  #hasFailed = false;
  #flushedAtMs = -Infinity;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  /** Whether the disk took the last ones. */
  get isGood(): boolean {
    return !this.#hasFailed;
  }

  write<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let result: T;
      this.#waiting.push({ work: () => void (result = work()), resolve: () => resolve(result), reject });
      if (this.#waiting.length === 1) setTimeout(() => this.flush(), this.#waitMs);
    });
  }

  get #waitMs(): number {
    return Math.max(0, this.#flushedAtMs + WINDOW_MS - performance.now());
  }

  flush(): void {
    const writes = this.#waiting;
    this.#waiting = [];
    if (writes.length === 0) return;
    this.#flushedAtMs = performance.now();
    try {
      onDisk(() => {
        this.#database.exec('BEGIN IMMEDIATE');
        try {
          for (const { work } of writes) work();
          this.#database.exec('COMMIT');
        } catch (cause) {
          // SQLite has rolled back by itself after some errors.
          if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
          throw cause;
        }
      });
      this.#hasFailed = false;
      for (const { resolve } of writes) resolve();
    } catch (cause) {
      this.#hasFailed = true;
      for (const { reject } of writes) reject(cause);
    }
  }
}

/** Throws the refusal `unavailable` for what is the disk's doing. */
export function onDisk<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && OF_THE_DISK.test(String(cause.code))) {
      throw new Refusal('unavailable');
    }
    throw cause;
  }
}
