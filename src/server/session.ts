import { randomBytes } from 'node:crypto';
import { fromBase64url, toBase64url } from '../lib/protocol/bytes';
import { randomId, type PeerId } from '../lib/protocol/ids';
import type { ServerEvent } from '../lib/protocol/signaling';
import { Budget, perMinute, perSecond, type Clock, type Limits, type Rate } from './limits';
import type { Metrics } from './metrics';
import type { Member } from './presence';
import { EventQueue } from './queue';
import { randomRelayUser } from './turn';

const NONCE_BYTES = 32;
const TOKEN_BYTES = 32;

/** What each session may do, alike for all. */
export type SessionRates = Readonly<Record<'calls' | 'relayBytes' | 'knocks' | 'ice' | 'watched', Rate>>;

export function sessionRates(limits: Limits): SessionRates {
  return {
    calls: perSecond(limits.messagesPerSecond, limits.messagesBurst),
    relayBytes: perMinute(limits.relayBytesPerMinute),
    knocks: perMinute(limits.knocksPerMinute),
    ice: perMinute(limits.icePerMinute),
    watched: perMinute(limits.watchedPerMinute),
  };
}

/**
 * One client, from `connect` to the end of its event stream. Most sit quiet for hours: what only some need is made when
 * it is first asked for.
 */
export class Session implements Member {
  readonly peer: PeerId = randomId<PeerId>();
  /** The page's origin, checked when the connection was made; what this session's proofs must be signed for. */
  readonly origin: string;
  readonly events: EventQueue;
  readonly #budget: Budget<keyof SessionRates>;
  readonly #clock: Clock;
  readonly #metrics: Pick<Metrics, 'sent'>;
  #nonceText = randomText(NONCE_BYTES);
  #relayUser: string | null = null;
  #heardAtMs: number;
  /** The last of the calls that are under way. It never rejects. */
  #turn: Promise<void> | null = null;

  /** `token` is a bearer secret: it names this session in calls that come over another connection. */
  constructor(
    parts: {
      origin: string;
      token: string;
      rates: SessionRates;
      bufferedBytes: number;
      clock: Clock;
      metrics: Pick<Metrics, 'sent'>;
    },
    onEnd: (session: Session) => void,
  ) {
    this.origin = parts.origin;
    this.#budget = new Budget(parts.rates, parts.clock);
    this.#clock = parts.clock;
    this.#metrics = parts.metrics;
    this.#heardAtMs = parts.clock();
    this.events = new EventQueue(parts.bufferedBytes, () => onEnd(this));
    this.send({ type: 'hello', nonce: this.nonceText, peer: this.peer, session: parts.token });
  }

  get nonce(): Uint8Array {
    return fromBase64url(this.#nonceText);
  }

  get nonceText(): string {
    return this.#nonceText;
  }

  /** What a relay knows this session by. */
  get relayUser(): string {
    return (this.#relayUser ??= randomRelayUser());
  }

  get isLive(): boolean {
    return !this.events.isEnded;
  }

  /** Takes that much of what the session may still do, or says false. */
  take(what: keyof SessionRates, count = 1): boolean {
    return this.#budget.take(what, count);
  }

  /** A claim used the nonce up (section 2). */
  renewNonce(): void {
    this.#nonceText = randomText(NONCE_BYTES);
  }

  send(event: ServerEvent): void {
    this.#metrics.sent(this, event);
    this.events.push(event);
  }

  /** Any call is a sign of life. */
  heard(): void {
    this.#heardAtMs = this.#clock();
  }

  get silentMs(): number {
    return this.#clock() - this.#heardAtMs;
  }

  /** One call after the other, as they came: an envelope must not overtake the knock before it. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn === null ? work() : this.#turn.then(work);
    const settled: Promise<void> = done.then(
      () => this.#settle(settled),
      () => this.#settle(settled),
    );
    this.#turn = settled;
    return done;
  }

  #settle(turn: Promise<void>): void {
    if (this.#turn === turn) this.#turn = null;
  }
}

export const randomToken = (): string => randomText(TOKEN_BYTES);

const randomText = (bytes: number): string => toBase64url(randomBytes(bytes));
