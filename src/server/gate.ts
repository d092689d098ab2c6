import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { PING, PONG, readFrame, type CallId, type FrameCall } from './frame';
import { perSecond, TokenBucket, type Clock, type Limits } from './limits';
import { errorShape, Refusal } from './refusal';

/** RFC 6455 section 7.4.1 and the IANA registry. */
const POLICY_VIOLATION = 1008;
const UNSUPPORTED_DATA = 1003;

type GateEvent = 'bad-message' | 'rate-limited' | 'socket-closed';
export type GateOptions = {
  /** What the WebSocket stands on. */
  readonly socket: Duplex;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly onEvent: (event: GateEvent) => void;
  readonly onCalls: (calls: readonly FrameCall[]) => void;
};

/**
 * A server-side WebSocket that lets only well-formed, affordable calls through, and never keeps more than its bound of
 * unsent bytes.
 */
export class GatedSocket extends WebSocket {
  #options: GateOptions | null = null;
  #messages: TokenBucket | null = null;
  #firstMessage: NodeJS.Timeout | null = null;
  #bad = 0;
  #refused = 0;
  #heardAtMs = 0;
  #isPinged = false;
  #isCorked = false;

  /** Until armed a socket passes nothing. */
  arm(options: GateOptions): void {
    const { limits, clock } = options;
    this.#options = options;
    this.#messages = new TokenBucket(perSecond(limits.messagesPerSecond, limits.messagesBurst), clock);
    this.#heardAtMs = clock();
    this.#firstMessage = setTimeout(() => this.#shut(POLICY_VIOLATION), limits.firstMessageMs);
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event === 'close') this.#isKnown();
    if (event !== 'message') return super.emit(event, ...values);
    const [data, isBinary] = values;
    if (isBinary === true || !Buffer.isBuffer(data)) return this.#refuseJunk(UNSUPPORTED_DATA);
    this.#take(data.toString());
    return true;
  }

  /** Text without options is all that is ever sent. */
  override send(data: Parameters<WebSocket['send']>[0]): void {
    if (this.readyState !== WebSocket.OPEN) return;
    const limit = this.#options?.limits.bufferedBytes ?? 0;
    // Not even a close frame would get through to a client that reads nothing.
    if (this.bufferedAmount > limit) return this.#cut();
    this.#cork();
    super.send(data);
  }

  /** What one turn of the event loop has to say goes out in one write: each is a call into the system. */
  #cork(): void {
    const { socket } = this.#options ?? {};
    if (this.#isCorked || socket === undefined) return;
    this.#isCorked = true;
    socket.cork();
    setImmediate(() => {
      this.#isCorked = false;
      socket.uncork();
    });
  }

  /** An answer, or a part of one, in tRPC's own form. */
  answer(id: CallId, said: { result: unknown } | { error: unknown }): void {
    this.send(JSON.stringify({ id, ...said }));
  }

  /** A call that a schema found to be junk. */
  countBadMessage(): void {
    this.#refuseJunk(POLICY_VIOLATION);
  }

  /** Asks a quiet client whether it is there, and ends one that did not say so. Browsers show pages no protocol pings. */
  keepAlive(nowMs: number): void {
    const { limits } = this.#options ?? {};
    if (limits === undefined) return;
    const quietMs = nowMs - this.#heardAtMs;
    if (this.#isPinged && quietMs >= limits.pingMs + limits.pongMs) this.terminate();
    else if (!this.#isPinged && quietMs >= limits.pingMs) {
      this.#isPinged = true;
      this.send(PING);
    }
  }

  #take(text: string): void {
    const { clock, onCalls, onEvent, limits } = this.#options ?? {};
    if (clock === undefined || onCalls === undefined) return;
    this.#heardAtMs = clock();
    this.#isPinged = false;
    const isHeartbeat = text === PING || text === PONG;
    const calls = isHeartbeat ? [] : readFrame(text);
    if (calls === null) return void this.#refuseJunk(POLICY_VIOLATION);
    if (calls.length > 0) this.#isKnown();
    if (this.#messages?.take(Math.max(1, calls.length))) {
      this.#refused = 0;
      if (text === PING) this.send(PONG);
      return onCalls(calls);
    }
    onEvent?.('rate-limited');
    // A client in a hurry hears that it is one; a flood that goes on regardless is cut off.
    if (++this.#refused > (limits?.messagesBurst ?? 0)) this.#shut(POLICY_VIOLATION);
    const error = errorShape(new Refusal('rate-limited'));
    for (const { id, method } of calls) if (method !== 'stop') this.answer(id, { error });
  }

  #isKnown(): void {
    if (this.#firstMessage === null) return;
    clearTimeout(this.#firstMessage);
    this.#firstMessage = null;
  }

  #refuseJunk(code: number): false {
    this.#options?.onEvent('bad-message');
    if (++this.#bad >= (this.#options?.limits.badMessages ?? 0)) this.#shut(code);
    return false;
  }

  #shut(code: number): void {
    if (this.readyState !== WebSocket.OPEN) return;
    this.#options?.onEvent('socket-closed');
    this.close(code);
  }

  #cut(): void {
    if (this.readyState === WebSocket.CLOSED) return;
    this.#options?.onEvent('socket-closed');
    this.terminate();
  }
}
