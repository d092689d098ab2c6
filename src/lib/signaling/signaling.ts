import { toBase64url, type Bytes } from '../protocol/bytes';
import { codeOf, ERROR_OF_WIRE, ParleyError } from '../protocol/errors';
import type { MeetingId, PeerId } from '../protocol/ids';
import {
  iceSettings,
  isWireCode,
  type IceSettings,
  type ServerEvent,
  type Status,
  type TellInput,
} from '../protocol/signaling';
import { race } from './race';
import type { Api, Transport, TransportHandlers, TransportKind } from './transport';
import { onWake } from './wake';
import { FIRST_PATIENCE_MS, openWebSocket } from './websocket';

export type SignalingState =
  | { at: 'connecting'; failures: number }
  | { at: 'open'; kind: TransportKind; peer: PeerId }
  | { at: 'closed' };

type SignalingOptions = {
  onEvent: (event: ServerEvent) => void;
  onState: (state: SignalingState) => void;
  random?: () => number;
  /** How each kind of connection is opened; other than usual only in tests. */
  transports?: Transports;
};

type OpenTransport = (handlers: TransportHandlers, patienceMs: number) => Transport;
type Transports = { websocket: OpenTransport; loadServerSentEvents: () => Promise<OpenTransport> };

const TRANSPORTS: Transports = {
  websocket: openWebSocket,
  // Most people never need it, so most never load it.
  loadServerSentEvents: async () => (await import('./server-sent-events')).openServerSentEvents,
};

/**
 * An answer to a sign of life takes one round trip, and the opening of a WebSocket took four or more: so long is waited
 * for one, within bounds. A socket on a network that is gone takes minutes to say so.
 */
const MIN_VERIFY_MS = 300;
const MAX_VERIFY_MS = 800;
/** How long a later WebSocket may take to greet: several times what it took last, so that a try on a network that is gone ends soon. */
const PATIENCE = 4;
const MIN_PATIENCE_MS = 1_500;
const MAX_PATIENCE_MS = 8_000;
const FRESH_MS = 500;
/** After a loss the next WebSocket is begun beside one that has used up this part of its patience. */
const RACE_AT = 0.4;
/** A WebSocket that has worked here is tried that often before the fallback. */
const SOCKET_TRIES = 4;
/** Within that time after a loss nobody waits long for the next try: the network may be back any moment. */
const HOPEFUL_MS = 60_000;
const MAX_HOPEFUL_RETRY_MS = 700;
/** The first retry comes at once or nearly, so that a server's restart goes unnoticed; later ones spread out. */
const FIRST_RETRY_MS = 150;
const MAX_RETRY_MS = 5_000;

/**
 * The way to the server: keeps one session open, over a WebSocket or, where none opens, over server-sent events.
 * Every session begins with `hello` and has a peer id and a nonce of its own; who uses it starts anew at each `open`.
 * Calls without a session, or that its end cut off, throw `signaling/unreachable`.
 */
export class Signaling {
  readonly #options: SignalingOptions;
  readonly #random: () => number;
  #state: SignalingState = { at: 'closed' };
  readonly #transports: Transports;
  #transport: Transport | null = null;
  /** Whose connection is being opened, or is open. */
  #connecting: TransportHandlers | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** Proof of freshness for the next claim or retire (section 2). */
  #nonce = '';
  /** The fallback has its turn after a WebSocket that did not open. */
  #next: TransportKind = 'websocket';
  #hasHadSocket = false;
  #socketsRefused = false;
  #lostAtMs = -Infinity;
  #isVerifying = false;
  #sleep: () => void = () => undefined;
  #triedAtMs = -Infinity;
  #patienceMs = FIRST_PATIENCE_MS;
  #verifyMs = MAX_VERIFY_MS;

  constructor(options: SignalingOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#transports = options.transports ?? TRANSPORTS;
  }

  get state(): SignalingState {
    return this.#state;
  }
  /** A WebSocket was tried and did not open, and none ever has. */
  get socketsRefused(): boolean {
    return this.#socketsRefused && !this.#hasHadSocket;
  }
  get nonce(): string {
    return this.#nonce;
  }

