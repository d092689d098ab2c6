import { describe, expect, test } from 'vitest';
import { ConnectionPair, description } from '../../../tests/fakes/connection-pair';
import type { Policy } from '../protocol/handshake';
import type { Candidate } from '../protocol/message';

const HOST_CANDIDATE: Candidate = {
  candidate: 'candidate:1 1 udp 2113937151 192.0.2.7 50000 typ host',
  sdpMid: '0',
};
const RELAYED: Candidate = {
  candidate: 'candidate:2 1 udp 33562367 198.51.100.9 60000 typ relay raddr 192.0.2.7 rport 50000',
  sdpMid: '0',
};

describe('without a lobby', () => {
  test('the handshake carries the descriptions, and both ends have the same words', async () => {
    const pair = await ConnectionPair.create();
    await pair.open();
    expect(pair.passed.map(({ from, kind }) => `${from} ${kind}`)).toEqual([
      'guest m1',
      'host m2',
      'guest record',
      'host record',
    ]);
    const [met, arrived, admission] = await Promise.all([
      pair.heard.guest.first('met'),
      pair.heard.host.first('arrived'),
      pair.heard.guest.first('admission'),
    ]);
    expect(met.policy).toEqual(pair.policy);
    expect(met.safetyWords).toHaveLength(4);
    expect(arrived).toMatchObject({ participant: pair.participant, name: 'Gerda', text: 'It is me' });
    expect(arrived.safetyWords).toEqual(met.safetyWords);
    expect(admission.admission).toEqual({ status: 'admit', name: 'Harald' });
  });

  test('the host is asked for an offer, the guest for an answer to that very offer', async () => {
    const pair = await ConnectionPair.create();
    await pair.open();
    expect((await pair.heard.host.first('knocked')).wantsOffer).toBe(true);
    const [toGuest, toHost] = await Promise.all([
      pair.heard.guest.first('negotiation'),
      pair.heard.host.first('negotiation'),
    ]);
    const offer = description('offer', pair.fingerprints.host);
    expect(toGuest.message).toEqual({ kind: 'description', description: offer });
    const answer = description('answer', pair.fingerprints.guest);
    expect(toHost.message).toEqual({ kind: 'description', description: answer });
  });

  test('the guest is not there before the host has admitted it, whatever ICE says', async () => {
    const pair = await ConnectionPair.create({ admits: false });
    await pair.knock();
    await pair.heard.host.first('open');
    expect(pair.heard.guest.of('open')).toEqual([]);
    pair.host.talk?.send({ kind: 'typing', isTyping: true });
    pair.admit();
    const types = async () => {
      await pair.heard.guest.first('talk');
      return pair.heard.guest.events.map(({ type }) => type).filter((type) => type !== 'envelope');
    };
    expect(await types()).toEqual(['met', 'negotiation', 'admission', 'open', 'talk']);
  });
});

describe('with a lobby', () => {
  test('no description leaves before the host admits', async () => {
    const pair = await ConnectionPair.create({ policy: { lobby: true }, admits: false });
    await pair.knock();
    await pair.heard.host.first('arrived');
    expect((await pair.heard.host.first('knocked')).wantsOffer).toBe(false);
    expect(pair.heard.guest.of('negotiation')).toEqual([]);
    expect(pair.heard.host.of('negotiation')).toEqual([]);
    pair.host.admit({ status: 'wait', name: '' });
    expect((await pair.heard.guest.first('admission')).admission.status).toBe('wait');
    pair.admit();
    await Promise.all([pair.heard.guest.first('open'), pair.heard.host.first('open')]);
    expect(pair.heard.guest.of('admission').map(({ admission }) => admission.status)).toEqual([
      'wait',
      'admit',
    ]);
  });

  test('who is turned away hears why and gets no description', async () => {
    const pair = await ConnectionPair.create({ policy: { lobby: true }, admits: false });
    await pair.knock();
    await pair.heard.host.first('arrived');
    pair.host.admit({ status: 'deny', code: 'denied' });
    expect((await pair.heard.guest.first('admission')).admission).toEqual({ status: 'deny', code: 'denied' });
    await pair.host.finish();
    expect(pair.heard.guest.of('negotiation')).toEqual([]);
  });
});

