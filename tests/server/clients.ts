import { get, request, type IncomingMessage } from 'node:http';
import {
  createTRPCClient,
  createWSClient,
  httpBatchLink,
  TRPCClientError,
  wsLink,
  type TRPCClient,
} from '@trpc/client';
import { WebSocket, type ClientOptions } from 'ws';
import { serverEvent, SESSION_HEADER, type ServerEvent } from '../../src/lib/protocol/signaling';
import type { PeerId } from '../../src/lib/protocol/ids';
import type { AppRouter } from '../../src/server/router';
import type { Host } from './host';

/** What an operator who set none has: no server of anybody else. */
export const NO_ICE = { servers: [], expiresInMs: null };

type EventOf<T extends ServerEvent['type']> = Extract<ServerEvent, { type: T }>;

/** Events in their order, and a way to wait for one that is still to come. */
export class Inbox {
  readonly all: ServerEvent[] = [];
  readonly #waiting: { isWanted: (event: ServerEvent) => boolean; resolve: (event: ServerEvent) => void }[] =
    [];
  #taken = 0;

  /** Every event is parsed by the schema that the client uses: an event that it does not know fails the test. */
  add(data: unknown): void {
    const event = serverEvent.parse(data);
    this.all.push(event);
    this.#serve();
  }

  /** The next event, which must be of that type. */
  async next<T extends ServerEvent['type']>(type: T): Promise<EventOf<T>> {
    const event = await new Promise<ServerEvent>((resolve) => {
      this.#waiting.push({ isWanted: () => true, resolve });
      this.#serve();
    });
    if (event.type !== type) throw new Error(`expected ${type}, got ${JSON.stringify(event)}`);
    return event as EventOf<T>;
  }

  /** Events that nobody has taken yet. */
  get rest(): readonly ServerEvent[] {
    return this.all.slice(this.#taken);
  }

  #serve(): void {
    const event = this.all[this.#taken];
    const waiting = this.#waiting[0];
    if (event === undefined || waiting === undefined) return;
    this.#waiting.shift();
    this.#taken++;
    waiting.resolve(event);
  }
}

/** A client on a WebSocket through tRPC's own client, as a browser at `origin` would be. */
export class Client {
  readonly events = new Inbox();
  readonly api: TRPCClient<AppRouter>;
  readonly #origin: string;
  readonly #subscription: { unsubscribe(): void };
  readonly #socket: ReturnType<typeof createWSClient>;
  #nonce = '';
  #peer: PeerId | null = null;

