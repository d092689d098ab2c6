import { addressKind, type AddressKind } from './address-kind';
import { transportOf, type ConnectionFacts, type Mapping, type RelayTransport } from './facts';

/** What a diagnosis needs of one own candidate. It keeps no address. */
export type SeenCandidate = {
  readonly type: 'host' | 'srflx' | 'relay';
  readonly address: AddressKind;
  /** How the relay is spoken to; `null` for what is no relay's. */
  readonly relay: RelayTransport | null;
  /** Two candidates of one base left the device through one socket. `null` where the browser hides that. */
  readonly base: string | null;
  readonly port: number | null;
};

/** What a browser says of a candidate; not all of it is in every browser or in the DOM's types. */
export type CandidateWords = Pick<
  RTCIceCandidate,
  'type' | 'address' | 'port' | 'protocol' | 'foundation' | 'relatedPort'
> & { readonly url?: string | null; readonly relayProtocol?: string | null };

/** `null` for what is not gathered, such as a peer-reflexive one. */
export function readCandidate(candidate: CandidateWords): SeenCandidate | null {
  const { type, port, protocol, foundation, relatedPort } = candidate;
  if (type !== 'host' && type !== 'srflx' && type !== 'relay') return null;
  return {
    type,
    address: addressKind(candidate.address),
    relay: type === 'relay' ? relayTransport(candidate) : null,
    // RFC 8445 section 5.1.1.3: one foundation means one base address, and a browser has one UDP socket on each. The
    // related port tells sockets apart where it isn't hidden, which it is, as 0, while addresses are.
    base: protocol === 'udp' && foundation !== null ? `${foundation} ${relatedPort ?? 0}` : null,
    port,
  };
}

/** Firefox says neither, and is not asked about relays but one at a time. */
function relayTransport({ url, relayProtocol }: CandidateWords): RelayTransport {
  if (relayProtocol === 'tls') return 'TLS';
  if (relayProtocol === 'tcp') return 'TCP';
  return transportOf(url ?? '') ?? 'UDP';
}

export function countCandidates(
  seen: readonly SeenCandidate[],
): Pick<ConnectionFacts['gathered'], 'host' | 'srflx' | 'relay'> {
  const count = (type: SeenCandidate['type'], relay: RelayTransport | null = null) =>
    seen.filter((one) => one.type === type && one.relay === relay).length;
  return {
    host: count('host'),
    srflx: count('srflx'),
    relay: { UDP: count('relay', 'UDP'), TCP: count('relay', 'TCP'), TLS: count('relay', 'TLS') },
  };
}

/** One base that is seen from outside under two ports. */
export function mappingOf(seen: readonly SeenCandidate[]): Mapping {
  const portOfBase = new Map<string, number | null>();
  for (const { type, base, port } of seen) {
    if (type !== 'srflx' || base === null) continue;
    const before = portOfBase.get(base);
    if (before !== undefined && before !== port) return 'varies';
    portOfBase.set(base, port);
  }
  return 'unknown';
}

/** An own relay's address is the relay's, and says nothing of this device. */
export function addressKinds(seen: readonly SeenCandidate[]): AddressKind[] {
  return [...new Set(seen.filter(({ type }) => type !== 'relay').map(({ address }) => address))];
}

/** Of the browser's statistics: Chromium names the kind of network of its own candidates, "vpn" among them. */
export function hasVpn(report: RTCStatsReport): boolean | null {
  const networks = ([...report.values()] as Record<string, unknown>[])
    .filter((entry) => entry['type'] === 'local-candidate')
    .map((entry) => entry['networkType'])
    .filter((network) => typeof network === 'string' && network !== 'unknown');
  return networks.length === 0 ? null : networks.includes('vpn');
}
