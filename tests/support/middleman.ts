import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type RawData } from 'ws';
import { freePort, ParleyServer } from './server';

/** A piece of what goes by. `in` is towards the server. */
export type Part = {
  direction: 'in' | 'out';
  kind: 'head' | 'body' | 'frame';
  /** Path and query of the request it belongs to. */
  url: string;
  bytes: Buffer;
};

/** One browser's socket, cut open: what comes out of one end goes into the other unless somebody says otherwise. */
export class Wire {
  readonly #browser: WebSocket;
  readonly #server: WebSocket;
  fromBrowser: (text: string) => void = (text) => this.toServer(text);
  fromServer: (text: string) => void = (text) => this.toBrowser(text);
  readonly closed: Promise<void>;

  constructor(
    browser: WebSocket,
    server: WebSocket,
    seen: (direction: Part['direction'], text: string) => void,
  ) {
    this.#browser = browser;
    this.#server = server;
    browser.on('message', (data) => {
      const text = textOf(data);
      seen('in', text);
      this.fromBrowser(text);
    });
    server.on('message', (data) => {
      const text = textOf(data);
      seen('out', text);
      this.fromServer(text);
    });
    this.closed = new Promise((resolve) => browser.once('close', () => resolve()));
    browser.once('close', () => server.close());
    server.once('close', () => browser.close());
    for (const end of [browser, server]) end.on('error', () => end.terminate());
  }

  toServer(text: string): void {
    if (this.#server.readyState === WebSocket.OPEN) this.#server.send(text);
  }
  toBrowser(text: string): void {
    if (this.#browser.readyState === WebSocket.OPEN) this.#browser.send(text);
  }
}

/** Stands between browsers and the real server, at the address that the server believes to be its own. */
export class Middleman {
  readonly server: ParleyServer;
  readonly url: string;
  onPart: (part: Part) => void = () => undefined;
  onWire: (wire: Wire) => void = () => undefined;
  /** Requests that get no answer but an error, by path and query. */
  refuses: (url: string) => boolean = () => false;
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });

  private constructor(port: number, env: Record<string, string>) {
    this.url = `http://127.0.0.1:${port}`;
    this.server = new ParleyServer({ ORIGIN: this.url, ...env });
    this.#http = createServer((incoming, outgoing) => this.#pass(incoming, outgoing));
    this.#http.on('upgrade', (incoming, socket, head) => this.#upgrade(incoming, socket, head));
  }

  static async start(env: Record<string, string> = {}, nodeArgs: string[] = []): Promise<Middleman> {
    const port = await freePort();
    const middleman = new Middleman(port, env);
    await middleman.server.start(nodeArgs);
    await new Promise<void>((resolve) => middleman.#http.listen(port, '127.0.0.1', resolve));
    return middleman;
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
    await this.server.close();
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method, url = '/', headers } = incoming;
    this.#head('in', url, `${method} ${url}`, incoming.rawHeaders);
    if (this.refuses(url)) {
      outgoing.writeHead(503).end();
      return;
    }
    const onward = request(this.server.url + url, { method, headers }, (answer) => {
      this.#head('out', url, String(answer.statusCode), answer.rawHeaders);
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('data', (bytes: Buffer) => this.onPart({ direction: 'out', kind: 'body', url, bytes }));
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.on('data', (bytes: Buffer) => this.onPart({ direction: 'in', kind: 'body', url, bytes }));
    incoming.pipe(onward);
  }

  #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { url = '/', headers } = incoming;
    this.#head('in', url, `UPGRADE ${url}`, incoming.rawHeaders);
    const { host, origin } = headers;
    const server = new WebSocket(this.server.url.replace('http', 'ws') + url, {
      headers: { ...(host === undefined ? {} : { host }), ...(origin === undefined ? {} : { origin }) },
      perMessageDeflate: false,
    });
    server.once('error', () => socket.destroy());
    server.once('open', () => {
      // Nothing the server says first may be missed while the browser's half is still being opened.
      server.pause();
      this.#sockets.handleUpgrade(incoming, socket, head, (browser) => {
        const seen = (direction: Part['direction'], text: string) =>
          this.onPart({ direction, kind: 'frame', url, bytes: Buffer.from(text) });
        this.onWire(new Wire(browser, server, seen));
        server.resume();
      });
    });
  }

  #head(direction: Part['direction'], url: string, first: string, rawHeaders: readonly string[]): void {
    const bytes = Buffer.from([first, ...rawHeaders].join('\r\n'));
    this.onPart({ direction, kind: 'head', url, bytes });
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString();
}
