import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startCoturn } from '../../scripts/coturn.mjs';
import { placeCaddy, placeNginx, selfSigned, type Certificate } from '../../scripts/deploy/place.mjs';
import { CADDY, NGINX } from '../../scripts/deploy/proxies.mjs';
import { startStore } from '../../scripts/deploy/store.mjs';
import { freePort, ParleyServer } from '../support/server';

export type ProxyName = 'nginx' | 'caddy';

const PROGRAMS: Record<ProxyName, string | null> = { nginx: NGINX, caddy: CADDY };
export const isHere = (proxy: ProxyName): boolean => PROGRAMS[proxy] !== null;

/** How often it is asked whether something is there yet. */
const ASK_EVERY_MS = 25;
const READY_WITHIN_MS = 15_000;

/** A proxy with TLS, two processes of the server, the store where they meet, and a relay: all of them real. */
export class Topology {
  readonly #folder: string;
  readonly #stops: (() => Promise<void>)[] = [];
  readonly origin: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly certificate: Certificate;
  readonly servers: ParleyServer[] = [];
  #proxyOutput = '';

  private constructor(folder: string, httpPort: number, httpsPort: number) {
    this.#folder = folder;
    this.httpPort = httpPort;
    this.httpsPort = httpsPort;
    this.origin = `https://localhost:${httpsPort}`;
    this.certificate = selfSigned(folder);
  }

  static async start(proxy: ProxyName): Promise<Topology> {
    const folder = mkdtempSync(join(tmpdir(), 'parley-topology-'));
    const topology = new Topology(folder, await freePort(), await freePort());
    try {
      await topology.#start(proxy);
      return topology;
    } catch (cause) {
      await topology.close();
      throw cause;
    }
  }

  /** The last started ends first. */
  async close(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** As an update does it: told to go, started, and ready. `program`: of another build than the project's. */
  async restart(server: ParleyServer, program?: string): Promise<void> {
    await server.kill('SIGTERM');
    // Node runs the first script that it is given, and no other.
    await server.start(program === undefined ? [] : [program]);
    await isReady(server);
  }

  /** How many sessions each process has, by its own log. */
  get sessions(): number[] {
    return this.servers.map(({ output }) => count(output, 'session-begun') - count(output, 'session-ended'));
  }

  /** Everything that the proxy wrote, wherever it writes. */
  get proxyLog(): string {
    const files = ['error.log', 'parley-error.log'].map((name) => join(this.#folder, name));
    return (
      this.#proxyOutput + files.map((path) => readFileSync(path, { encoding: 'utf8', flag: 'a+' })).join('')
    );
  }

  async #start(proxy: ProxyName): Promise<void> {
    const store = await startStore();
    this.#stops.push(store.stop);
    // The relayed paths of two browsers on this machine meet at its own address.
    const coturn = await startCoturn({
      options: { 'allow-loopback-peers': true, 'allowed-peer-ip': '127.0.0.1' },
    });
    this.#stops.push(coturn.stop);
    const env = {
      ...coturn.env,
      ORIGIN: this.origin,
      REDIS_URL: `redis://127.0.0.1:${store.port}`,
      TRUST_PROXY_HOPS: '1',
    };
    for (const server of [new ParleyServer(env), new ParleyServer(env)]) {
      this.servers.push(server);
      this.#stops.push(() => server.close());
      await server.start();
      await isReady(server);
    }
    await this.#startProxy(proxy);
  }

  async #startProxy(proxy: ProxyName): Promise<void> {
    const program = PROGRAMS[proxy];
    if (program === null) throw new Error(`there is no ${proxy} on this machine`);
    const { httpPort, httpsPort, certificate } = this;
    const appPorts = this.servers.map(({ url }) => Number(new URL(url).port));
    const place = { folder: this.#folder, httpPort, httpsPort, certificate, appPorts };
    const args =
      proxy === 'nginx'
        ? ['-c', placeNginx(place)]
        : ['run', '--adapter', 'caddyfile', '--config', placeCaddy(place)];
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Nothing of Caddy's goes to, or comes from, somebody's home.
      env: { ...process.env, XDG_DATA_HOME: this.#folder, XDG_CONFIG_HOME: this.#folder },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.#proxyOutput += chunk.toString()));
    }
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.#stops.push(async () => {
      child.kill('SIGTERM');
      await gone;
    });
    await isListening(httpsPort, child, () => this.#proxyOutput);
  }
}

const count = (log: string, event: string): number => log.split(`"event":"${event}"`).length - 1;

/** The process serves: the store is there too. */
async function isReady(server: ParleyServer): Promise<void> {
  const deadline = AbortSignal.timeout(READY_WITHIN_MS);
  for (;;) {
    const { ok } = await fetch(`${server.url}/readyz`, { signal: deadline });
    if (ok) return;
    await pause(ASK_EVERY_MS, undefined, { signal: deadline });
  }
}

async function isListening(port: number, child: ChildProcess, said: () => string): Promise<void> {
  for (const deadlineMs = Date.now() + READY_WITHIN_MS; Date.now() < deadlineMs; await pause(ASK_EVERY_MS)) {
    if (child.exitCode !== null) break;
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isThere) return;
  }
  throw new Error(`the proxy does not come up: ${said()}`);
}
