import { connect, createServer, type Server, type Socket } from 'node:net';
import { RedisServer } from './redis';
import { freePort, ParleyServer } from './server';

/** The head of a request for a WebSocket (RFC 6455 section 4.1). */
const UPGRADE = /^upgrade: *websocket/im;

/**
 * Several real processes on one real Redis behind one address. Every WebSocket goes to another process than the one
 * before, so that a host and a guest are never at the same; all else, the fallback with it, goes to the first, as a proxy
 * that sorts by address would do.
 */
export class ParleyCluster extends ParleyServer {
  readonly #redis = new RedisServer({ persists: true });
  readonly #others: ParleyServer[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #proxy: Server;
  readonly #size: number;
  #upgrades = 0;
  #port = 0;

  constructor(size: number) {
    super();
    this.#size = size;
    this.#proxy = createServer((socket) => this.#pass(socket));
  }

  override get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  override async start(nodeArgs: string[] = []): Promise<void> {
    if (this.#port === 0) {
      this.#port = await freePort();
      await this.#redis.start();
      await new Promise<void>((resolve) => this.#proxy.listen(this.#port, '127.0.0.1', resolve));
    }
    this.environment = { ORIGIN: this.url, REDIS_URL: this.#redis.url };
    while (this.#others.length < this.#size - 1) this.#others.push(new ParleyServer(this.environment));
    await Promise.all([super.start(nodeArgs), ...this.#others.map((other) => other.start(nodeArgs))]);
  }

  override async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await Promise.all([super.kill(signal), ...this.#others.map((other) => other.kill(signal))]);
  }

  override async close(): Promise<void> {
    await super.close();
    await Promise.all(this.#others.map((other) => other.close()));
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#proxy.close(resolve));
    await this.#redis.close();
  }

  #pass(client: Socket): void {
    this.#sockets.add(client);
    client.once('close', () => this.#sockets.delete(client));
    client.on('error', () => client.destroy());
    client.once('data', (head) => {
      const ports = [this.port, ...this.#others.map(({ port }) => port)];
      const turn = UPGRADE.test(head.toString('latin1')) ? ++this.#upgrades : 0;
      const server = connect(ports[turn % ports.length] ?? this.port, '127.0.0.1');
      // Whichever side goes takes the other along.
      server.on('error', () => client.destroy());
      client.once('close', () => server.destroy());
      server.once('close', () => client.destroy());
      server.write(head);
      client.pipe(server).pipe(client);
    });
  }
}
