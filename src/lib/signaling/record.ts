/**
 * What this document has said to the server and heard of it, for the page "What our server sees". It is in memory and
 * goes with the document: so with its being closed or loaded anew, which is also how a device is locked. Of a document
 * there is one record, whoever in it speaks to the server, so it is made with this module.
 */

/** Pages of this origin ask on this channel, and every document that has spoken to the server answers. */
export const RECORD_CHANNEL = 'parley.record';
/** A busy hour. Of what is dropped the numbers stay. */
const MAX_ENTRIES = 2_000;
/** No honest message is longer (SERVER, limits); of what another server might send the beginning is enough. */
const MAX_CHARACTERS = 32_768;

export type Entry = {
  /** From 1, without a gap. */
  readonly number: number;
  /** Which connection of this document, from 1. */
  readonly line: number;
  readonly isSent: boolean;
  /** Over HTTP, what was asked for. */
  readonly path: string;
  /** As it crossed the wire, except that a sealed or secret text is `{"characters": how many}`. */
  readonly text: string;
  readonly bytes: number;
  readonly atMs: number;
  /** The same again, such as a sign of life, is the same entry. */
  count: number;
};
export type Sum = { messages: number; bytes: number };
/** The newest number that is known of each document; by when it began, as in `vault/unlocked.ts`. */
export type RecordAsk = { type: 'ask'; known: Record<number, number> };
export type RecordAnswer = {
  type: 'answer';
  page: number;
  isMeeting: boolean;
  dropped: number;
  sent: Sum;
  received: Sum;
  /** Those that are newer, and of the older ones those that may have been counted up since. */
  entries: Entry[];
};

/** A sealed body; and what would let a reader of the record speak for this session or device, or use its relay. */
const HIDDEN = /"(envelope|session|credential|auth)":"([^"]*)"/g;

class DocumentRecord {
  readonly #entries: Entry[] = [];
  readonly #sums = { sent: { messages: 0, bytes: 0 }, received: { messages: 0, bytes: 0 } };
  #made = 0;
  #lines = 0;

  /** For one connection: takes what crosses it. */
  line(): (isSent: boolean, said: string, path?: string) => void {
    if (this.#lines === 0) this.#answer();
    const line = ++this.#lines;
    return (isSent, said, path = '') => {
      const bytes = new TextEncoder().encode(said).length;
      const sum = this.#sums[isSent ? 'sent' : 'received'];
      sum.messages++;
      sum.bytes += bytes;
      const text = said
        .slice(0, MAX_CHARACTERS)
        .replace(HIDDEN, (_, name: string, { length }: string) => `"${name}":{"characters":${length}}`);
      const again = this.#entries
        .slice(-2)
        .find((one) => one.line === line && one.isSent === isSent && one.path === path && one.text === text);
      if (again !== undefined) again.count++;
      else {
        this.#entries.push({
          number: ++this.#made,
          line,
          isSent,
          path,
          text,
          bytes,
          atMs: Date.now(),
          count: 1,
        });
        if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
      }
    };
  }

  /** For as long as the document lives. */
  #answer(): void {
    const channel = new BroadcastChannel(RECORD_CHANNEL);
    channel.onmessage = ({ data }: MessageEvent<RecordAsk | RecordAnswer>) => {
      if (data.type !== 'ask') return;
      const page = performance.timeOrigin;
      const from = (data.known[page] ?? 0) - 1;
      channel.postMessage({
        type: 'answer',
        page,
        isMeeting: location.pathname === '/m',
        dropped: this.#made - this.#entries.length,
        ...this.#sums,
        entries: this.#entries.filter(({ number }) => number >= from),
      } satisfies RecordAnswer);
    };
  }
}

const documentRecord = new DocumentRecord();
export const recordLine = () => documentRecord.line();
