import { TRPCError } from '@trpc/server';
import { register } from 'prom-client';
import { expect, test } from 'vitest';
import { randomId, type MeetingId, type PeerId } from '../lib/protocol/ids';
import type { ServerEvent } from '../lib/protocol/signaling';
import type { Log } from './log';
import { CALLS, countingLog, outcomeOf, type Metrics } from './metrics';
import { createMetrics } from './metrics-prometheus';
import type { Member } from './presence';
import { Refusal } from './refusal';
import { createRouter, type RouterParts } from './router';

const [A, B] = [randomId<MeetingId>(), randomId<MeetingId>()];
const newMember = (): Member => ({ peer: randomId<PeerId>(), send: () => undefined });
const guest = newMember();
const answerOf = (id: MeetingId): ServerEvent => ({ type: 'relay', id, from: null, envelope: 'bTE' });

function counting() {
  const clock = { ms: 0 };
  const metrics = createMetrics(() => clock.ms);
  const ours = async () => {
    const text = await metrics.registry.metrics();
    return text.split('\n').filter((line) => line.startsWith('parley_'));
  };
  return { metrics, clock, ours };
}

test('every call has a name of its own; what a client makes up is one thing', async () => {
  const router = createRouter({} as RouterParts);
  expect([...CALLS].sort()).toEqual(Object.keys(router._def.procedures).sort());
  const { metrics, ours } = counting();
  for (const name of [
    'knock',
    'knock',
    'x'.repeat(100),
    '__proto__',
    'constructor',
    '',
    'Knock',
    'a"} 1\n',
  ]) {
    metrics.call(name, name === 'knock' ? 'ok' : 'NOT_FOUND');
  }
  metrics.call('knock', 'rate-limited');
  expect((await ours()).filter((line) => line.startsWith('parley_calls'))).toEqual([
    'parley_calls_total{call="knock",outcome="ok"} 2',
    'parley_calls_total{call="unknown",outcome="NOT_FOUND"} 6',
    'parley_calls_total{call="knock",outcome="rate-limited"} 1',
  ]);
});

test('a failed call is counted by the code that the client was given', () => {
  expect(outcomeOf(new Refusal('full'))).toBe('full');
  expect(outcomeOf(new TRPCError({ code: 'BAD_REQUEST', message: 'secret' }))).toBe('BAD_REQUEST');
});

test('what the log notes is counted, also where it writes nothing', async () => {
  const { metrics, ours } = counting();
  const written: unknown[] = [];
  const log: Log = {
    mode: 'off',
    event: (...said) => written.push(said),
    fault: (thrown) => written.push(thrown),
  };
  const both = countingLog(log, metrics);
  both.event('claimed', '192.0.2.77');
  both.event('claimed', '192.0.2.78');
  both.event('stopping', null);
  both.fault('broken');
  expect(both.mode).toBe('off');
  expect(written).toEqual([
    ['claimed', '192.0.2.77'],
    ['claimed', '192.0.2.78'],
    ['stopping', null],
    'broken',
  ]);
  const lines = await ours();
  expect(lines).toContain('parley_events_total{event="claimed"} 2');
  expect(lines).toContain('parley_events_total{event="stopping"} 1');
  expect(lines).toContain('parley_faults_total 1');
  expect(lines.join()).not.toContain('192.0.2');
});

test('levels are read when somebody asks', async () => {
  const { metrics, ours } = counting();
  const now = { sockets: 3, streams: 1, sessions: 4, meetings: 2, watches: 7 };
  metrics.levels(() => now);
  now.sockets = 5;
  const lines = await ours();
  expect(lines).toEqual(
    expect.arrayContaining([
      'parley_open_connections{transport="socket"} 5',
      'parley_open_connections{transport="stream"} 1',
      'parley_sessions 4',
      'parley_meetings 2',
      'parley_watches 7',
    ]),
  );
});

test('bytes that were passed on', async () => {
  const { metrics, ours } = counting();
  metrics.relayed(1_000);
  metrics.relayed(24);
  expect(await ours()).toContain('parley_relayed_bytes_total 1024');
});

test('the time to an answer begins with the first knock that somebody could hear', async () => {
  const { metrics, clock, ours } = counting();
  metrics.sent(guest, answerOf(A));
  metrics.knocked(guest, A);
  clock.ms = 300;
  metrics.knocked(guest, A);
  metrics.sent(guest, answerOf(B));
  metrics.sent(newMember(), answerOf(A));
  metrics.sent(guest, { type: 'relay', id: A, from: randomId<PeerId>(), envelope: 'bTE' });
  clock.ms = 400;
  metrics.sent(guest, answerOf(A));
  clock.ms = 9_000;
  metrics.sent(guest, answerOf(A));
  const lines = await ours();
  expect(lines).toContain('parley_time_to_answer_seconds_count 1');
  expect(lines).toContain('parley_time_to_answer_seconds_sum 0.4');
  expect(lines).toContain('parley_time_to_answer_seconds_bucket{le="0.25"} 0');
  expect(lines).toContain('parley_time_to_answer_seconds_bucket{le="0.5"} 1');
});

test.each<[string, (metrics: Metrics) => void]>([
  ['the guest leaves', (metrics) => metrics.left(guest, A)],
  ['the host goes', (metrics) => metrics.sent(guest, { type: 'presence', id: A, hostPresent: false })],
  ['the meeting is retired', (metrics) => metrics.sent(guest, { type: 'retired', id: A })],
])('no time runs on when %s', async (_, happens) => {
  const { metrics, clock, ours } = counting();
  metrics.knocked(guest, A);
  clock.ms = 60_000;
  metrics.sent(guest, { type: 'presence', id: A, hostPresent: true });
  happens(metrics);
  metrics.sent(guest, answerOf(A));
  expect(await ours()).toContain('parley_time_to_answer_seconds_count 0');
  metrics.knocked(guest, A);
  clock.ms = 61_000;
  metrics.sent(guest, answerOf(A));
  expect(await ours()).toContain('parley_time_to_answer_seconds_sum 1');
});

test('two of them share nothing, and nothing is kept beside them', async () => {
  const [first, second] = [counting(), counting()];
  first.metrics.fault();
  expect(await second.ours()).toContain('parley_faults_total 0');
  expect(register.getMetricsAsArray()).toEqual([]);
});
