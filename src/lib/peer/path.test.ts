import { describe, expect, test } from 'vitest';
import { pathOf } from './path';

type Entry = { id: string; type: string } & Record<string, unknown>;

/** A report is a map; only its entries are read. */
const report = (...entries: Entry[]): RTCStatsReport => new Map(entries.map((entry) => [entry.id, entry]));

const candidate = (side: 'local' | 'remote', id: string, fields: Record<string, unknown> = {}): Entry => ({
  id,
  type: `${side}-candidate`,
  candidateType: 'host',
  protocol: 'udp',
  ...fields,
});
const pair = (id: string, local: string, remote: string, fields: Record<string, unknown> = {}): Entry => ({
  id,
  type: 'candidate-pair',
  localCandidateId: local,
  remoteCandidateId: remote,
  ...fields,
});
const other = pair('other', 'l2', 'r2', { state: 'succeeded', nominated: false });
const far = candidate('local', 'l2', { candidateType: 'relay', relayProtocol: 'tls' });

describe.each([
  // Chromium's transport names the pair in use; Firefox's does not, and there the pair says so itself.
  ['Chromium', [{ id: 'T', type: 'transport', selectedCandidatePairId: 'used' }], { nominated: true }],
  ['Firefox', [{ id: 'T', type: 'transport' }], { selected: true, state: 'succeeded' }],
  ['a browser that only nominates', [], { nominated: true, state: 'succeeded' }],
])('in %s', (_, transport, marks) => {
  const used = pair('used', 'l1', 'r1', marks);
  const path = (local: Record<string, unknown>, remote: Record<string, unknown> = {}) =>
    pathOf(
      report(
        other,
        far,
        ...transport,
        used,
        candidate('local', 'l1', local),
        candidate('remote', 'r1', remote),
      ),
    );

  test('two hosts are direct', () => expect(path({})).toEqual({ kind: 'direct', transport: 'UDP' }));
  test('a reflexive candidate is direct', () =>
    expect(path({ candidateType: 'srflx' }, { candidateType: 'prflx' })).toMatchObject({ kind: 'direct' }));
  test('TCP is named', () => expect(path({ protocol: 'tcp' })).toEqual({ kind: 'direct', transport: 'TCP' }));
  test.each(['udp', 'tcp', 'tls'])('one’s own relay over %s', (relayProtocol) =>
    expect(path({ candidateType: 'relay', relayProtocol })).toEqual({
      kind: 'relayed',
      transport: relayProtocol.toUpperCase(),
    }),
  );
  test('the other side’s relay makes it relayed', () =>
    expect(path({}, { candidateType: 'relay' })).toEqual({ kind: 'relayed', transport: 'UDP' }));
});

test('there is none before a pair is in use', () => {
  expect(pathOf(report())).toBeNull();
  expect(
    pathOf(report({ id: 'T', type: 'transport' }, pair('p', 'l1', 'r1', { state: 'in-progress' }))),
  ).toBeNull();
});

test('there is none while a candidate of the pair is missing from the report', () => {
  const used = pair('used', 'l1', 'gone', { nominated: true, state: 'succeeded' });
  expect(pathOf(report(used, candidate('local', 'l1')))).toBeNull();
});
