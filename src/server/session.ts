import { randomBytes } from 'node:crypto';
import { toBase64url } from '../lib/protocol/bytes';
import { randomId, type PeerId } from '../lib/protocol/ids';
import type { ServerEvent } from '../lib/protocol/signaling';
import { perMinute, perSecond, TokenBucket, type Clock, type Limits } from './limits';
import type { Member } from './presence';
import { EventQueue } from './queue';
import { randomRelayUser } from './turn';

const NONCE_BYTES = 32;
const TOKEN_BYTES = 32;

/** One client, from `connect` to the end of its event stream. */
export class Session implements Member {
  readonly peer: PeerId = randomId<PeerId>();
  /** A bearer secret: names this session in calls that come over another connection. */
  readonly token = toBase64url(randomBytes(TOKEN_BYTES));
  /** The page's origin, checked when the connection was made; what this session's proofs must be signed for. */
  readonly origin: string;
  /** What a relay knows this session by. */
  readonly relayUser = randomRelayUser();
  readonly events: EventQueue;
  readonly calls: TokenBucket;
  readonly relayBytes: TokenBucket;
  readonly knocks: TokenBucket;
  readonly ice: TokenBucket;
  readonly watched: TokenBucket;
  readonly #clock: Clock;
  #nonce = randomBytes(NONCE_BYTES);
  #heardAtMs: number;
  /** The last of the calls that are under way. It never rejects. */
  #turn: Promise<void> | null = null;

  constructor(origin: string, limits: Limits, clock: Clock, onEnd: (session: Session) => void) {
    this.origin = origin;
    this.#clock = clock;
    this.#heardAtMs = clock();
    this.events = new EventQueue(limits.bufferedBytes, () => onEnd(this));
    this.calls = new TokenBucket(perSecond(limits.messagesPerSecond, limits.messagesBurst), clock);
    this.relayBytes = new TokenBucket(perMinute(limits.relayBytesPerMinute), clock);
    this.knocks = new TokenBucket(perMinute(limits.knocksPerMinute), clock);
    this.ice = new TokenBucket(perMinute(limits.icePerMinute), clock);
    this.watched = new TokenBucket(perMinute(limits.watchedPerMinute), clock);
    this.send({ type: 'hello', nonce: this.nonceText, peer: this.peer, session: this.token });
  }

  get nonce(): Uint8Array {
    return this.#nonce;
  }

  get nonceText(): string {
    return toBase64url(this.#nonce);
  }

  get isLive(): boolean {
    return !this.events.isEnded;
  }

  /** A claim used the nonce up (section 2). */
  renewNonce(): void {
    this.#nonce = randomBytes(NONCE_BYTES);
  }

  send(event: ServerEvent): void {
    this.events.push(event);
  }

  /** Any call is a sign of life. */
  heard(): void {
    this.#heardAtMs = this.#clock();
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

  get silentMs(): number {
    return this.#clock() - this.#heardAtMs;
  }
}
