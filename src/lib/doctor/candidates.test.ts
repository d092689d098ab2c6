import { describe, expect, test } from 'vitest';
import { addressKinds, countCandidates, hasVpn, mappingOf, readCandidate } from './candidates';
import type { CandidateWords, SeenCandidate } from './candidates';

const HOST: CandidateWords = {
  type: 'host',
  address: '192.168.1.5',
  port: 40_000,
  protocol: 'udp',
  foundation: '1',
  relatedPort: null,
};
const srflx = (port: number, more: Partial<CandidateWords> = {}): CandidateWords => ({
  ...HOST,
  type: 'srflx',
  address: '203.0.113.7',
  port,
  foundation: '2',
  relatedPort: 40_000,
  ...more,
});
const relay = (more: Partial<CandidateWords>): CandidateWords => ({
  ...srflx(50_000),
  type: 'relay',
  ...more,
});

const read = (...candidates: CandidateWords[]): SeenCandidate[] =>
  candidates.flatMap((one) => readCandidate(one) ?? []);

describe('candidates', () => {
  test('are counted by kind, relays by how they are spoken to', () => {
    const seen = read(
      HOST,
      { ...HOST, protocol: 'tcp' },
      srflx(40_000),
      // As Chromium says it, which leaves the protocol out for UDP.
      relay({ url: 'turn:turn.example:3478?transport=udp', relayProtocol: null }),
      relay({ url: 'turn:turn.example:3478?transport=tcp', relayProtocol: 'tcp' }),
      relay({ url: 'turns:turn.example:443?transport=tcp' }),
      relay({ relayProtocol: 'tls' }),
      relay({}),
    );
    expect(countCandidates(seen)).toEqual({ host: 2, srflx: 1, relay: { UDP: 2, TCP: 1, TLS: 2 } });
  });

  test('that were not gathered are none', () => {
    expect(read({ ...HOST, type: 'prflx' }, { ...HOST, type: null })).toEqual([]);
  });

  test('tell the sorts of this device’s addresses, each once, and no relay’s', () => {
    const seen = read(HOST, HOST, srflx(1), relay({ address: '198.51.100.1' }), {
      ...HOST,
      address: 'x.local',
    });
    expect(addressKinds(seen)).toEqual(['private IPv4', 'public IPv4', 'hidden by the browser']);
  });
});

describe('the mapping', () => {
  test.each<[string, CandidateWords[], string]>([
    ['one socket, two ports', [srflx(1), srflx(2)], 'varies'],
    ['the same with hidden bases', [srflx(1, { relatedPort: 0 }), srflx(2, { relatedPort: 0 })], 'varies'],
    ['one answer', [srflx(1)], 'unknown'],
    ['two networks', [srflx(1), srflx(2, { foundation: '3' })], 'unknown'],
    ['two sockets', [srflx(1), srflx(2, { relatedPort: 40_001 })], 'unknown'],
    ['the same port said twice', [srflx(1), srflx(1)], 'unknown'],
    [
      'TCP, where ports mean nothing',
      [srflx(1, { protocol: 'tcp' }), srflx(2, { protocol: 'tcp' })],
      'unknown',
    ],
    ['hosts and relays', [HOST, { ...HOST, port: 2 }, relay({ port: 1 }), relay({ port: 2 })], 'unknown'],
  ])('%s', (_, candidates, mapping) => {
    expect(mappingOf(read(...candidates))).toBe(mapping);
  });
});

test.each<[object[], boolean | null]>([
  [
    [
      { type: 'local-candidate', networkType: 'vpn' },
      { type: 'local-candidate', networkType: 'wifi' },
    ],
    true,
  ],
  [[{ type: 'local-candidate', networkType: 'ethernet' }], false],
  [[{ type: 'local-candidate', networkType: 'unknown' }], null],
  [[{ type: 'local-candidate' }], null],
  [[{ type: 'remote-candidate', networkType: 'vpn' }], null],
  [[], null],
])('a VPN is known where the browser names the network: %j', (entries, expected) => {
  const report = new Map(entries.map((entry, index) => [String(index), entry]));
  expect(hasVpn(report)).toBe(expected);
});
