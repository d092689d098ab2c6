import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import {
  decode,
  encode,
  errorOf,
  fromXorAddress,
  longTermKey,
  uint32,
  xorAddress,
  type Address,
  type Attribute,
  type Message,
} from './stun';

/** Methods and indications of RFC 8656 section 17. */
const ALLOCATE = 0x0003;
const REFRESH = 0x0004;
const CREATE_PERMISSION = 0x0008;
const SEND_INDICATION = 0x0016;
const DATA_INDICATION = 0x0017;
/** REQUESTED-TRANSPORT: UDP, the one that there is. */
const UDP = Buffer.of(17, 0, 0, 0);

/** A lost packet is sent again after that (RFC 8489 section 6.2.1), and given up after so many. */
const RESEND_MS = 500;
const MAX_SENT = 20;

export type Credentials = { username: string; credential: string };

/** `error` is `null` for a success, and the number that the server gave otherwise. */
export type TurnAnswer = { error: number | null; message: Message };

/** A client of a relay over UDP. One port, and so one allocation at the most. */
export class TurnClient {
  readonly #socket: Socket;
  readonly #server: Address;
  readonly #waiting = new Map<string, (answer: Message) => void>();
  #listener: ((text: string) => void) | null = null;
  #nonce: { realm: string; text: Buffer } | null = null;
  /** Who asks from now on; `null` is nobody in particular. */
  credentials: Credentials | null;

  constructor(server: Address, credentials: Credentials | null) {
    this.#server = server;
    this.credentials = credentials;
    this.#socket = createSocket(isIPv6(server.ip) ? 'udp6' : 'udp4');
    this.#socket.on('message', (packet) => {
      const message = decode(packet);
      if (message.type === DATA_INDICATION) this.#listener?.(String(message.get('data')));
      else this.#waiting.get(message.transaction.toString('hex'))?.(message);
    });
  }

  /** Our own port, as the relay sees it once we have asked it anything. */
  get port(): number {
    return this.#socket.address().port;
  }

  /** Throws where the relay refuses. */
  async allocated(): Promise<Address> {
    const { error, message } = await this.allocate();
    const relayed = message.get('relayedAddress');
    if (relayed === null) throw new Error(`no allocation: ${error}`);
    return fromXorAddress(relayed, message.transaction);
  }

  allocate(family: 4 | 6 = 4): Promise<TurnAnswer> {
    return this.#ask(ALLOCATE, () => [
      ['transport', UDP],
      ['addressFamily', Buffer.of(family === 4 ? 1 : 2, 0, 0, 0)],
    ]);
  }

  /** 0 gives the allocation back. */
  refresh(lifetimeS: number): Promise<TurnAnswer> {
    return this.#ask(REFRESH, () => [['lifetime', uint32(lifetimeS)]]);
  }

  /** That address may send to us, and we to it. */
  permit(peerIp: string): Promise<TurnAnswer> {
    return this.#ask(CREATE_PERMISSION, (transaction) => [
      ['peerAddress', xorAddress({ ip: peerIp, port: 0 }, transaction)],
    ]);
  }

  /** Nothing ever answers an indication. */
  send(peer: Address, text: string): void {
    const transaction = randomBytes(12);
    const attributes: Attribute[] = [
      ['peerAddress', xorAddress(peer, transaction)],
      ['data', Buffer.from(text)],
    ];
    this.#transmit(encode(SEND_INDICATION, transaction, attributes));
  }

  /** The next that a permitted peer sends. */
  next(): Promise<string> {
    return new Promise((resolve) => (this.#listener = resolve));
  }

  close(): void {
    this.#socket.close();
  }

  /** Asks; where the server answers with a nonce, proves who asks and asks again (RFC 8489 section 9.2.5). */
  async #ask(method: number, attributes: (transaction: Buffer) => Attribute[]): Promise<TurnAnswer> {
    let message = await this.#exchange(method, attributes);
    for (const challenge of [401, 438]) {
      if (errorOf(message) !== challenge || this.credentials === null) continue;
      this.#nonce = {
        realm: String(message.get('realm')),
        text: message.get('nonce') ?? Buffer.alloc(0),
      };
      message = await this.#exchange(method, attributes);
    }
    return { error: errorOf(message), message };
  }

  #exchange(method: number, attributes: (transaction: Buffer) => Attribute[]): Promise<Message> {
    const transaction = randomBytes(12);
    const packet = this.#signed(method, transaction, attributes(transaction));
    const key = transaction.toString('hex');
    return new Promise((resolve, reject) => {
      let sent = 1;
      const end = () => {
        clearInterval(resending);
        this.#waiting.delete(key);
      };
      const resending = setInterval(() => {
        if (sent++ < MAX_SENT) return this.#transmit(packet);
        end();
        reject(new Error(`no answer to method ${method}`));
      }, RESEND_MS);
      this.#waiting.set(key, (answer) => {
        end();
        resolve(answer);
      });
      this.#transmit(packet);
    });
  }

  #signed(method: number, transaction: Buffer, attributes: Attribute[]): Buffer {
    if (this.credentials === null || this.#nonce === null) return encode(method, transaction, attributes);
    const { username, credential } = this.credentials;
    const { realm, text } = this.#nonce;
    const proof: Attribute[] = [
      ['username', Buffer.from(username)],
      ['realm', Buffer.from(realm)],
      ['nonce', text],
    ];
    const key = longTermKey(username, realm, credential);
    return encode(method, transaction, [...attributes, ...proof], key);
  }

  #transmit(packet: Buffer): void {
    this.#socket.send(packet, this.#server.port, this.#server.ip);
  }
}