  constructor(server: { origin: string }, origin = server.origin) {
    this.#origin = origin;
    const url = `${server.origin.replace('http', 'ws')}/trpc`;
    class Browser extends WebSocket {
      constructor(address: string) {
        super(address, { origin } satisfies ClientOptions);
      }
    }
    this.#socket = createWSClient({ url, WebSocket: Browser as unknown as typeof globalThis.WebSocket });
    this.api = createTRPCClient<AppRouter>({ links: [wsLink({ client: this.#socket })] });
    this.#subscription = this.api.connect.subscribe(undefined, { onData: (data) => this.events.add(data) });
  }

  static async connect(server: { origin: string }, origin = server.origin): Promise<Client> {
    const client = new Client(server, origin);
    const hello = await client.events.next('hello');
    client.#nonce = hello.nonce;
    client.#peer = hello.peer;
    return client;
  }

  get peer(): PeerId {
    if (this.#peer === null) throw new Error('not connected');
    return this.#peer;
  }
  get nonce(): string {
    return this.#nonce;
  }
  /** What it signs for. */
  get origin(): string {
    return this.#origin;
  }

  async claim(host: Host): Promise<void> {
    const { nonce } = await this.api.claim.mutate(host.claim(this.#origin, this.#nonce));
    this.#nonce = nonce;
  }

  /** Resolves when everything sent so far has been dealt with, so that what did not come will not come. */
  async settle(): Promise<void> {
    await this.api.beat.mutate();
  }

  /** Ends the event stream and keeps the socket. */
  unsubscribe(): void {
    this.#subscription.unsubscribe();
  }

  async close(): Promise<void> {
    await this.#socket.close();
  }
}

export const clientApi = (origin: string, headers: Record<string, string> = {}): TRPCClient<AppRouter> =>
  createTRPCClient<AppRouter>({
    links: [
      httpBatchLink({
        url: `${origin}/trpc`,
        methodOverride: 'POST',
        headers: { Origin: origin, ...headers },
      }),
    ],
  });

/** A client on server-sent events, as a browser makes one from a same-origin page. */
export class Stream {
  readonly events = new Inbox();
  readonly api: TRPCClient<AppRouter>;
  readonly #response: IncomingMessage;
  #session = '';
  /** Resolves when the stream is over, true if the server said so first. */
  readonly ended: Promise<boolean>;

  constructor(origin: string, response: IncomingMessage) {
    this.#response = response;
    let text = '';
    let isAnnounced = false;
    response.setEncoding('utf8').on('data', (chunk: string) => {
      const blocks = (text + chunk).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (event === 'return') isAnnounced = true;
        if (event === undefined && data !== undefined) this.events.add(JSON.parse(data));
      }
    });
    this.ended = new Promise((resolve) => response.once('close', () => resolve(isAnnounced)));
    this.api = createTRPCClient<AppRouter>({
      links: [
        httpBatchLink({
          url: `${origin}/trpc`,
          methodOverride: 'POST',
          headers: () => ({ Origin: origin, [SESSION_HEADER]: this.#session }),
        }),
      ],
    });
  }

  static async connect({ origin }: { origin: string }): Promise<Stream & { hello: EventOf<'hello'> }> {
    const headers = { 'Sec-Fetch-Site': 'same-origin', Accept: 'text/event-stream' };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`${origin}/trpc/connect`, { headers }, resolve).once('error', reject);
    });
    if (response.statusCode !== 200) throw new Error(`the stream answered ${response.statusCode}`);
    const stream = new Stream(origin, response);
    const hello = await stream.events.next('hello');
    stream.#session = hello.session;
    return Object.assign(stream, { hello });
  }

  close(): void {
    this.#response.destroy();
  }
}

export type Answer = { status: number; headers: IncomingMessage['headers']; body: string };

/** One request with exactly these headers. */
export function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: options.method ?? 'GET', headers: options.headers ?? {} },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      },
    );
    sent.once('error', reject).end(options.body);
  });
}

/** A WebSocket that can say anything. */
export class RawSocket {
  readonly socket: WebSocket;
  readonly answers: unknown[] = [];
  readonly closed: Promise<number>;
  readonly opened: Promise<void>;
  #wake: () => void = () => undefined;

  constructor(server: { origin: string }, options: ClientOptions & { path?: string } = {}) {
    const { path = '/trpc', ...rest } = options;
    const url = `${server.origin.replace('http', 'ws')}${path}`;
    this.socket = new WebSocket(url, { origin: server.origin, ...rest });
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.opened = new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
    this.opened.catch(() => undefined);
    this.socket.on('message', (data) => {
      const text = (data as Buffer).toString();
      if (text === 'PING' || text === 'PONG') return;
      this.answers.push(JSON.parse(text));
      this.#wake();
    });
  }

  static async open(server: { origin: string }, options: ClientOptions = {}): Promise<RawSocket> {
    const raw = new RawSocket(server, options);
    await raw.opened;
    return raw;
  }

  send(frame: string | Buffer): void {
    this.socket.send(frame);
  }

  /** The next answer to the call of this id. */
  async answerTo(id: number | string): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.answers.find((answer) => (answer as { id: unknown }).id === id);
      if (found !== undefined) return found as Record<string, unknown>;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** The codes of a refused call. */
export async function refusalOf(call: Promise<unknown>): Promise<{ code: string; wire: string | null }> {
  const outcome = await call.then(
    () => null,
    (cause: unknown) => cause,
  );
  if (!(outcome instanceof TRPCClientError)) throw new Error(`not refused: ${String(outcome)}`);
  const { data, shape } = outcome as TRPCClientError<AppRouter>;
  if (data == null) throw new Error(`no data in the refusal: ${outcome.message}`);
  // Two codes, a number for each, and nothing else: no stack, no path, no words.
  const fields = [...Object.keys(data), ...Object.keys(shape ?? {})].sort();
  if (fields.join() !== 'code,code,data,httpStatus,message,wire')
    throw new Error(`the shape has ${fields.join()}`);
  return { code: data.code, wire: data.wire };
}