  start(): void {
    if (this.#state.at !== 'closed') return;
    this.#become({ at: 'connecting', failures: 0 });
    this.#sleep = onWake(() => this.verify());
    this.#connect();
  }

  close(): void {
    if (this.#state.at === 'closed') return;
    this.#sleep();
    clearTimeout(this.#retry);
    this.#transport?.close();
    this.#transport = null;
    this.#become({ at: 'closed' });
  }

  /**
   * Something changed: is the way to the server still there? A session that does not answer at once is dropped for a
   * new one, and so is an attempt that began on the network before.
   */
  verify(): void {
    const transport = this.#transport;
    if (this.#state.at === 'closed' || this.#isVerifying) return;
    if (this.#state.at === 'connecting' || transport === null) {
      // What was begun only just now was begun on the network that is there now.
      if (transport === null || performance.now() - this.#triedAtMs > FRESH_MS) this.#renew();
      return;
    }
    this.#isVerifying = true;
    const settle = (isThere: boolean) => {
      if (!this.#isVerifying) return;
      this.#isVerifying = false;
      clearTimeout(patience);
      if (!isThere && this.#transport === transport) this.#renew();
    };
    const patience = setTimeout(() => settle(false), this.#verifyMs);
    transport.api.beat.mutate().then(
      () => settle(true),
      () => settle(false),
    );
  }

  #renew(): void {
    clearTimeout(this.#retry);
    this.#connecting = null;
    this.#transport?.close();
    this.#transport = null;
    // A WebSocket that worked here before will again; the fallback has its turn when it does not.
    this.#next = this.#hasHadSocket ? 'websocket' : this.#next;
    if (this.#state.at !== 'connecting') this.#become({ at: 'connecting', failures: 0 });
    this.#connect();
  }

  status(id: MeetingId): Promise<Status> {
    return this.#call((api) => api.status.query({ id }));
  }
  async watch(ids: readonly MeetingId[]): Promise<void> {
    await this.#call((api) => api.watch.mutate({ ids: [...ids] }));
  }
  async claim(id: MeetingId, proof: { publicKey: string; signature: string }): Promise<IceSettings> {
    const { nonce, ice } = await this.#prove((api) => api.claim.mutate({ id, ...proof }));
    this.#nonce = nonce;
    return readIce(ice);
  }
  async release(id: MeetingId): Promise<void> {
    await this.#call((api) => api.release.mutate({ id }));
  }
  async knock(id: MeetingId, envelope: Bytes | null): Promise<{ hostPresent: boolean; ice: IceSettings }> {
    const { hostPresent, ice } = await this.#call((api) =>
      api.knock.mutate({ id, envelope: envelope === null ? null : toBase64url(envelope) }),
    );
    return { hostPresent, ice: readIce(ice) };
  }
  /** Fresh credentials, before those that came with claim or knock end. Denied to who is not at the meeting. */
  async ice(id: MeetingId): Promise<IceSettings> {
    return readIce(await this.#call((api) => api.ice.mutate({ id })));
  }
  async leave(id: MeetingId): Promise<void> {
    await this.#call((api) => api.leave.mutate({ id }));
  }
  /** `to: null` is the meeting's host. False when nobody was there to take it. */
  async relay(id: MeetingId, to: PeerId | null, envelope: Bytes): Promise<boolean> {
    const { delivered } = await this.#call((api) =>
      api.relay.mutate({ id, to, envelope: toBase64url(envelope) }),
    );
    return delivered;
  }
  async retire(id: MeetingId, time: number, proof: { publicKey: string; signature: string }): Promise<void> {
    await this.#prove((api) => api.retire.mutate({ id, time, ...proof }));
  }
  /** This device is told by push from now on: a guest when the host comes, a host when somebody waits. */
  async tell(input: TellInput): Promise<void> {
    await this.#call((api) => api.tell.mutate(input));
  }
  async untell(id: MeetingId, endpoint: string): Promise<void> {
    await this.#call((api) => api.untell.mutate({ id, endpoint }));
  }
  serverInfo() {
    return this.#call((api) => api.serverInfo.query());
  }

  /** What is denied here is the proof of a host's key, and not a guest. */
  async #prove<T>(call: (api: Api) => Promise<T>): Promise<T> {
    try {
      return await this.#call(call);
    } catch (cause) {
      if (codeOf(cause) !== 'meeting/denied') throw cause;
      throw new ParleyError('signaling/claim-refused', { cause });
    }
  }

  async #call<T>(call: (api: Api) => Promise<T>): Promise<T> {
    const transport = this.#transport;
    if (transport === null || this.#state.at !== 'open') throw new ParleyError('signaling/unreachable');
    try {
      return await call(transport.api);
    } catch (cause) {
      throw new ParleyError(codeOfCall(cause), { cause });
    }
  }

  #connect(): void {
    const kind = this.#next;
    const triedAtMs = performance.now();
    const raceEveryMs = this.#hasHadSocket ? this.#patienceMs * RACE_AT : null;
    this.#triedAtMs = triedAtMs;
    const session: TransportHandlers = {
      event: (event) => {
        if (event.type === 'hello') {
          this.#nonce = event.nonce;
          if (kind === 'websocket') {
            this.#hasHadSocket = true;
            const tookMs = performance.now() - triedAtMs;
            // Which of several that race began when is not known here.
            if (raceEveryMs === null || tookMs < raceEveryMs) this.#measured(tookMs);
          }
          this.#become({ at: 'open', kind, peer: event.peer });
        } else {
          this.#options.onEvent(event);
        }
      },
      lost: () => this.#lost(kind),
    };
    this.#connecting = session;
    if (kind === 'websocket') {
      const { websocket } = this.#transports;
      const open = raceEveryMs === null ? websocket : race(websocket, raceEveryMs);
      this.#transport = open(session, this.#patienceMs);
      return;
    }
    // Another attempt may begin, or all end, while it loads.
    const isWanted = () => this.#connecting === session && this.#state.at === 'connecting';
    this.#transports.loadServerSentEvents().then(
      (open) => {
        if (isWanted()) this.#transport = open(session, this.#patienceMs);
      },
      () => {
        if (isWanted()) this.#lost(kind);
      },
    );
  }

  /** A WebSocket greeted after that time, on the network as it is now. */
  #measured(tookMs: number): void {
    this.#patienceMs = Math.min(Math.max(PATIENCE * tookMs, MIN_PATIENCE_MS), MAX_PATIENCE_MS);
    this.#verifyMs = Math.min(Math.max(tookMs, MIN_VERIFY_MS), MAX_VERIFY_MS);
  }

  #lost(kind: TransportKind): void {
    this.#transport = null;
    if (this.#state.at === 'closed') return;
    const failures = this.#state.at === 'open' ? 0 : this.#state.failures + 1;
    const neverOpened = this.#state.at === 'connecting';
    const nowMs = performance.now();
    if (!neverOpened) this.#lostAtMs = nowMs;
    else if (kind === 'websocket') this.#socketsRefused = true;
    const isSocketsTurnOver = !this.#hasHadSocket || failures % SOCKET_TRIES === 0;
    this.#next =
      neverOpened && kind === 'websocket' && isSocketsTurnOver ? 'server-sent events' : 'websocket';
    this.#become({ at: 'connecting', failures });
    // The fallback is tried at once after the socket; the pause comes after both.
    const rounds = Math.floor(failures / 2);
    const maxMs = nowMs - this.#lostAtMs < HOPEFUL_MS ? MAX_HOPEFUL_RETRY_MS : MAX_RETRY_MS;
    const isTurnOver = failures % 2 === 0;
    const delayMs = isTurnOver
      ? Math.min(FIRST_RETRY_MS * 2 ** rounds, maxMs) * (0.5 + this.#random() / 2)
      : 0;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), delayMs);
  }

  #become(state: SignalingState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}

/** A browser throws at a server list that it does not like; one that is not of our shape goes no further than this. */
function readIce(answer: unknown): IceSettings {
  const parsed = iceSettings.safeParse(answer);
  if (!parsed.success) throw new ParleyError('protocol/malformed');
  return parsed.data;
}

function codeOfCall(fault: unknown) {
  const data: unknown = typeof fault === 'object' && fault !== null && 'data' in fault ? fault.data : null;
  const wire: unknown = typeof data === 'object' && data !== null && 'wire' in data ? data.wire : null;
  return isWireCode(wire) && wire !== 'host-away' ? ERROR_OF_WIRE[wire] : 'signaling/unreachable';
}
