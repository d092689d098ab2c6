import { codeOf } from '../protocol/errors';
import type { IceSettings } from '../protocol/signaling';
import type { LinkNetwork, ServerFault } from '../peer/rtc-link';

/** Credentials are asked for anew when that part of their life is over, so that an ICE restart never finds them expired. */
const RENEW_AT = 0.75;
const RETRY_MS = 30_000;
const MAX_FAULTS = 20;

type Configurable = { configure(network: LinkNetwork): void };

/**
 * What every connection of this page is made with: the STUN and TURN servers that our own server named, and whether
 * only a relay may be used. A change reaches the connections that are there (webrtc-pc §4.4.2: the next gathering uses
 * it; what runs goes on).
 */
export class Network {
  readonly #options: { fetch: () => Promise<IceSettings>; changed: () => void };
  readonly #lines = new Set<Configurable>();
  #ice: IceSettings | null = null;
  #relayOnly = false;
  #faults: readonly ServerFault[] = [];
  #renewal: ReturnType<typeof setTimeout> | undefined;

  /** `fetch` asks the server for fresh credentials. */
  constructor(options: { fetch: () => Promise<IceSettings>; changed: () => void }) {
    this.#options = options;
  }

  get settings(): LinkNetwork {
    return { iceServers: this.#ice?.servers ?? [], relayOnly: this.#relayOnly };
  }
  get relayOnly(): boolean {
    return this.#relayOnly;
  }
  get hasStun(): boolean {
    return this.#has('stun');
  }
  get hasTurn(): boolean {
    return this.#has('turn');
  }
  /** Only a relay may be used, and the server has none: no connection can come about. */
  get lacksRelay(): boolean {
    return this.#relayOnly && this.#ice !== null && !this.hasTurn;
  }

  add(line: Configurable): void {
    this.#lines.add(line);
  }
  remove(line: Configurable): void {
    this.#lines.delete(line);
  }

  take(ice: IceSettings): void {
    this.#ice = ice;
    this.#configure();
    clearTimeout(this.#renewal);
    if (ice.expiresInMs !== null) this.#renewIn(ice.expiresInMs * RENEW_AT);
  }

  /** What the servers refused lately, for the doctor: each kind once. */
  get faults(): readonly ServerFault[] {
    return this.#faults;
  }
  failed(fault: ServerFault): void {
    if (this.#faults.some(({ url, code }) => url === fault.url && code === fault.code)) return;
    this.#faults = [...this.#faults, fault].slice(-MAX_FAULTS);
  }

  setRelayOnly(relayOnly: boolean): void {
    if (relayOnly === this.#relayOnly) return;
    this.#relayOnly = relayOnly;
    this.#configure();
  }

  close(): void {
    clearTimeout(this.#renewal);
    this.#lines.clear();
  }

  #has(scheme: 'stun' | 'turn'): boolean {
    return this.#ice?.servers.some(({ urls }) => urls.some((url) => url.startsWith(scheme))) ?? false;
  }

  #configure(): void {
    for (const line of this.#lines) line.configure(this.settings);
    this.#options.changed();
  }

  #renewIn(delayMs: number): void {
    this.#renewal = setTimeout(() => {
      this.#options.fetch().then(
        (ice) => this.take(ice),
        (fault: unknown) => {
          // Without a server, the next claim or knock brings new ones.
          if (codeOf(fault) !== 'signaling/unreachable') this.#renewIn(RETRY_MS);
        },
      );
    }, delayMs);
  }
}
