import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Api } from './api';
import { createFileHandler, pathOf, type FileHandler } from './files';
import { createHeaderRules, setHeaders, type HeaderRules } from './headers';
import type { Log } from './log';
import type { Readiness } from './readiness';

const API = /^\/trpc(?:[/?]|$)/;

/** Everything at the server's own address: files, the API, and how the server is. Answers from the first connection on. */
export class Site {
  readonly #headersFor: HeaderRules;
  readonly #serveFile: FileHandler;
  readonly #readiness: Readiness;
  readonly #log: Log;
  #api: Api | null = null;

  constructor(clientFolder: string, { origin }: { origin: string | null }, readiness: Readiness, log: Log) {
    this.#headersFor = createHeaderRules(clientFolder, origin?.startsWith('https:') ?? false);
    this.#serveFile = createFileHandler(clientFolder, this.#headersFor);
    this.#readiness = readiness;
    this.#log = log;
  }

  /** Whoever called before was told to come again. */
  open(api: Api): void {
    this.#api = api;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    try {
      // Policy and file are chosen by one and the same path.
      const url = (request.url = pathOf(request.url ?? '/'));
      setHeaders(response, this.#headersFor(url));
      if (url === '/healthz') say(response, 200, 'ok');
      else if (url === '/readyz') void this.#sayStanding(response);
      else if (!API.test(url)) this.#serveFile(request, response);
      else if (this.#api === null) say(response, 503, 'starting');
      else this.#api.handleRequest(request, response);
    } catch (cause) {
      this.#log.fault(cause);
      response.destroy();
    }
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#api === null) socket.destroy();
    else this.#api.handleUpgrade(request, socket, head);
  }

  async #sayStanding(response: ServerResponse): Promise<void> {
    const standing = await this.#readiness.standing();
    say(response, standing === 'ready' ? 200 : 503, standing);
  }
}

function say(response: ServerResponse, status: number, word: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' }).end(`${word}\n`);
}
