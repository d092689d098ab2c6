import type { Bytes } from '../protocol/bytes';
import { codeOf, ParleyError, type ErrorCode } from '../protocol/errors';
import {
  decodeMessage,
  encodeMessage,
  type Message,
  type NegotiationMessage,
  type TalkMessage,
} from '../protocol/message';
import { RecordOpener, RecordSealer, type RecordKeys } from '../crypto/record';
import type { ByteChannel } from './byte-channel';
import { Pulse, type PulseReport } from './pulse';

/** How long a goodbye may take to leave. */
const FAREWELL_MS = 1_000;

type TalkHandlers = {
  opened(): void;
  /** What comes after a message waits for it; a fault in it ends the channel. */
  received(message: NegotiationMessage | TalkMessage): void | Promise<void>;
  pulse(report: PulseReport): void;
  closed(code: ErrorCode | null): void;
};

/**
 * One talk channel: messages in, sealed records out (section 7), and the heartbeat. What does not open closes it: the
 * channel is ordered and reliable, so a wrong record is never the network's doing.
 */
export class Talk {
  readonly #channel: ByteChannel;
  readonly #handlers: TalkHandlers;
  readonly #sealer: RecordSealer;
  readonly #opener: RecordOpener;
  readonly #pulse: Pulse;
  /** Records open one after the other: each must be the expected one. */
  #reading: Promise<void> = Promise.resolve();
  #sending: Promise<void> = Promise.resolve();
  #isClosed = false;
  #onClosed: () => void = () => undefined;

  constructor(channel: ByteChannel, keys: { send: RecordKeys; receive: RecordKeys }, handlers: TalkHandlers) {
    this.#channel = channel;
    this.#handlers = handlers;
    this.#sealer = new RecordSealer(keys.send);
    this.#opener = new RecordOpener(keys.receive);
    this.#pulse = new Pulse({
      now: () => performance.now(),
      sendPing: (stamp) => this.send({ kind: 'ping', stamp }),
      report: (report) => handlers.pulse(report),
    });
    channel.listen({
      opened: () => handlers.opened(),
      received: (record) => {
        this.#reading = this.#reading.then(() => this.#read(record));
      },
      // In its turn: what came before it, a goodbye above all, is still being opened.
      closed: () => {
        this.#reading = this.#reading.then(() => this.#close(null));
      },
    });
  }

  get isOpen(): boolean {
    return this.#channel.isOpen && !this.#isClosed;
  }

  send(message: Message): void {
    if (!this.isOpen) return;
    // Sealing resolves in call order, so records leave in the order of their numbers.
    this.#sending = this.#sealer.seal(encodeMessage(message)).then(
      (record) => this.#channel.send(record),
      (fault: unknown) => this.#close(codeOf(fault)),
    );
  }

  tick(): void {
    if (this.isOpen) this.#pulse.tick();
  }

  /** Asks the other end now. */
  check(): void {
    if (this.isOpen) this.#pulse.ask();
  }

  /** Bytes on another channel of the same connection are a sign of life too. */
  heard(): void {
    this.#pulse.heard();
  }

  /** Closes after the last message is out; a dead path is not waited for. */
  async finish(): Promise<void> {
    if (!this.isOpen) return this.close();
    await this.#sending;
    const closed = new Promise<void>((resolve) => {
      this.#onClosed = resolve;
    });
    this.#channel.close();
    const patience = setTimeout(() => this.close(), FAREWELL_MS);
    await closed;
    clearTimeout(patience);
  }

  close(): void {
    this.#close(null);
  }

  async #read(record: Bytes): Promise<void> {
    if (this.#isClosed) return;
    try {
      const message = decodeMessage(await this.#opener.open(record));
      this.#pulse.heard();
      if (message === null) return;
      switch (message.kind) {
        case 'ping':
          return this.send({ kind: 'pong', stamp: message.stamp });
        case 'pong':
          return this.#pulse.ponged(message.stamp);
        case 'm3':
        case 'admission':
          throw new ParleyError('protocol/unexpected');
        default:
          await this.#handlers.received(message);
      }
    } catch (fault) {
      this.#close(codeOf(fault));
    }
  }

  #close(code: ErrorCode | null): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#channel.close();
    this.#onClosed();
    this.#handlers.closed(code);
  }
}
