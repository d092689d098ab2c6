import { beforeAll, describe, expect, test } from 'vitest';
import { description, meetingKeys, TAG } from '../../../tests/fakes/connection-pair';
import { EventLog } from '../../../tests/fakes/event-log';
import { GUEST_FINGERPRINT, HostileGuest } from '../../../tests/fakes/hostile-guest';
import { utf8, type Bytes } from '../protocol/bytes';
import { decodeEnvelope } from '../protocol/envelope';
import { NO_POLICY, type Description } from '../protocol/handshake';
import { idBytes, randomId, type MessageId, type ParticipantId, type PeerId } from '../protocol/ids';
import { encodeMessage, type Message } from '../protocol/message';
import { Responder } from '../crypto/handshake';
import { createHostKey } from '../crypto/host-key';
import { Connection, greetHost } from './connection';
import type { MeetingKeys } from './meeting-keys';
import type { WorkerEvent } from './messages';

/** Those who hold the link and follow the protocol as far as it serves them (SERVER, hostile input). */

let keys: { host: MeetingKeys; guest: MeetingKeys };
beforeAll(async () => {
  keys = await meetingKeys();
});

const meet = (policy = NO_POLICY) => HostileGuest.meet(keys.host, policy);
const closedWith = async (guest: HostileGuest) => (await guest.heard.first('closed')).code;
const typing: Message = { kind: 'typing', isTyping: true };
const candidate = 'candidate:1 1 udp 2113937151 192.0.2.7 50000 typ host';

/** The usual answer with something put before its media section. */
function answerWith(lines: string): Description {
  const { type, sdp } = description('answer', GUEST_FINGERPRINT);
  return { type, sdp: sdp.replace('m=', `${lines}\r\nm=`) };
}
const print = (algorithm: string, byte: string, length: number) =>
  `a=fingerprint:${algorithm} ${Array<string>(length).fill(byte).join(':')}`;

describe('a guest whose message 3', () => {
  test('does not fit its commitment has not arrived', async () => {
    const guest = await meet();
    await guest.introduce({ random: new Uint8Array(32) });
    expect(await closedWith(guest)).toBe('crypto/open-failed');
    expect(guest.heard.of('arrived')).toEqual([]);
    expect(guest.heard.of('negotiation')).toEqual([]);
  });

  test.each([
    ['a second fingerprint', answerWith(print('sha-256', 'AB', 32))],
    ['a fingerprint of SHA-1', answerWith(print('sha-1', 'AB', 20))],
    ['no fingerprint', { type: 'answer', sdp: answerWith('').sdp.replace(/a=fingerprint.*\r\n/, '') }],
    ['a section nobody asked for', answerWith('m=text 9 RTP/AVP 98')],
    ['a lone carriage return', answerWith('a=x\rb')],
    ['no session description', { type: 'answer', sdp: 'hello' }],
  ] as [string, Description][])('carries %s has not arrived', async (_, answer) => {
    const guest = await meet();
    await guest.introduce({ answer });
    expect(await closedWith(guest)).toBe('description/refused');
    expect(guest.heard.of('arrived')).toEqual([]);
  });

  test('comes a second time ends its own connection', async () => {
    const guest = await meet();
    await guest.introduce();
    await guest.heard.first('arrived');
    await guest.introduce({ name: 'Harald' });
    expect(await closedWith(guest)).toBe('protocol/unexpected');
    expect(guest.heard.of('arrived')).toHaveLength(1);
  });

  test('names it in markup and with hidden turns is shown as one clean line', async () => {
    const guest = await meet();
    await guest.introduce({ name: '<b>H\u202Eara\u0000ld</b>\n ', knockText: '\u2066x' });
    const { name, text } = await guest.heard.first('arrived');
    expect(name).toBe('<b>Harald</b>');
    expect(text).toBe('x');
  });

  test('has a name longer than the wire allows is malformed', async () => {
    const guest = await meet();
    await guest.introduce({ name: 'x'.repeat(10_000) });
    expect(await closedWith(guest)).toBe('protocol/malformed');
    expect(guest.heard.of('arrived')).toEqual([]);
  });
});

describe('a guest that says over the server', () => {
  test.each([
    ['anything before message 3', { kind: 'restart' }],
    ['a description before message 3', { kind: 'description', description: description('offer', 0x11) }],
  ] as [string, Message][])('%s is shut out', async (_, message) => {
    const guest = await meet({ ...NO_POLICY, lobby: true });
    await guest.say(message);
    expect(await closedWith(guest)).toBe('protocol/unexpected');
    expect(guest.heard.of('negotiation')).toEqual([]);
  });

  test.each([
    ['what belongs on the channel', typing, 'protocol/unexpected'],
    [
      'its own admission',
      { kind: 'admission', admission: { status: 'admit', name: '' } },
      'protocol/unexpected',
    ],
    [
      'a candidate that is none',
      { kind: 'candidates', candidates: [{ candidate: 'a\r\nm=x', sdpMid: null }] },
      'description/refused',
    ],
    [
      'more candidates than there are ways',
      { kind: 'candidates', candidates: Array.from({ length: 201 }, () => ({ candidate, sdpMid: null })) },
      'protocol/malformed',
    ],
  ] as [string, Message, string][])('%s is shut out', async (_, message, code) => {
    const guest = await meet();
    await guest.introduce();
    await guest.say(message);
    expect(await closedWith(guest)).toBe(code);
    expect(guest.heard.of('talk')).toEqual([]);
  });

  test('a kind of a later version is not understood and does no harm', async () => {
    const guest = await meet({ ...NO_POLICY, lobby: true });
    await guest.introduce({ answer: null });
    await guest.sayBytes(Uint8Array.of(200, 1, 2, 3));
    await guest.say({ kind: 'restart' });
    expect((await guest.heard.first('negotiation')).message).toEqual({ kind: 'restart' });
  });
});

