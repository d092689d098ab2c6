import { Agent, get, request } from 'node:http';
import { Refused } from './person.mjs';

/** @typedef {import('./person.mjs').Event} Event */

/** As often as the app says that it is there (`BEAT_INTERVAL_MS`). */
const BEAT_MS = 5_000;

/** The same as `Person` where no WebSocket opens: server-sent events, and a request for each call. */
export class StreamPerson {
  #url;
  #agent;
  #token = '';
  /** @type {import('node:http').IncomingMessage | null} */
  #response = null;
  /** @type {NodeJS.Timeout | undefined} */
  #beating;
  /** @type {(event: Event) => void} */
  onEvent = () => undefined;
  /** @type {() => void} */
  onClose = () => undefined;
  nonce = '';
  peer = '';
  origin;
  /** @type {Promise<void>} */
  greeted;

  /**
   * @param {import('./person.mjs').Place} place
   * @param {string} [localAddress]
   */
  constructor({ url, origin }, localAddress) {
    this.#url = url;
    this.origin = origin;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: 2,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    // What a browser's own GET says of its page: no Origin, but that it is of the same, and the host as people see it.
    const headers = {
      Host: new URL(origin).host,
      'Sec-Fetch-Site': 'same-origin',
      Accept: 'text/event-stream',
    };
    this.greeted = new Promise((resolve, reject) => {
      const asked = get(`${url}/trpc/connect`, { headers, agent: this.#agent }, (response) => {
        this.#response = response;
        if (response.statusCode !== 200) reject(new Error(`The stream answered ${response.statusCode}.`));
        this.#read(response, resolve);
        response.once('close', () => {
          clearInterval(this.#beating);
          this.#agent.destroy();
          reject(new Error('The stream ended.'));
          this.onClose();
        });
      });
      asked.once('error', reject);
    });
    this.greeted.catch(() => undefined);
  }

  /**
   * @param {string} path
   * @param {object} [input]
   * @returns {Promise<any>}
   */
  call(path, input) {
    const headers = {
      Origin: this.origin,
      'Content-Type': 'application/json',
      'x-parley-session': this.#token,
    };
    return new Promise((resolve, reject) => {
      const sent = request(
        `${this.#url}/trpc/${path}`,
        { method: 'POST', headers, agent: this.#agent },
        (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (chunk) => (body += chunk));
          response.once('error', reject);
          response.once('end', () => {
            const { result, error } = JSON.parse(body);
            if (error === undefined) resolve(result?.data);
            else reject(new Refused(error));
          });
        },
      );
      sent.once('error', reject);
      sent.end(input === undefined ? undefined : JSON.stringify(input));
    });
  }

  async close() {
    this.cut();
  }

  cut() {
    clearInterval(this.#beating);
    this.#response?.destroy();
    this.#agent.destroy();
  }

  freeze() {
    clearInterval(this.#beating);
    this.#response?.pause();
  }

  /**
   * @param {import('node:http').IncomingMessage} response
   * @param {() => void} greet
   */
  #read(response, greet) {
    let text = '';
    response.on('error', () => response.destroy());
    response.setEncoding('utf8').on('data', (chunk) => {
      const blocks = (text + chunk).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (/^event: /m.test(block) || data === undefined) continue;
        const event = JSON.parse(data);
        if (event.type !== 'hello') this.onEvent(event);
        else {
          this.nonce = event.nonce;
          this.peer = event.peer;
          this.#token = event.session;
          this.#beating = setInterval(() => void this.call('beat').catch(() => this.cut()), BEAT_MS);
          greet();
        }
      }
    });
  }
}
