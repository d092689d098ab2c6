import type { Bytes } from '../protocol/bytes';

/** Records held while an earlier one is missing; more are dropped, and the handshake starts anew. */
const MAX_HELD = 32;

/**
 * Puts the records that come over the server in order before they are opened.
 *
 * The record layer wants exactly the next number and nothing else (section 7). The server is not trusted to keep the
 * order or to deliver once, and neither is an attack: so a doubled record is dropped here, an early one waits for those
 * before it, and what opens is still only the exact sequence. The numbers are read before anything is authenticated;
 * a lie about one costs the liar its own record (decision 0004).
 */
export class RecordInbox {
  #next = 0;
  readonly #held = new Map<number, Bytes[]>();

  get next(): number {
    return this.#next;
  }

  /** Later records are here: the next one is late, or lost. */
  get isWaiting(): boolean {
    return this.#held.size > 0;
  }

  /** Takes a record in; the number is the one its header claims. */
  put(number: number, record: Bytes): void {
    if (number < this.#next) return;
    const same = this.#held.get(number);
    if (same !== undefined) {
      // Several claim one number: one of them is true, and opening tells which.
      if (same.length < MAX_HELD) same.push(record);
    } else if (number === this.#next || this.#held.size < MAX_HELD) {
      this.#held.set(number, [record]);
    }
  }

  /** What claims to be the next record, to be tried and then reported by `opened` if one was true. */
  take(): Bytes[] {
    const records = this.#held.get(this.#next) ?? [];
    this.#held.delete(this.#next);
    return records;
  }

  /** The next record opened. */
  opened(): void {
    this.#next++;
  }
}
