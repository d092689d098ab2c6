import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startCoturn } from '../../scripts/coturn.mjs';
import { ROOMY } from '../../scripts/roomy.mjs';
import { Program, run } from './program';
import { APP, BARE, TIGHT_TURN, TURN } from './topology';

export type Coturn = Awaited<ReturnType<typeof startCoturn>>;

const BUILD = process.env['PARLEY_BUILD'] ?? fileURLToPath(new URL('../../build', import.meta.url));
const TURN_TEMPLATE = new URL('../../deploy/coturn/turnserver.conf', import.meta.url);
const APP_PORT = 4000;
const TURN_PORT = 3478;

export const STUN_URLS = [`stun:${TURN.name}:${TURN_PORT}`];

/** A key and a certificate that nobody vouches for, in a folder that goes with them. */
export class Identity {
  readonly folder = mkdtempSync(join(tmpdir(), 'parley-nat-'));
  readonly certPath = join(this.folder, 'cert.pem');
  readonly keyPath = join(this.folder, 'key.pem');

  constructor() {
    const names = [APP, BARE, TURN, TIGHT_TURN].map(({ name }) => `DNS:${name}`).join();
    const kind = [
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-noenc',
      '-days',
      '2',
    ];
    const about = ['-subj', `/CN=${APP.name}`, '-addext', `subjectAltName=${names}`];
    run('openssl', ['req', ...kind, ...about, '-keyout', this.keyPath, '-out', this.certPath]);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The relay as it is deployed, at both addresses, with the app's own address among those it does not reach. */
export function startRelay(
  namespace: string,
  identity: Identity,
  at: typeof TURN | typeof TIGHT_TURN = TURN,
  options: Record<string, string | number> = {},
): Promise<Coturn> {
  const denied = readFileSync(TURN_TEMPLATE, 'utf8').matchAll(/^denied-peer-ip=(.+)$/gm);
  return startCoturn({
    port: TURN_PORT,
    listeningIp: at.v4,
    tls: { port: 443, certPath: identity.certPath, keyPath: identity.keyPath },
    command: ['ip', 'netns', 'exec', namespace],
    options: {
      'listening-ip': [at.v4, at.v6],
      'relay-ip': [at.v4, at.v6],
      'denied-peer-ip': [...[...denied].map(([, range = '']) => range), APP.v4],
      ...options,
    },
  });
}

export type Credentials = { username: string; credential: string };

/** Good until `expiresAtS` (TURN REST: `expiry:random`, HMAC-SHA1). */
export function credentialsFor(secret: string, expiresAtS: number): Credentials {
  const username = `${expiresAtS}:${randomBytes(12).toString('hex')}`;
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
}

/** The three ways to a relay. */
export function turnUrls(name: string): string[] {
  return [
    `turn:${name}:${TURN_PORT}?transport=udp`,
    `turn:${name}:${TURN_PORT}?transport=tcp`,
    `turns:${name}:443?transport=tcp`,
  ];
}

export async function startBarePage(namespace: string, identity: Identity): Promise<Program> {
  const script = fileURLToPath(new URL('bare/server.js', import.meta.url));
  return start(namespace, [script, identity.certPath, identity.keyPath, BARE.v4, BARE.v6]);
}

/** The app behind TLS; its server can be killed and started again. */
export class AppServer {
  readonly #namespace: string;
  readonly #env: Record<string, string>;
  readonly #front: Program;
  #server: Program;

  private constructor(namespace: string, env: Record<string, string>, front: Program, server: Program) {
    this.#namespace = namespace;
    this.#env = env;
    this.#front = front;
    this.#server = server;
  }

  static async start(namespace: string, identity: Identity, turnSecret: string): Promise<AppServer> {
    const env = {
      ...ROOMY,
      LIMIT_STATUS_PER_MINUTE: '100000',
      LIMIT_KNOCKS_PER_MINUTE: '1000',
      PORT: String(APP_PORT),
      ORIGIN: `https://${APP.name}`,
      TRUST_PROXY_HOPS: '1',
      DATA_DIR: join(identity.folder, 'data'),
      STUN_URLS: STUN_URLS.join(),
      TURN_URLS: turnUrls(TURN.name).join(),
      TURN_SECRET: turnSecret,
    };
    const script = fileURLToPath(new URL('front.js', import.meta.url));
    const paths = [identity.certPath, identity.keyPath];
    const front = start(namespace, [script, ...paths, String(APP_PORT), APP.v4, APP.v6]);
    const server = startServer(namespace, env);
    return new AppServer(namespace, env, await front, await server);
  }

  async restart(): Promise<void> {
    await this.#server.stop('SIGKILL');
    this.#server = await startServer(this.#namespace, this.#env);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#front.stop(), this.#server.stop()]);
  }
}

function startServer(namespace: string, env: Record<string, string>): Promise<Program> {
  return start(namespace, [join(BUILD, 'server/main.js')], env, /Parley is ready at/);
}

async function start(
  namespace: string,
  args: string[],
  env: Record<string, string> = {},
  ready = /^ready$/m,
): Promise<Program> {
  const program = Program.start(namespace, process.execPath, args, env);
  await program.written(ready);
  return program;
}
