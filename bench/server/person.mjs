import { WebSocket } from 'ws';

/** Where a server listens, and the origin that its people see. @typedef {{ url: string, origin: string }} Place */
/** @typedef {{ type: string, id?: string, peer?: string, from?: string | null, nonce?: string, envelope?: string | null }} Event */
/** @typedef {{ resolve: (data: any) => void, reject: (cause: Error) => void }} Waiting */

/** What the server does not do; `code` is tRPC's, `wire` the protocol's (section 13) where it has one. */
export class Refused extends Error {
  code;
  wire;

  /** @param {{ data?: { code?: string, wire?: string | null } }} error */
  constructor({ data }) {
    super(`The server refused: ${data?.code} ${data?.wire}.`);
    this.code = data?.code ?? '';
    this.wire = data?.wire ?? null;
  }
}

/** The event stream's id; what follows are calls. */
const STREAM = 1;

/**
 * One client of the server on a WebSocket: tRPC's frames as the app's client sends them, and nothing around them, so
 * that the process which plays thousands of people has time to spare.
 */
export class Person {
  #socket;
  #calls = STREAM;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  /** Called with each event of the stream but the first. @type {(event: Event) => void} */
  onEvent = () => undefined;
  /** Called once, when the socket is gone. @type {() => void} */
  onClose = () => undefined;
  nonce = '';
  peer = '';
  /** @type {Promise<void>} */
  greeted;
  /** What this person's proofs are made for. */
  origin;

  /**
   * @param {Place} place
   * @param {string} [localAddress] from which to connect
   */
  constructor({ url, origin }, localAddress) {
    this.origin = origin;
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/trpc`, {
      origin,
      perMessageDeflate: false,
      skipUTF8Validation: true,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    this.#socket.on('open', () => {
      this.#socket.send(`{"id":${STREAM},"method":"subscription","params":{"path":"connect"}}`);
    });
    this.greeted = new Promise((resolve, reject) => {
      this.#socket.on('message', (data) => this.#take(data.toString(), resolve));
      this.#socket.on('error', reject);
      this.#socket.on('close', (code) => {
        const cause = new Error(`The socket was closed with ${code}.`);
        reject(cause);
        for (const { reject: refuse } of this.#waiting.values()) refuse(cause);
        this.#waiting.clear();
        this.onClose();
      });
    });
    // Who only lets people come and go waits for nobody's greeting.
    this.greeted.catch(() => undefined);
  }

  /**
   * @param {string} path
   * @param {object} [input]
   * @returns {Promise<any>}
   */
  call(path, input) {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method: 'mutation', params: { path, input } }));
    });
  }

  /**
   * The same without a number, which the bare relay takes for "no answer".
   * @param {string} path
   * @param {object} input
   */
  tell(path, input) {
    this.#socket.send(JSON.stringify({ method: 'mutation', params: { path, input } }));
  }

  /** @returns {Promise<void>} */
  async close() {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    await new Promise((gone) => {
      this.#socket.once('close', gone);
      this.#socket.close();
    });
  }

  /** As a network does that is gone. */
  cut() {
    this.#socket.terminate();
  }

  /** Reads and answers nothing any more, as a page does that was put to sleep. */
  freeze() {
    this.#socket.pause();
  }

  /**
   * @param {string} text
   * @param {() => void} greet
   */
  #take(text, greet) {
    if (text === 'PING') return this.#socket.send('PONG');
    const { id, result, error } = JSON.parse(text);
    if (id === STREAM) {
      if (result?.type !== 'data') return;
      const event = result.data;
      if (event.type !== 'hello') return this.onEvent(event);
      this.nonce = event.nonce;
      this.peer = event.peer;
      return greet();
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result?.data);
    else waiting?.reject(new Refused(error));
  }
}
