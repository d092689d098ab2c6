/** How the packets travel, read from the browser's statistics (webrtc-stats: RTCIceCandidatePairStats). */
export type Path = { kind: 'direct' | 'relayed'; transport: 'UDP' | 'TCP' | 'TLS' };

/** `null` while no pair is in use. */
export function pathOf(report: RTCStatsReport): Path | null {
  const entries = [...report.values()] as Record<string, unknown>[];
  const byId = new Map(entries.map((entry) => [entry['id'], entry]));
  const transport = entries.find((entry) => entry['type'] === 'transport');
  // Firefox names no selected pair in its transport; there the pair itself says so.
  const pair =
    byId.get(transport?.['selectedCandidatePairId']) ??
    entries.find(
      (entry) => entry['type'] === 'candidate-pair' && (entry['selected'] === true || isInUse(entry)),
    );
  const local = byId.get(pair?.['localCandidateId']);
  const remote = byId.get(pair?.['remoteCandidateId']);
  if (local === undefined || remote === undefined) return null;
  // Either end being a relay is a relayed path, whatever the other one is.
  const isRelayed = local['candidateType'] === 'relay' || remote['candidateType'] === 'relay';
  const relayProtocol = local['candidateType'] === 'relay' ? local['relayProtocol'] : null;
  return {
    kind: isRelayed ? 'relayed' : 'direct',
    transport: transportOf(relayProtocol ?? local['protocol']),
  };
}

const isInUse = (entry: Record<string, unknown>): boolean =>
  entry['nominated'] === true && entry['state'] === 'succeeded';

function transportOf(protocol: unknown): Path['transport'] {
  if (protocol === 'tls') return 'TLS';
  return protocol === 'tcp' ? 'TCP' : 'UDP';
}
