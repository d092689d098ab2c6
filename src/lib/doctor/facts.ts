import type { Path } from '../peer/path';
import type { TransportKind } from '../signaling/transport';
import type { AddressKind } from './address-kind';

export type RelayTransport = Path['transport'];
export const RELAY_TRANSPORTS = ['UDP', 'TCP', 'TLS'] as const satisfies readonly RelayTransport[];

/**
 * Whether a router gives a new port for every place that is spoken to (endpoint-dependent mapping, RFC 4787 section
 * 4.1), which a direct path seldom survives. That it does not can't be seen: where two STUN servers report the same
 * address, a browser hands out one candidate, as if only one had answered.
 */
export type Mapping = 'varies' | 'unknown';

/** `code` is the server's own (401, 486, ...) or 701, the browser's word for no contact (webrtc-pc section 4.8.3). */
export type ServerError = { readonly code: number; readonly url: string };

/**
 * All that is known of one attempt to connect, as a browser tells it. No address and no id has a field here.
 *
 * Silence is the hardest to tell: Chromium reports no error for a STUN or TURN server that never answers, and goes on
 * gathering. And a STUN answer that names an address the device has anyway makes no candidate. So an absence counts
 * only as `gathered.end` says.
 */
export type ConnectionFacts = {
  /** False where the browser has no WebRTC, or something has turned it off. */
  readonly hasWebRtc: boolean;
  readonly signaling: {
    readonly kind: 'connecting' | TransportKind | 'offline';
    /** A WebSocket was tried and did not open. */
    readonly socketsRefused: boolean;
  };
  /** What the operator offers; `null` until the server has said it. */
  readonly hasStun: boolean | null;
  readonly hasTurn: boolean | null;
  /** "Hide my address": only relayed paths are looked for. */
  readonly relayOnly: boolean;
  /** Own candidates, by kind. */
  readonly gathered: {
    readonly host: number;
    readonly srflx: number;
    readonly relay: Readonly<Record<RelayTransport, number>>;
    /** `overdue`: not complete after five seconds, when every answer that was to come is here. */
    readonly end: 'not-yet' | 'complete' | 'overdue';
  };
  /** The other side's candidates, as they arrived here. */
  readonly remote: { readonly host: number; readonly srflx: number; readonly relay: number };
  readonly mapped: { readonly here: Mapping; readonly there: Mapping };
  readonly errors: readonly ServerError[];
  /** Relays that gave out an address and then passed nothing on. Only a test of the relay alone can see that. */
  readonly silentRelays: readonly RelayTransport[];
  /** `silent`: it was connected, and nothing is heard. */
  readonly state: 'new' | 'gathering' | 'checking' | 'connected' | 'failed' | 'silent';
  /** This device's clock minus the server's; `null` where it was not compared. */
  readonly clockSkewMs: number | null;
  /** What sorts of address this device has. */
  readonly addresses: readonly AddressKind[];
  /** Chromium alone names the kind of network; elsewhere `null`, and a VPN can only be guessed at. */
  readonly hasVpn: boolean | null;
};

export const NO_FACTS: ConnectionFacts = {
  hasWebRtc: true,
  signaling: { kind: 'connecting', socketsRefused: false },
  hasStun: null,
  hasTurn: null,
  relayOnly: false,
  gathered: { host: 0, srflx: 0, relay: { UDP: 0, TCP: 0, TLS: 0 }, end: 'not-yet' },
  remote: { host: 0, srflx: 0, relay: 0 },
  mapped: { here: 'unknown', there: 'unknown' },
  errors: [],
  silentRelays: [],
  state: 'new',
  clockSkewMs: null,
  addresses: [],
  hasVpn: null,
};

/** How a relay of that URL is spoken to (RFC 7065 section 3.1); `null` where the URL is no relay's. */
export function transportOf(url: string): RelayTransport | null {
  if (url.startsWith('turns:')) return 'TLS';
  if (!url.startsWith('turn:')) return null;
  return url.endsWith('?transport=tcp') ? 'TCP' : 'UDP';
}