describe('a guest that on the channel', () => {
  const mangled: Record<string, (record: Bytes) => readonly Bytes[]> = {
    'flips a byte': (record) => [record.map((byte, at) => (at === 20 ? byte ^ 1 : byte))],
    'flips a byte of the header': (record) => [record.map((byte, at) => (at === 1 ? byte ^ 1 : byte))],
    'cuts the tag': (record) => [record.slice(0, -1)],
    'says nothing at all': () => [new Uint8Array(0)],
    'says text': () => [utf8('hello, is this thing on?')],
  };
  test.each(Object.entries(mangled))('%s is not heard and shut out', async (_, change) => {
    const guest = await meet();
    const sealer = await guest.open();
    guest.channel.onTheWay = change;
    guest.channel.send(await sealer.seal(encodeMessage(typing)));
    expect(await closedWith(guest)).toBe('crypto/open-failed');
    expect(guest.heard.of('talk')).toEqual([]);
    expect(guest.host.isClosed).toBe(true);
  });

  test('says a record twice is heard once and shut out', async () => {
    const guest = await meet();
    const record = await (await guest.open()).seal(encodeMessage(typing));
    guest.channel.send(record);
    guest.channel.send(record);
    expect(await closedWith(guest)).toBe('crypto/open-failed');
    expect(guest.heard.of('talk')).toHaveLength(1);
  });

  test('leaves a record out is shut out', async () => {
    const guest = await meet();
    const sealer = await guest.open();
    await sealer.seal(encodeMessage(typing));
    guest.channel.send(await sealer.seal(encodeMessage(typing)));
    expect(await closedWith(guest)).toBe('crypto/open-failed');
    expect(guest.heard.of('talk')).toEqual([]);
  });

  test.each([
    ['whose DTLS ends at another certificate than its description says', 0x12, 'i2r'],
    ['speaks in the direction of the host', GUEST_FINGERPRINT, 'r2i'],
  ] as const)('%s is not heard', async (_, fingerprint, direction) => {
    const guest = await meet();
    await guest.open();
    const sealer = await guest.talkSealer(fingerprint, direction);
    guest.channel.send(await sealer.seal(encodeMessage(typing)));
    expect(await closedWith(guest)).toBe('crypto/open-failed');
    expect(guest.heard.of('talk')).toEqual([]);
  });

  test.each([
    ['admits itself', { kind: 'admission', admission: { status: 'admit', name: '' } }, 'protocol/unexpected'],
    [
      'sends a picture for a text',
      {
        kind: 'chat',
        number: 1,
        item: { type: 'reaction', target: randomId<MessageId>(), emoji: 'javascript:', isOn: true },
      },
      'protocol/malformed',
    ],
  ] as [string, Message, string][])('%s is shut out', async (_, message, code) => {
    const guest = await meet();
    const sealer = await guest.open();
    guest.channel.send(await sealer.seal(encodeMessage(message)));
    expect(await closedWith(guest)).toBe(code);
    expect(guest.heard.of('talk')).toEqual([]);
  });

  test('speaks after its connection was closed is not heard', async () => {
    const guest = await meet();
    const record = await (await guest.open()).seal(encodeMessage(typing));
    guest.host.close();
    guest.channel.send(record);
    await guest.say({ kind: 'restart' });
    await guest.host.finish();
    expect(guest.heard.events.at(-1)).toMatchObject({ type: 'closed', code: null });
    expect(guest.heard.of('talk')).toEqual([]);
  });
});

test('whoever holds the link but not the key of the host cannot play the host', async () => {
  const heard = new EventLog<WorkerEvent>();
  const peer = randomId<PeerId>();
  const around = {
    keys: keys.guest,
    origin: 'https://meet.example',
    emit: (event: WorkerEvent) => heard.add(event),
  };
  const participant = randomId<ParticipantId>();
  const guest = Connection.knock(around, {
    tag: TAG,
    initiator: await greetHost(keys.guest, peer),
    introduction: { participant, name: 'Gerda', knockText: '' },
    rules: { relayOnly: false },
  });
  const { id, psk } = keys.guest;
  const m1 = decodeEnvelope((await heard.first('envelope')).bytes);
  if (m1.kind !== 'm1') throw new Error('message 1 was expected');
  const parties = { id, mode: 'host-guest' as const, initiator: idBytes(peer), responder: idBytes(id) };
  const own = await createHostKey();
  for (const host of [
    own,
    { publicKey: keys.host.host?.publicKey ?? own.publicKey, privateKey: own.privateKey },
  ]) {
    const liar = await Responder.accept({ psk, parties }, m1.body);
    const offer = description('offer', 0x66);
    const { bytes } = await liar.writeM2({ host, capabilities: 3, policy: NO_POLICY, offer });
    guest.receive({ kind: 'm2', tag: TAG, body: bytes }, null);
  }
  await heard.nth('unopened', 2);
  expect(heard.of('met')).toEqual([]);
  expect(heard.of('negotiation')).toEqual([]);
});
