import {
  createDecipheriv,
  createECDH,
  createPublicKey,
  hkdfSync,
  randomBytes,
  verify,
  type ECDH,
} from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Push = { path: string; method: string; headers: IncomingHttpHeaders; body: Buffer };
type Subscription = { endpoint: string; p256dh: string; auth: string };

/** A push service on this machine: takes what comes, and answers as it is told to, `null` for not at all. */
export class PushService {
  /** In the order in which they came. */
  readonly all: Push[] = [];
  answer: (push: Push) => number | null = () => 201;
  readonly #server: Server;
  #wake: () => void = () => undefined;
  #taken = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { url: path = '', method = '', headers } = request;
        const push = { path, method, headers, body: Buffer.concat(chunks) };
        this.all.push(push);
        const status = this.answer(push);
        // A body that never ends: nobody should wait for it.
        if (status !== null) response.writeHead(status, { Location: `${this.origin}/elsewhere` }).write('x');
        this.#wake();
      });
    });
  }

  static async start(): Promise<PushService> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new PushService(server);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next push that nobody has looked at. */
  async next(): Promise<Push> {
    for (;;) {
      const push = this.all[this.#taken];
      if (push !== undefined) {
        this.#taken++;
        return push;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Pushes that nobody has looked at. */
  get rest(): readonly Push[] {
    return this.all.slice(this.#taken);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

/** A browser that can be told: what it subscribes with, and how it opens what it is told (RFC 8291). */
export class Device {
  readonly subscription: Subscription;
  readonly path: string;
  readonly #keys: ECDH;
  readonly #auth: Buffer;

  constructor(origin: string, auth = randomBytes(16), privateKey: string | null = null) {
    this.#keys = createECDH('prime256v1');
    if (privateKey === null) this.#keys.generateKeys();
    else this.#keys.setPrivateKey(privateKey, 'base64url');
    this.#auth = auth;
    this.path = `/push/${randomBytes(24).toString('base64url')}`;
    this.subscription = {
      endpoint: `${origin}${this.path}`,
      p256dh: this.#keys.getPublicKey('base64url'),
      auth: auth.toString('base64url'),
    };
  }

  /** `salt(16) | record size(4) | length of key(1) | the sender's key(65) | one sealed record` (RFC 8188 section 2.1). */
  open(body: Buffer): Buffer {
    const [salt, recordBytes, keyBytes] = [body.subarray(0, 16), body.readUInt32BE(16), body.readUInt8(20)];
    const [theirKey, record] = [body.subarray(21, 21 + keyBytes), body.subarray(21 + keyBytes)];
    if (keyBytes !== 65 || record.length > recordBytes) throw new Error('not one record by a P-256 key');
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), this.#keys.getPublicKey(), theirKey]);
    const prk = hkdfSync('sha256', this.#keys.computeSecret(theirKey), this.#auth, info, 32);
    const derive = (what: string, length: number) =>
      Buffer.from(
        hkdfSync('sha256', Buffer.from(prk), salt, Buffer.from(`Content-Encoding: ${what}\0`), length),
      );
    const cipher = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12));
    cipher.setAuthTag(record.subarray(-16));
    const padded = Buffer.concat([cipher.update(record.subarray(0, -16)), cipher.final()]);
    const end = padded.lastIndexOf(2);
    if (end < 0 || padded.subarray(end + 1).some((byte) => byte !== 0))
      throw new Error('not the last record');
    return padded.subarray(0, end);
  }
}

export type Claims = { aud: string; exp: number; sub: string };

/** Who signed a push (RFC 8292 section 3): the key as base64url, and what it says. Throws unless the signature holds. */
export function signerOf({ headers }: Push): { key: string; claims: Claims } {
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(headers.authorization ?? '') ?? [];
  const [header = '', claims = '', signature = ''] = token.split('.');
  const point = Buffer.from(key, 'base64url');
  const coordinate = (start: number) => point.subarray(start, start + 32).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(1), y: coordinate(33) };
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const signed = Buffer.from(`${header}.${claims}`);
  const bytes = Buffer.from(signature, 'base64url');
  if (!verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes)) {
    throw new Error('the signature does not hold');
  }
  const parse = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64url').toString());
  const { alg } = parse(header) as { alg: string };
  if (alg !== 'ES256') throw new Error(`signed by ${alg}`);
  return { key, claims: parse(claims) as Claims };
}
