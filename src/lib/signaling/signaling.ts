import { toBase64url, type Bytes } from '../protocol/bytes';
import { codeOf, ERROR_OF_WIRE, ParleyError } from '../protocol/errors';
import type { MeetingId, PeerId } from '../protocol/ids';
import {
  iceSettings,
  isWireCode,
  type IceSettings,
  type ServerEvent,
  type Status,
} from '../protocol/signaling';
import type { Api, Transport, TransportHandlers, TransportKind } from './transport';
import { openWebSocket } from './websocket';

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

type OpenTransport = (handlers: TransportHandlers) => Transport;
type Transports = { websocket: OpenTransport; loadServerSentEvents: () => Promise<OpenTransport> };

const TRANSPORTS: Transports = {
  websocket: openWebSocket,
  // Most people never need it, so most never load it.
  loadServerSentEvents: async () => (await import('./server-sent-events')).openServerSentEvents,
};

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

  constructor(options: SignalingOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#transports = options.transports ?? TRANSPORTS;
  }

  get state(): SignalingState {
    return this.#state;
  }
  get nonce(): string {
    return this.#nonce;
  }

  start(): void {
    if (this.#state.at !== 'closed') return;
    this.#become({ at: 'connecting', failures: 0 });
    addEventListener('online', this.#hurry);
    document.addEventListener('visibilitychange', this.#hurry);
    this.#connect();
  }

  close(): void {
    if (this.#state.at === 'closed') return;
    removeEventListener('online', this.#hurry);
    document.removeEventListener('visibilitychange', this.#hurry);
    clearTimeout(this.#retry);
    this.#transport?.close();
    this.#transport = null;
    this.#become({ at: 'closed' });
  }

  /** Drops the present session for a new one: the network changed and the socket may be dead without knowing. */
  renew(): void {
    if (this.#state.at !== 'open') return this.#hurry();
    this.#transport?.close();
    this.#become({ at: 'connecting', failures: 0 });
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
    const session: TransportHandlers = {
      event: (event) => {
        if (event.type === 'hello') {
          this.#nonce = event.nonce;
          this.#become({ at: 'open', kind, peer: event.peer });
        } else {
          this.#options.onEvent(event);
        }
      },
      lost: () => this.#lost(kind),
    };
    this.#connecting = session;
    if (kind === 'websocket') {
      this.#transport = this.#transports.websocket(session);
      return;
    }
    // Another attempt may begin, or all end, while it loads.
    const isWanted = () => this.#connecting === session && this.#state.at === 'connecting';
    this.#transports.loadServerSentEvents().then(
      (open) => {
        if (isWanted()) this.#transport = open(session);
      },
      () => {
        if (isWanted()) this.#lost(kind);
      },
    );
  }

  #lost(kind: TransportKind): void {
    this.#transport = null;
    if (this.#state.at === 'closed') return;
    const failures = this.#state.at === 'open' ? 0 : this.#state.failures + 1;
    const neverOpened = this.#state.at === 'connecting';
    this.#next = neverOpened && kind === 'websocket' ? 'server-sent events' : 'websocket';
    this.#become({ at: 'connecting', failures });
    // The fallback is tried at once after the socket; the pause comes after both.
    const rounds = Math.floor(failures / 2);
    const isTurnOver = failures % 2 === 0;
    const delayMs = isTurnOver
      ? Math.min(FIRST_RETRY_MS * 2 ** rounds, MAX_RETRY_MS) * (0.5 + this.#random() / 2)
      : 0;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), delayMs);
  }

  /** The network is back or the person is: no reason to wait any longer. */
  readonly #hurry = (): void => {
    if (this.#state.at !== 'connecting' || this.#transport !== null || document.visibilityState === 'hidden')
      return;
    clearTimeout(this.#retry);
    this.#connect();
  };

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
