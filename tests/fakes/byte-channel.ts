import type { Bytes } from '../../src/lib/protocol/bytes';
import type { ByteChannel, ByteChannelHandlers } from '../../src/lib/worker/byte-channel';

/**
 * One end of a data channel in memory: ordered and reliable like the real one, and as late, for a message arrives in a
 * turn of its own. What comes before anybody listens is kept.
 */
export class FakeByteChannel implements ByteChannel {
  /** What becomes of a message on its way out; several, or none, may come of one. */
  onTheWay: (bytes: Bytes) => readonly Bytes[] = (bytes) => [bytes];
  bufferedBytes = 0;
  #other: FakeByteChannel | null = null;
  #handlers: ByteChannelHandlers | null = null;
  #state: 'connecting' | 'open' | 'closed' = 'connecting';
  #early: Bytes[] = [];

  /** The two ends of one channel. */
  static pair(): readonly [FakeByteChannel, FakeByteChannel] {
    const [a, b] = [new FakeByteChannel(), new FakeByteChannel()];
    a.#other = b;
    b.#other = a;
    return [a, b];
  }

  get other(): FakeByteChannel {
    if (this.#other === null) throw new Error('a channel has two ends');
    return this.#other;
  }
  get isOpen(): boolean {
    return this.#state === 'open';
  }
  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** The transport is up: both ends open. */
  open(): void {
    for (const end of this.#ends()) {
      if (end.#state !== 'connecting') continue;
      end.#state = 'open';
      end.#handlers?.opened();
    }
  }
  send(bytes: Bytes): void {
    if (!this.isOpen) return;
    for (const one of this.onTheWay(bytes.slice())) queueMicrotask(() => this.other.#take(one));
  }
  async drained(): Promise<void> {
    return Promise.resolve();
  }
  listen(handlers: ByteChannelHandlers): void {
    this.#handlers = handlers;
    if (this.isOpen) handlers.opened();
    for (const bytes of this.#early.splice(0)) handlers.received(bytes);
    if (this.isClosed) handlers.closed();
  }
  /** Like the real one it closes in a later turn, after what was sent before it. */
  close(): void {
    queueMicrotask(() => {
      for (const end of this.#ends()) end.#end();
    });
  }

  #ends(): readonly FakeByteChannel[] {
    return [this, this.other];
  }
  #take(bytes: Bytes): void {
    if (this.isClosed) return;
    if (this.#handlers === null) this.#early.push(bytes);
    else this.#handlers.received(bytes);
  }
  #end(): void {
    if (this.isClosed) return;
    this.#state = 'closed';
    this.#handlers?.closed();
  }
}