describe('on an open channel', () => {
  test('messages arrive both ways, in order', async () => {
    const pair = await ConnectionPair.create();
    await pair.open();
    for (const records of [1, 2, 3]) {
      pair.guest.talk?.send({ kind: 'file-progress', file: pair.participant as never, records });
      pair.host.talk?.send({ kind: 'chat-ack', number: records });
    }
    const [toHost, toGuest] = await Promise.all([
      pair.heard.host.nth('talk', 3).then(() => pair.heard.host.of('talk')),
      pair.heard.guest.nth('talk', 3).then(() => pair.heard.guest.of('talk')),
    ]);
    expect(toHost.map(({ message }) => 'records' in message && message.records)).toEqual([1, 2, 3]);
    expect(toGuest.map(({ message }) => 'number' in message && message.number)).toEqual([1, 2, 3]);
  });

  test('a ping is answered and gives a round trip', async () => {
    const pair = await ConnectionPair.create();
    await pair.open();
    pair.guest.talk?.check();
    const path = await pair.heard.guest.first('path');
    expect(path.standing).toBe('alive');
    expect(path.rttMs).toBeLessThan(1_000);
  });

  test('a goodbye is heard before the end', async () => {
    const pair = await ConnectionPair.create();
    await pair.open();
    pair.host.talk?.send({ kind: 'bye', code: null });
    await pair.host.finish();
    await pair.heard.guest.first('closed');
    const last = pair.heard.guest.events.slice(-2);
    expect(last).toMatchObject([
      { type: 'talk', message: { kind: 'bye', code: null } },
      { type: 'closed', code: null },
    ]);
    expect(pair.guest.isClosed && pair.host.isClosed).toBe(true);
  });

  test('later negotiation goes over it, and over the server when asked to', async () => {
    const pair = await ConnectionPair.create();
    await pair.open();
    const before = pair.passed.length;
    pair.host.negotiate({ kind: 'restart' }, false);
    expect((await pair.heard.guest.nth('negotiation', 2)).message).toEqual({ kind: 'restart' });
    expect(pair.passed).toHaveLength(before);
    pair.host.negotiate({ kind: 'restart' }, true);
    await pair.heard.guest.nth('negotiation', 3);
    expect(pair.passed).toHaveLength(before + 1);
  });
});

describe('candidates', () => {
  test('go over the server until the channel is open', async () => {
    const pair = await ConnectionPair.create({ policy: { lobby: true }, admits: false });
    await pair.knock();
    await pair.heard.host.first('arrived');
    pair.host.negotiate({ kind: 'candidates', candidates: [HOST_CANDIDATE] }, false);
    expect((await pair.heard.guest.first('negotiation')).message).toEqual({
      kind: 'candidates',
      candidates: [HOST_CANDIDATE],
    });
  });

  test('of no relay are dropped by a relay-only host, and the address behind a relay is blanked', async () => {
    const pair = await ConnectionPair.create({ policy: { lobby: true, relayOnly: true }, admits: false });
    await pair.knock();
    await pair.heard.host.first('arrived');
    pair.guest.negotiate({ kind: 'candidates', candidates: [HOST_CANDIDATE] }, false);
    pair.guest.negotiate({ kind: 'candidates', candidates: [HOST_CANDIDATE, RELAYED] }, false);
    const { message } = await pair.heard.host.first('negotiation');
    expect(JSON.stringify(message)).toContain('raddr 0.0.0.0 rport 0');
    expect(JSON.stringify(message)).not.toContain('192.0.2.7');
  });
});

describe('a guest who hides their address', () => {
  const open = async (policy: Partial<Policy>, hides: boolean) => {
    const pair = await ConnectionPair.create({ policy, hides });
    await pair.open();
    return pair;
  };

  test.each([
    ['by their own wish', {}, true],
    ['because the host asks for it', { relayOnly: true }, false],
  ] as const)('%s names no address but the relay’s, and takes none', async (_why, policy, hides) => {
    const pair = await open(policy, hides);
    pair.guest.negotiate({ kind: 'candidates', candidates: [HOST_CANDIDATE] }, false);
    pair.guest.negotiate({ kind: 'candidates', candidates: [HOST_CANDIDATE, RELAYED] }, false);
    const offer = description('offer', 0x11);
    const sdp = offer.sdp.replace('t=0 0', `t=0 0\r\nc=IN IP4 192.0.2.7\r\na=${HOST_CANDIDATE.candidate}`);
    pair.guest.negotiate({ kind: 'description', description: { ...offer, sdp } }, false);
    const heard = [2, 3].map(async (nth) => (await pair.heard.host.nth('negotiation', nth)).message);
    const told = JSON.stringify(await Promise.all(heard));
    expect(told).toContain('raddr 0.0.0.0 rport 0');
    expect(told).not.toMatch(/192\.0\.2\.7|typ host/);

    pair.host.negotiate({ kind: 'candidates', candidates: [HOST_CANDIDATE] }, false);
    pair.host.negotiate({ kind: 'candidates', candidates: [RELAYED] }, false);
    const taken = (await pair.heard.guest.nth('negotiation', 2)).message;
    expect(JSON.stringify(taken)).not.toContain('typ host');
  });
});

describe('the fingerprint', () => {
  test('of a later description must be that of the first', async () => {
    const pair = await ConnectionPair.create();
    await pair.open();
    pair.host.negotiate({ kind: 'description', description: description('offer', 0x22) }, true);
    await pair.heard.guest.nth('negotiation', 2);
    pair.host.negotiate({ kind: 'description', description: description('offer', 0x23) }, true);
    expect((await pair.heard.guest.first('closed')).code).toBe('description/refused');
    expect(pair.heard.guest.of('negotiation')).toHaveLength(2);
  });

  test('is kept for descriptions over the channel too', async () => {
    const pair = await ConnectionPair.create();
    await pair.open();
    pair.guest.negotiate({ kind: 'description', description: description('answer', 0x99) }, false);
    expect((await pair.heard.host.first('closed')).code).toBe('description/refused');
  });
});
