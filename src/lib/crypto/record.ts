import { concat, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { nonceOf, open, seal, TAG_BYTES } from './aead';
import { InOrder } from './in-order';
import { pad, unpad } from './padding';

/**
 * One sealed message in one direction (section 7):
 *
 *   0      1       2          10                          n-16       n
 *   | type | epoch | seq (8)  | ciphertext of the padded  | tag (16) |
 *   | 0x01 | 0     |          | message: kind(1) | body   |          |
 *   '------- AAD -------------'
 *
 * nonce = iv XOR seq, over its last 8 bytes. Seq counts from 0 and each number is sealed once and opened once, in order.
 */
const TYPE = 0x01;
const EPOCH = 0;
const SEQ_AT = 2;
const HEADER_BYTES = 10;
/** Long before GCM's bounds for one key, and exact in every number type; then a new handshake is due. */
const MAX_RECORDS = 2 ** 32;

export type RecordKeys = { key: CryptoKey; iv: Bytes };

export class RecordSealer {
  readonly #keys: RecordKeys;
  readonly #order = new InOrder();
  #next: number;

  /** `next` is other than 0 only where the end of the count is tested. */
  constructor(keys: RecordKeys, next = 0) {
    this.#keys = keys;
    this.#next = next;
  }

  /** Seals `kind(1) | body`. Calls may overlap: they resolve in the order of the calls. Throws `record/exhausted`. */
  seal(message: Bytes): Promise<Bytes> {
    return this.#order.run(this.#seal(message));
  }

  async #seal(message: Bytes): Promise<Bytes> {
    if (this.#next >= MAX_RECORDS) throw new ParleyError('record/exhausted');
    const seq = this.#next++;
    const header = headerOf(seq);
    return concat(
      header,
      await seal(this.#keys.key, nonceOf(this.#keys.iv, BigInt(seq)), header, pad(message)),
    );
  }
}

export class RecordOpener {
  readonly #keys: RecordKeys;
  #next = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(keys: RecordKeys) {
    this.#keys = keys;
  }

  /**
   * Opens the next record and gives `kind(1) | body`. Calls may overlap and are taken in turn. Anything but exactly the
   * next record throws `crypto/open-failed` and changes nothing.
   */
  open(record: Bytes): Promise<Bytes> {
    const opening = this.#turn.then(() => this.#open(record));
    // The next call waits for this one whatever comes of it; its failure belongs to this caller.
    this.#turn = opening.catch(() => null);
    return opening;
  }

  async #open(record: Bytes): Promise<Bytes> {
    const seq = this.#next;
    if (peekSeq(record) !== seq) throw new ParleyError('crypto/open-failed');
    const [header, sealed] = [record.slice(0, HEADER_BYTES), record.slice(HEADER_BYTES)];
    const message = unpad(await open(this.#keys.key, nonceOf(this.#keys.iv, BigInt(seq)), header, sealed));
    this.#next++;
    return message;
  }
}

/** The number that a record claims, nothing about it being proved; `null` where the header is no record's. */
export function peekSeq(record: Bytes): number | null {
  if (record.length <= HEADER_BYTES + TAG_BYTES || record[0] !== TYPE || record[1] !== EPOCH) return null;
  const seq = new DataView(record.buffer, record.byteOffset).getBigUint64(SEQ_AT);
  return seq < MAX_RECORDS ? Number(seq) : null;
}

function headerOf(seq: number): Bytes {
  const header = new Uint8Array(HEADER_BYTES);
  header.set([TYPE, EPOCH]);
  new DataView(header.buffer).setBigUint64(SEQ_AT, BigInt(seq));
  return header;
}
