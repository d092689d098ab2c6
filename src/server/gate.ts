import { WebSocket } from 'ws';
import { isHeartbeat, readFrame } from './frame';
import { perSecond, TokenBucket, type Clock, type Limits } from './limits';
import { errorShape, Refusal } from './refusal';

/** RFC 6455 section 7.4.1 and the IANA registry. */
const POLICY_VIOLATION = 1008;
const UNSUPPORTED_DATA = 1003;

type GateEvent = 'bad-message' | 'rate-limited' | 'socket-closed';
export type GateOptions = { limits: Limits; clock: Clock; onEvent: (event: GateEvent) => void };

/**
 * A server-side WebSocket that lets only well-formed, affordable text frames through to tRPC, and never keeps more
 * than its bound of unsent bytes. It stands before tRPC because there a frame already costs a whole call.
 */
export class GatedSocket extends WebSocket {
  #options: GateOptions | null = null;
  #messages: TokenBucket | null = null;
  #firstMessage: NodeJS.Timeout | undefined;
  #bad = 0;
  #refused = 0;

  /** Until armed a socket passes nothing. */
  arm(options: GateOptions): void {
    const { limits, clock } = options;
    this.#options = options;
    this.#messages = new TokenBucket(perSecond(limits.messagesPerSecond, limits.messagesBurst), clock);
    this.#firstMessage = setTimeout(() => this.#shut(POLICY_VIOLATION), limits.firstMessageMs);
    this.once('close', () => clearTimeout(this.#firstMessage));
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event !== 'message') return super.emit(event, ...values);
    const [data, isBinary] = values;
    if (isBinary === true || !Buffer.isBuffer(data)) return this.#refuseJunk(UNSUPPORTED_DATA);
    return this.#admits(data) && super.emit(event, data, false);
  }

  /** Text without options is all that tRPC sends. */
  override send(data: Parameters<WebSocket['send']>[0]): void {
    const limit = this.#options?.limits.bufferedBytes ?? 0;
    // Not even a close frame would get through to a client that reads nothing.
    if (this.bufferedAmount > limit) this.#cut();
    else super.send(data);
  }

  /** A call that tRPC or a schema found to be junk. */
  countBadMessage(): void {
    this.#refuseJunk(POLICY_VIOLATION);
  }

  #admits(data: Buffer): boolean {
    const text = data.toString();
    const calls = isHeartbeat(text) ? [] : readFrame(text);
    if (calls === null) return this.#refuseJunk(POLICY_VIOLATION);
    if (calls.length > 0) clearTimeout(this.#firstMessage);
    if (this.#messages?.take(Math.max(1, calls.length))) {
      this.#refused = 0;
      return true;
    }
    this.#options?.onEvent('rate-limited');
    // A client in a hurry hears that it is one; a flood that goes on regardless is cut off.
    if (++this.#refused > (this.#options?.limits.messagesBurst ?? 0)) this.#shut(POLICY_VIOLATION);
    const error = errorShape(new Refusal('rate-limited'));
    for (const { id, isStop } of calls) if (!isStop) this.send(JSON.stringify({ id, error }));
    return false;
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
