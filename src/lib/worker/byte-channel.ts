import type { Bytes } from '../protocol/bytes';
import type { ChannelHandle } from './messages';

/**
 * A data channel as the session worker uses it, whichever side of the page it lives on.
 *
 * Messages that come before `receive` is called are kept: a transferred channel loses, silently, what arrives while
 * nobody listens, so the listener is set in the constructor, in the very task that received it.
 */
export interface ByteChannel {
  readonly isOpen: boolean;
  readonly bufferedBytes: number;
  /** Throws nothing: a message on a closed channel is lost, as it would be on the wire. */
  send(bytes: Bytes): void;
  /** Resolves when the buffer is at or below `lowBytes`, or the channel closed, or `signal` aborted. */
  drained(lowBytes: number, signal: AbortSignal): Promise<void>;
  /** Handlers may be called at once with what has come already. */
  listen(handlers: ByteChannelHandlers): void;
  close(): void;
}

export type ByteChannelHandlers = {
  opened(): void;
  received(bytes: Bytes): void;
  closed(): void;
};

export function byteChannel(handle: ChannelHandle): ByteChannel {
  return handle instanceof MessagePort ? new ShuttledChannel(handle) : new OwnChannel(handle);
}

/** Holds what happens until somebody listens, then passes it on in order. */
class Backlog {
  #handlers: ByteChannelHandlers | null = null;
  #isOpen = false;
  #isClosed = false;
  #waiting: Bytes[] = [];

  opened(): void {
    // A transferred channel can arrive open or open twice over; once is enough (WEBRTC, data channels in a worker).
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#handlers?.opened();
  }
  received(bytes: Bytes): void {
    if (this.#handlers === null) this.#waiting.push(bytes);
    else this.#handlers.received(bytes);
  }
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handlers?.closed();
  }
  listen(handlers: ByteChannelHandlers): void {
    this.#handlers = handlers;
    if (this.#isOpen) handlers.opened();
    for (const bytes of this.#waiting.splice(0)) handlers.received(bytes);
    if (this.#isClosed) handlers.closed();
  }
}

/** The channel itself, transferred at its creation. */
class OwnChannel implements ByteChannel {
  readonly #channel: RTCDataChannel;
  readonly #backlog = new Backlog();

  constructor(channel: RTCDataChannel) {
    this.#channel = channel;
    channel.binaryType = 'arraybuffer';
    channel.onopen = () => this.#backlog.opened();
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      // Text is no message of ours; an empty record is refused where it is opened.
      this.#backlog.received(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(0));
    };
    channel.onclose = () => this.#backlog.closed();
    if (channel.readyState === 'open') this.#backlog.opened();
    if (channel.readyState === 'closed') this.#backlog.closed();
  }

  get isOpen(): boolean {
    return this.#channel.readyState === 'open';
  }
  get bufferedBytes(): number {
    return this.#channel.bufferedAmount;
  }
  send(bytes: Bytes): void {
    if (this.isOpen) this.#channel.send(bytes);
  }
  async drained(lowBytes: number, signal: AbortSignal): Promise<void> {
    if (this.bufferedBytes <= lowBytes || !this.isOpen || signal.aborted) return;
    const channel = this.#channel;
    channel.bufferedAmountLowThreshold = lowBytes;
    await new Promise<void>((resolve) => {
      const settle = new AbortController();
      const done = () => {
        settle.abort();
        resolve();
      };
      const options = { signal: settle.signal };
      channel.addEventListener('bufferedamountlow', done, options);
      channel.addEventListener('close', done, options);
      signal.addEventListener('abort', done, options);
    });
  }
  listen(handlers: ByteChannelHandlers): void {
    this.#backlog.listen(handlers);
  }
  close(): void {
    this.#channel.close();
  }
}

/** What the page and the worker say over the port of a channel that had to stay on the page (see `shuttle.ts`). */
export type ShuttleUp =
  | { type: 'opened' }
  | { type: 'message'; bytes: Bytes }
  | { type: 'buffered'; bytes: number; sentBytes: number }
  | { type: 'closed' };
export type ShuttleDown = { type: 'send'; bytes: Bytes } | { type: 'low'; bytes: number } | { type: 'close' };

/** The channel is on the page; its bytes are passed over a port. The keys stay here all the same. */
class ShuttledChannel implements ByteChannel {
  readonly #port: MessagePort;
  readonly #backlog = new Backlog();
  readonly #drain = new EventTarget();
  #isOpen = false;
  /** Bytes handed to the port, and how many of them the page says it has passed on. */
  #handedBytes = 0;
  #passedBytes = 0;
  #pageBufferedBytes = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<ShuttleUp>) => this.#take(data);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }
  get bufferedBytes(): number {
    return this.#handedBytes - this.#passedBytes + this.#pageBufferedBytes;
  }
  send(bytes: Bytes): void {
    if (!this.#isOpen) return;
    this.#handedBytes += bytes.length;
    this.#post({ type: 'send', bytes }, [bytes.buffer]);
  }
  async drained(lowBytes: number, signal: AbortSignal): Promise<void> {
    this.#post({ type: 'low', bytes: lowBytes });
    while (this.#isOpen && !signal.aborted && this.bufferedBytes > lowBytes) {
      await new Promise<void>((resolve) => {
        const settle = new AbortController();
        const done = () => {
          settle.abort();
          resolve();
        };
        this.#drain.addEventListener('change', done, { signal: settle.signal });
        signal.addEventListener('abort', done, { signal: settle.signal });
      });
    }
  }
  listen(handlers: ByteChannelHandlers): void {
    this.#backlog.listen(handlers);
  }
  close(): void {
    this.#post({ type: 'close' });
  }

  #take(message: ShuttleUp): void {
    switch (message.type) {
      case 'opened':
        this.#isOpen = true;
        return this.#backlog.opened();
      case 'message':
        return this.#backlog.received(message.bytes);
      case 'buffered':
        this.#pageBufferedBytes = message.bytes;
        this.#passedBytes = message.sentBytes;
        this.#drain.dispatchEvent(new Event('change'));
        return;
      case 'closed':
        this.#isOpen = false;
        this.#drain.dispatchEvent(new Event('change'));
        this.#port.close();
        return this.#backlog.closed();
    }
  }
  #post(message: ShuttleDown, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}
