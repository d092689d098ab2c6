import type { Bytes } from '../protocol/bytes';
import { codeOf, ParleyError } from '../protocol/errors';
import { peekSeq, RecordOpener, RecordSealer, type RecordKeys } from '../crypto/record';
import { RecordInbox } from './inbox';

/**
 * The records of one connection that go over the server, both ways. The server may deliver a record before message 2,
 * which has its key, and calls over HTTP overtake each other without anybody's ill will: so records are taken in from
 * the first moment and opened, in order, as soon as they can be.
 */
export class ServerRecords {
  readonly #inbox = new RecordInbox();
  #ciphers: { sealer: RecordSealer; opener: RecordOpener } | null = null;

  /** The handshake has made the keys. */
  begin(keys: { send: RecordKeys; receive: RecordKeys }): void {
    this.#ciphers = { sealer: new RecordSealer(keys.send), opener: new RecordOpener(keys.receive) };
  }

  end(): void {
    this.#ciphers = null;
  }

  /** `null` where there is no key, before or after. */
  async seal(message: Bytes): Promise<Bytes | null> {
    return this.#ciphers === null ? null : this.#ciphers.sealer.seal(message);
  }

  /** Throws `crypto/open-failed` for what has not even a record's header. */
  put(record: Bytes): void {
    const number = peekSeq(record);
    if (number === null) throw new ParleyError('crypto/open-failed');
    this.#inbox.put(number, record);
  }

  /**
   * The next message, or `null` if there is none. Throws `crypto/open-failed` if only forgeries of it are here, or
   * only messages after it.
   */
  async next(): Promise<Bytes | null> {
    if (this.#ciphers === null) return null;
    const rivals = this.#inbox.take();
    if (rivals.length === 0) {
      if (this.#inbox.isWaiting) throw new ParleyError('crypto/open-failed');
      return null;
    }
    const message = await firstToOpen(rivals, this.#ciphers.opener);
    this.#inbox.opened();
    return message;
  }
}

/** The first of several records with one number that opens: a forged twin must not shut out the true one. */
async function firstToOpen(records: readonly Bytes[], opener: RecordOpener): Promise<Bytes> {
  for (const record of records) {
    const message = await opener.open(record).catch((fault: unknown) => {
      if (codeOf(fault) !== 'crypto/open-failed') throw fault;
      return null;
    });
    if (message !== null) return message;
  }
  throw new ParleyError('crypto/open-failed');
}
