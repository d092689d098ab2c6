import { beforeAll, describe, expect, test } from 'vitest';
import { ConnectionPair, meetingKeys, other, type Passing } from '../../../tests/fakes/connection-pair';
import type { Bytes } from '../protocol/bytes';

/** What a server can do to the envelopes in its hands (SERVER, hostile input): nothing of it gets it anywhere. */

/** An envelope's own header; what follows is the message. */
const ENVELOPE_HEADER_BYTES = 9;

const STEPS = ['message 1', 'message 2', 'message 3', 'the admission'] as const;
type Step = (typeof STEPS)[number];

function stepOf({ from, kind }: Passing): Step | null {
  if (kind === 'm1') return 'message 1';
  if (kind === 'm2') return 'message 2';
  if (kind !== 'record') return null;
  return from === 'guest' ? 'message 3' : 'the admission';
}

const flipped = (at: number) => (bytes: Bytes) =>
  bytes.map((byte, index) => (index === (at < 0 ? bytes.length + at : at) ? byte ^ 0x01 : byte));
const header = ENVELOPE_HEADER_BYTES;
const CHANGES: Record<string, (bytes: Bytes) => Bytes> = {
  'its first byte flipped': flipped(header),
  'its second byte flipped': flipped(header + 1),
  'its third byte flipped': flipped(header + 2),
  'its tenth byte flipped': flipped(header + 9),
  'a byte in its middle flipped': (bytes) => flipped((header + bytes.length) >> 1)(bytes),
  'the last byte flipped': flipped(-1),
  'the last byte missing': (bytes) => bytes.slice(0, -1),
  'a byte too many': (bytes) => Uint8Array.of(...bytes, 0),
  'half of it missing': (bytes) => bytes.slice(0, (header + bytes.length) >> 1),
  'nothing in it': (bytes) => bytes.slice(0, header),
  'all of it zero': (bytes) => bytes.map((byte, index) => (index < header ? byte : 0)),
};

let keys: Awaited<ReturnType<typeof meetingKeys>>;
beforeAll(async () => {
  keys = await meetingKeys();
});

/** Both are connected, to each other, and one message passes each way. */
async function expectTalk(pair: ConnectionPair): Promise<void> {
  await Promise.all([pair.heard.guest.first('open'), pair.heard.host.first('open')]);
  const [met, arrived] = await Promise.all([pair.heard.guest.first('met'), pair.heard.host.first('arrived')]);
  expect(arrived.safetyWords).toEqual(met.safetyWords);
  expect(arrived.name).toBe('Gerda');
  expect(pair.heard.guest.of('admission')).toMatchObject([
    { admission: { status: 'admit', name: 'Harald' } },
  ]);
  pair.guest.talk?.send({ kind: 'typing', isTyping: true });
  pair.host.talk?.send({ kind: 'typing', isTyping: true });
  await Promise.all([pair.heard.guest.first('talk'), pair.heard.host.first('talk')]);
  expect([...pair.heard.guest.of('closed'), ...pair.heard.host.of('closed')]).toEqual([]);
}

describe.each(STEPS)('%s', (step) => {
  const withRelay = async (relay: (pair: ConnectionPair, passing: Passing) => void) => {
    const pair = await ConnectionPair.create({ keys });
    const forward = pair.relay;
    let hasActed = false;
    pair.relay = (passing) => {
      if (hasActed || stepOf(passing) !== step) return forward(passing);
      hasActed = true;
      relay(pair, passing);
    };
    await pair.knock();
    return pair;
  };

  test.each(Object.entries(CHANGES))(
    'with %s opens nothing, and the true one still does',
    async (_, change) => {
      const pair = await withRelay((here, { from, bytes }) => {
        here.deliver(other(from), change(bytes));
        here.deliver(other(from), bytes);
      });
      await expectTalk(pair);
    },
  );

  test('with one changed byte only, nobody is connected', async () => {
    const pair = await withRelay((here, { from, bytes }) => here.deliver(other(from), flipped(-1)(bytes)));
    if (step === 'message 1') await expect.poll(() => pair.refusals).toBe(1);
    else await pair.heard[step === 'message 3' ? 'host' : 'guest'].first('unopened');
    await pair.guest.finish();
    expect(pair.heard.guest.of('open')).toEqual([]);
  });

  test('doubled counts once', async () => {
    const pair = await withRelay((here, { from, bytes }) => {
      here.deliver(other(from), bytes);
      here.deliver(other(from), bytes);
    });
    await expectTalk(pair);
    expect(pair.heard.host.of('arrived')).toHaveLength(1);
    expect(pair.heard.guest.of('met')).toHaveLength(1);
  });

  test('said again on an open connection changes nothing', async () => {
    const pair = await ConnectionPair.create({ keys });
    await pair.open();
    const late = pair.passed.find((passing) => stepOf(passing) === step);
    if (late === undefined) throw new Error('not passed');
    pair.deliver(other(late.from), late.bytes);
    await expectTalk(pair);
    expect(pair.heard.host.of('arrived')).toHaveLength(1);
    expect(pair.heard.guest.of('admission')).toHaveLength(1);
  });

  test('sent back to its sender as well changes nothing', async () => {
    const pair = await withRelay((here, { from, bytes }) => {
      here.deliver(from, bytes);
      here.deliver(other(from), bytes);
    });
    await expectTalk(pair);
  });
});

