import { countCandidates, addressKinds, hasVpn, mappingOf, readCandidate } from '../doctor/candidates';
import { NO_FACTS, type ConnectionFacts } from '../doctor/facts';
import type { SignalingState } from '../signaling/signaling';
import type { Line } from './line';
import type { Network } from './network';
import type { Peer } from './peer';
import { signalingWord } from './roster';

/** Gathering that takes longer has had every answer that was to come (see `ConnectionFacts`). */
const OVERDUE_MS = 5_000;

/** What the doctor is told of one peer, read from the browser's statistics when it is asked (webrtc-stats §8). */
export async function factsOf(
  peer: Peer | null,
  network: Network,
  signaling: { state: SignalingState; socketsRefused: boolean },
): Promise<ConnectionFacts> {
  const line = peer?.line ?? null;
  const own: ConnectionFacts = {
    ...NO_FACTS,
    hasWebRtc: 'RTCPeerConnection' in globalThis,
    signaling: { kind: signalingWord(signaling.state), socketsRefused: signaling.socketsRefused },
    hasStun: network.hasStun,
    hasTurn: network.hasTurn,
    relayOnly: network.relayOnly,
    errors: network.faults,
    state: stateOf(peer, line),
  };
  if (line === null) return own;
  const report = await line.statistics();
  const entries = [...report.values()] as Record<string, unknown>[];
  const seen = (type: string) =>
    entries.filter((entry) => entry['type'] === type).flatMap((entry) => readCandidate(wordsOf(entry)) ?? []);
  const [here, there] = [seen('local-candidate'), seen('remote-candidate')];
  const remote = countCandidates(there);
  const isLate = performance.now() - line.startedAtMs > OVERDUE_MS;
  return {
    ...own,
    gathered: {
      ...countCandidates(here),
      end: line.iceState.gathering === 'complete' ? 'complete' : isLate ? 'overdue' : 'not-yet',
    },
    remote: { host: remote.host, srflx: remote.srflx, relay: sum(Object.values(remote.relay)) },
    mapped: { here: mappingOf(here), there: mappingOf(there) },
    addresses: addressKinds(here),
    hasVpn: hasVpn(report),
  };
}

/** A statistics entry in the words of an RTCIceCandidate. */
function wordsOf(entry: Record<string, unknown>): Parameters<typeof readCandidate>[0] {
  const text = (name: string) => (typeof entry[name] === 'string' ? entry[name] : null);
  const number = (name: string) => (typeof entry[name] === 'number' ? entry[name] : null);
  return {
    type: text('candidateType') as RTCIceCandidateType | null,
    address: text('address'),
    port: number('port'),
    protocol: text('protocol') as RTCIceProtocol | null,
    foundation: text('foundation'),
    relatedPort: number('relatedPort'),
    url: text('url'),
    relayProtocol: text('relayProtocol'),
  };
}

function stateOf(peer: Peer | null, line: Line | null): ConnectionFacts['state'] {
  if (peer?.state.at === 'open') return 'connected';
  if (peer?.state.at === 'silent') return 'silent';
  if (line === null) return 'new';
  const { gathering, connection } = line.iceState;
  if (connection === 'failed') return 'failed';
  if (connection === 'checking') return 'checking';
  return gathering === 'gathering' ? 'gathering' : 'new';
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
