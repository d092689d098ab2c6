import { ParleyError, type ErrorCode, type WireCode } from '../protocol/errors';
import type { TalkMessage } from '../protocol/message';
import {
  nextInitiator,
  nextResponder,
  type PeerEffect,
  type PeerEvent,
  type PeerState,
} from '../peer/lifecycle';
import { pathOf, type Path } from '../peer/path';
import type { SessionClient, SessionEvent } from '../worker/client';
import type { Line } from './line';

export type PeerHandlers = {
  /** A new handshake is due; the answer is the line it runs on, or null where there is no way to the server now. */
  greet(): Line | null;
  changed(): void;
  /** The talk channel is there: messages pass from now on, until `closed`. */
  opened(): void;
  closed(): void;
  /** Nothing has been heard for a moment: whatever it is, the way to the server may have gone with it. */
  doubted(): void;
  said(message: TalkMessage): void;
  trouble(code: ErrorCode | null): void;
};

/** How often the path is read anew while a peer is connected. */
const PATH_INTERVAL_MS = 2_000;

/**
 * One peer: the table of `peer/lifecycle.ts` with hands. It owns the line in use, the one alarm, and what is known of
 * the path. Events of the worker that name its connection go to `take`.
 */
export class Peer {
  readonly #session: SessionClient;
  readonly #handlers: PeerHandlers;
  readonly #next: typeof nextInitiator;
  #state: PeerState;
  #line: Line | null = null;
  #alarm: ReturnType<typeof setTimeout> | undefined;
  #greeting: ReturnType<typeof setTimeout> | undefined;
  #pathTimer: ReturnType<typeof setInterval> | undefined;
  #isTalking = false;
  #path: Path | null = null;
  #rttMs: number | null = null;

  constructor(session: SessionClient, role: 'initiator' | 'responder', handlers: PeerHandlers) {
    this.#session = session;
    this.#handlers = handlers;
    this.#next = role === 'initiator' ? nextInitiator : nextResponder;
    this.#state = role === 'initiator' ? { at: 'away' } : { at: 'greeting', attempt: 0, unopened: 0 };
  }

  get state(): PeerState {
    return this.#state;
  }
  get tag(): string | null {
    return this.#line?.tag ?? null;
  }
  /** The connection in use or in the making. */
  get line(): Line | null {
    return this.#line;
  }
  get isTalking(): boolean {
    return this.#isTalking;
  }
  get path(): (Path & { rttMs: number | null }) | null {
    return this.#path === null ? null : { ...this.#path, rttMs: this.#rttMs };
  }

  dispatch(event: PeerEvent): void {
    const { state, effects } = this.#next(this.#state, event);
    const isChanged = state !== this.#state;
    this.#state = state;
    this.#line?.setPath(state.at === 'open');
    for (const effect of effects) this.#run(effect);
    if (isChanged) this.#handlers.changed();
  }

  /** Moves to another line; the one before is closed. */
  adopt(line: Line): void {
    this.#drop();
    this.#line = line;
    line.setPath(false);
  }

  /** Makes the first offer on the line in hand. */
  begin(): void {
    this.#line?.begin();
  }

  send(message: TalkMessage): void {
    if (this.#line !== null) this.#session.post({ type: 'talk', connection: this.#line.tag, message });
  }

  /** The page goes away and cannot say goodbye: the other end is to notice all the same. */
  abandon(): void {
    this.#line?.abandon();
  }

  /** Says why, and closes for good. */
  dismiss(code: WireCode | null): void {
    this.send({ kind: 'bye', code });
    clearTimeout(this.#greeting);
    clearTimeout(this.#alarm);
    this.#drop();
    this.#state = { at: 'closed', code: null };
  }

  /** An event of the worker about this peer's connection. */
  take(event: SessionEvent): void {
    switch (event.type) {
      case 'negotiation':
        return this.#line?.receive(event.message);
      case 'open':
        this.#isTalking = true;
        this.dispatch({ type: 'open' });
        this.#handlers.opened();
        this.#watchPath();
        return;
      case 'path':
        this.#rttMs = event.rttMs;
        if (event.standing === 'doubtful') this.#handlers.doubted();
        else this.dispatch({ type: event.standing === 'alive' ? 'heard' : 'silent' });
        return this.#handlers.changed();
      case 'closed':
        this.#stopTalking();
        return this.dispatch({ type: 'lost' });
      case 'unopened':
        return this.dispatch({ type: 'unopened' });
      case 'refused':
        return this.dispatch({ type: 'refused', code: event.code });
      case 'talk':
        return this.#hear(event.message);
      case 'frames-refused':
        if (this.#line !== null) this.#line.refusedFrames = event.count;
        return;
      case 'want-file-channel':
        return this.#line?.openFileChannel(event.file);
      default:
        return;
    }
  }

  #hear(message: TalkMessage): void {
    if (message.kind === 'bye') return this.dispatch({ type: 'bye', code: message.code });
    try {
      this.#handlers.said(message);
    } catch (fault) {
      // The other side broke the order of its own messages: nothing more on this connection can be relied on.
      if (!(fault instanceof ParleyError)) throw fault;
      this.#drop();
      this.dispatch({ type: 'lost' });
      this.#handlers.trouble(fault.code);
    }
  }

  #run(effect: PeerEffect): void {
    switch (effect.type) {
      case 'greet':
        clearTimeout(this.#greeting);
        if (effect.afterMs === 0) this.#greet();
        else this.#greeting = setTimeout(() => this.#greet(), effect.afterMs);
        return;
      case 'restart-ice':
        return this.#line?.restartIce();
      case 'check':
        return this.#session.post({ type: 'check-paths' });
      case 'alarm':
        clearTimeout(this.#alarm);
        this.#alarm = setTimeout(() => this.dispatch({ type: 'timeout' }), effect.afterMs);
        return;
      case 'no-alarm':
        clearTimeout(this.#greeting);
        return clearTimeout(this.#alarm);
      case 'drop':
        return this.#drop();
      case 'trouble':
        return this.#handlers.trouble(effect.code);
      case 'no-trouble':
        return this.#handlers.trouble(null);
    }
  }

  #greet(): void {
    this.#line = this.#handlers.greet();
  }

  #drop(): void {
    this.#stopTalking();
    const line = this.#line;
    this.#line = null;
    line?.close();
  }

  #stopTalking(): void {
    clearInterval(this.#pathTimer);
    this.#path = this.#rttMs = null;
    if (!this.#isTalking) return;
    this.#isTalking = false;
    this.#handlers.closed();
  }

  #watchPath(): void {
    const read = () => void this.#readPath();
    clearInterval(this.#pathTimer);
    this.#pathTimer = setInterval(read, PATH_INTERVAL_MS);
    read();
  }

  async #readPath(): Promise<void> {
    const line = this.#line;
    if (line === null) return;
    const path = pathOf(await line.statistics());
    if (path === null || line !== this.#line) return;
    this.#path = path;
    this.#handlers.changed();
  }
}