test('records that overtake message 2 and each other are opened in their order', async () => {
  const pair = await ConnectionPair.create({ keys, policy: { lobby: true }, admits: false });
  const forward = pair.relay;
  const held: Passing[] = [];
  pair.relay = (passing) => (passing.from === 'host' ? void held.push(passing) : forward(passing));
  await pair.knock();
  const candidate = (port: number) =>
    ({ candidate: `candidate:1 1 udp 1 192.0.2.1 ${port} typ host`, sdpMid: '0' }) as const;
  await expect.poll(() => held.length).toBe(1);
  for (const port of [1, 2, 3]) {
    pair.host.negotiate({ kind: 'candidates', candidates: [candidate(port)] }, true);
  }
  await expect.poll(() => held.length).toBe(4);
  for (const { bytes } of held.reverse()) pair.deliver('guest', bytes);
  await pair.heard.guest.nth('negotiation', 3);
  const ports = pair.heard.guest
    .of('negotiation')
    .map(({ message }) => message.kind === 'candidates' && message.candidates);
  expect(ports).toEqual([1, 2, 3].map((port) => [candidate(port)]));
  expect(pair.heard.guest.of('unopened')).toEqual([]);
});

test('a record that never comes is noticed by those after it', async () => {
  const pair = await ConnectionPair.create({ keys, policy: { lobby: true }, admits: false });
  await pair.knock();
  await pair.heard.host.first('arrived');
  const forward = pair.relay;
  pair.relay = () => undefined;
  pair.host.admit({ status: 'admit', name: 'Harald' });
  await expect.poll(() => pair.passed.at(-1)?.from).toBe('host');
  pair.relay = forward;
  pair.host.negotiate({ kind: 'restart' }, true);
  await pair.heard.guest.first('unopened');
  expect(pair.heard.guest.of('negotiation')).toEqual([]);
});

test('a record of another meeting with the same tag opens nothing', async () => {
  const [ours, theirs] = await Promise.all([ConnectionPair.create({ keys }), ConnectionPair.create()]);
  await Promise.all([ours.open(), theirs.open()]);
  for (const { from, bytes } of theirs.passed) ours.deliver(other(from), bytes);
  ours.guest.negotiate({ kind: 'restart' }, true);
  await ours.heard.host.nth('negotiation', 2);
  await expectTalk(ours);
});

test('forged records cannot crowd out the true one', async () => {
  const pair = await ConnectionPair.create({ keys });
  const forward = pair.relay;
  pair.relay = (passing) => {
    if (stepOf(passing) === 'message 3') {
      // One forgery for each number that can be held.
      for (let number = 1; number <= 40; number++) {
        pair.deliver('host', flipped(ENVELOPE_HEADER_BYTES + 9)(withNumber(passing.bytes, number ^ 1)));
      }
    }
    forward(passing);
  };
  await pair.knock();
  await expectTalk(pair);
});

/** The record in an envelope with another number in its header: `type(1) | epoch(1) | seq(8)`. */
function withNumber(envelope: Bytes, number: number): Bytes {
  const copy = envelope.slice();
  new DataView(copy.buffer).setBigUint64(ENVELOPE_HEADER_BYTES + 2, BigInt(number));
  return copy;
}
