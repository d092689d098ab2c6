import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8, Writer } from './bytes';
import { WIRE_CODES } from './errors';
import { idBytes, randomId, toId, type CallId, type FileId, type MessageId, type ParticipantId } from './ids';
import {
  MAX_CANDIDATE_BYTES,
  MAX_CANDIDATES,
  MAX_FILE_BYTES,
  MAX_FILE_NAME_BYTES,
  MAX_TEXT_BYTES,
} from './limits';
import { MEDIA_SOURCES } from './media';
import { CALL_STANDINGS, decodeMessage, encodeMessage, FILE_ENDS, type Message } from './message';

const MALFORMED = expect.objectContaining({ code: 'protocol/malformed' }) as Error;
const file = randomId<FileId>();

const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const word = fc.stringMatching(/^[a-z]{1,20}$/);
const count = fc.maxSafeNat();
const stamp = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const fileId = exactly(16).map((bytes) => toId<FileId>(bytes));
const messageId = exactly(16).map((bytes) => toId<MessageId>(bytes));
/** Sixteen zeros in its place mean that a message answers none. */
const repliedId = fc.option(messageId.filter((id) => idBytes(id).some((byte) => byte !== 0)));
const is = <T extends string>(kind: T) => fc.constant(kind);

const description = fc.oneof(
  fc.record({ type: is('offer'), sdp: word }),
  fc.record({ type: is('answer'), sdp: word }),
);
const item = fc.oneof(
  fc.record({ type: is('text'), id: messageId, sentAtMs: count, replyTo: repliedId, text: word }),
  fc.record({
    type: is('reaction'),
    target: messageId,
    emoji: fc.constantFrom('👍', '❤️', '👩‍👩‍👧‍👦', '🇩🇪', '👋🏽', '❤'),
    isOn: fc.boolean(),
  }),
);

/** One of every kind; the record makes the compiler ask for a kind that was forgotten. */
const byKind: { [K in Message['kind']]: fc.Arbitrary<Extract<Message, { kind: K }>> } = {
  m3: fc.record({
    kind: is('m3'),
    payload: fc.record({
      random: exactly(32),
      participant: exactly(16).map((bytes) => toId<ParticipantId>(bytes)),
      name: word,
      knockText: word,
      answer: fc.option(fc.record({ type: is('answer'), sdp: word })),
    }),
  }),
  admission: fc.record({
    kind: is('admission'),
    admission: fc.oneof(
      fc.record({ status: fc.constantFrom('admit' as const, 'wait' as const), name: word }),
      fc.record({ status: is('deny'), code: fc.constantFrom(...WIRE_CODES) }),
    ),
  }),
  description: fc.record({ kind: is('description'), description }),
  candidates: fc.record({
    kind: is('candidates'),
    candidates: fc.array(fc.record({ candidate: word, sdpMid: fc.option(word) }), { maxLength: 5 }),
  }),
  restart: fc.record({ kind: is('restart') }),
  ping: fc.record({ kind: is('ping'), stamp }),
  pong: fc.record({ kind: is('pong'), stamp }),
  resume: fc.record({ kind: is('resume'), stream: exactly(8), heardStream: exactly(8), heard: count }),
  chat: fc.record({ kind: is('chat'), number: count, item }),
  'chat-ack': fc.record({ kind: is('chat-ack'), number: count }),
  typing: fc.record({ kind: is('typing'), isTyping: fc.boolean() }),
  'file-offer': fc.record({
    kind: is('file-offer'),
    file: fileId,
    size: fc.integer({ min: 0, max: MAX_FILE_BYTES }),
    name: word.map((stem) => `${stem}.txt`).filter((name) => !/^(con|prn|aux|nul)\./.test(name)),
    mediaType: fc.constantFrom('', 'text/plain', 'image/svg+xml'),
  }),
  call: fc.record({
    kind: is('call'),
    call: exactly(16).map((bytes) => toId<CallId>(bytes)),
    standing: fc.constantFrom(...CALL_STANDINGS),
    seals: fc.boolean(),
    sends: fc.subarray([...MEDIA_SOURCES]),
  }),
  'file-accept': fc.record({ kind: is('file-accept'), file: fileId, from: count }),
  'file-decline': fc.record({ kind: is('file-decline'), file: fileId }),
  'file-pause': fc.record({ kind: is('file-pause'), file: fileId, isPaused: fc.boolean() }),
  'file-end': fc.record({ kind: is('file-end'), file: fileId, reason: fc.constantFrom(...FILE_ENDS) }),
  'file-progress': fc.record({ kind: is('file-progress'), file: fileId, records: count }),
  'file-done': fc.record({ kind: is('file-done'), file: fileId }),
  retired: fc.record({ kind: is('retired'), publicKey: exactly(65), timeMs: count, signature: exactly(64) }),
  bye: fc.record({ kind: is('bye'), code: fc.option(fc.constantFrom(...WIRE_CODES)) }),
};

const arbitraries: Array<[string, fc.Arbitrary<Message>]> = Object.entries(byKind);

for (const [kind, arbitrary] of arbitraries) {
  test(`${kind} comes back, and is malformed when cut or longer`, () => {
    const part = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(arbitrary, part, (message, keep) => {
        const bytes = encodeMessage(message);
        expect(decodeMessage(bytes)).toEqual(message);
        expect(() => decodeMessage(Uint8Array.from([...bytes, 0]))).toThrow(MALFORMED);
        const length = Math.floor(bytes.length * keep);
        expect(() => decodeMessage(bytes.slice(0, length))).toThrow(MALFORMED);
      }),
      { numRuns: 40 },
    );
  });
}

test('every kind has a byte of its own, and those of later versions are ignored', () => {
  const bytes = arbitraries.map(([, arbitrary]) => {
    const [message] = fc.sample(arbitrary, 1);
    if (message === undefined) throw new Error('no sample');
    return encodeMessage(message)[0];
  });
  expect(new Set(bytes).size).toBe(bytes.length);
  for (let kind = 0; kind < 256; kind++) {
    if (!bytes.includes(kind)) expect(decodeMessage(Uint8Array.of(kind, 1, 2, 3))).toBeNull();
  }
});

test('random bytes are a message, a later kind, or malformed', () => {
  const kinds = fc.constantFrom(...Array.from({ length: 64 }, (_, i) => i));
  fc.assert(
    fc.property(kinds, fc.uint8Array({ maxLength: 200 }), (kind, rest) => {
      try {
        decodeMessage(Uint8Array.from([kind, ...rest]));
      } catch (error) {
        expect(error).toEqual(MALFORMED);
      }
    }),
    { numRuns: 2000 },
  );
  expect(() => decodeMessage(new Uint8Array(0))).toThrow(MALFORMED);
});

describe('hostile messages', () => {
  const chat = () =>
    new Writer().u8(17).u64(1).u8(0).raw(new Uint8Array(16).fill(1)).u64(2).raw(new Uint8Array(16));
  const offer = () => new Writer().u8(32).raw(idBytes(file));
  const reaction = (emoji: string) => new Writer().u8(17).u64(1).u8(1).raw(idBytes(file)).u8(1).text16(emoji);
  const decoded = (writer: Writer) => decodeMessage(writer.done());

  test('text that is no UTF-8, or longer than a message may be', () => {
    expect(decoded(chat().text16('x'.repeat(MAX_TEXT_BYTES)))).toMatchObject({ kind: 'chat' });
    expect(() => decoded(chat().text16('x'.repeat(MAX_TEXT_BYTES + 1)))).toThrow(MALFORMED);
    for (const bytes of [[0xff], [0xed, 0xa0, 0x80], [0xc0, 0xaf]]) {
      expect(() => decoded(chat().bytes16(Uint8Array.from(bytes)))).toThrow(MALFORMED);
    }
  });

  test('a count of 2^53, 2^63 and more', () => {
    for (const high of [0x0020_0000, 0x8000_0000, 0xffff_ffff]) {
      expect(() => decoded(new Writer().u8(18).u32(high).u32(0))).toThrow(MALFORMED);
      expect(() => decoded(offer().u32(high).u32(0).text16('a').text16(''))).toThrow(MALFORMED);
    }
  });

  test('a file larger than any may be', () => {
    const sized = (size: number) => offer().u64(size).text16('a').text16('');
    expect(decoded(sized(MAX_FILE_BYTES))).toMatchObject({ size: MAX_FILE_BYTES });
    expect(() => decoded(sized(MAX_FILE_BYTES + 1))).toThrow(MALFORMED);
  });

  test('file names come out as names only, media types as types or nothing', () => {
    const named = (name: string, type = '') => decoded(offer().u64(1).text16(name).text16(type));
    expect(named('../../x')).toMatchObject({ name: 'x' });
    expect(named('CON')).toMatchObject({ name: '_CON' });
    expect(named('a\u202Egpj.exe')).toMatchObject({ name: 'agpj.exe' });
    expect(named('')).toMatchObject({ name: 'file' });
    expect(() => named('x'.repeat(MAX_FILE_NAME_BYTES + 1))).toThrow(MALFORMED);
    expect(named('a', 'Text/HTML')).toMatchObject({ mediaType: 'text/html' });
    for (const type of ['text', '<b>/x', 'text/html; charset=x', 'a/b/c', ' text/html', 'text/\u0000']) {
      expect(named('a', type)).toMatchObject({ mediaType: '' });
    }
  });

  test('a reaction that is no single pictograph', () => {
    expect(decoded(reaction('👍'))).toMatchObject({ kind: 'chat' });
    for (const emoji of ['', 'a', '👍👍', '👍 ', 'javascript:alert(1)', '<b>', '\u202E', '👍'.repeat(30)]) {
      expect(() => decoded(reaction(emoji))).toThrow(MALFORMED);
    }
  });

  test('more candidates than one connection has, or one too long', () => {
    const many = new Writer().u8(4).u8(MAX_CANDIDATES + 1);
    for (let i = 0; i <= MAX_CANDIDATES; i++) many.text16('').text16('');
    expect(() => decoded(many)).toThrow(MALFORMED);
    const long = new Writer()
      .u8(4)
      .u8(1)
      .text16('x'.repeat(MAX_CANDIDATE_BYTES + 1))
      .text16('');
    expect(() => decoded(long)).toThrow(MALFORMED);
  });

  test('flags and reasons that are none', () => {
    const hostile = [
      new Writer().u8(19).u8(2),
      new Writer().u8(35).raw(idBytes(file)).u8(255),
      new Writer().u8(36).raw(idBytes(file)).u8(FILE_ENDS.length),
      new Writer().u8(49).u8(WIRE_CODES.length),
      new Writer().u8(49).u8(254),
      new Writer()
        .u8(17)
        .u64(1)
        .u8(2)
        .raw(utf8('x'.repeat(60))),
    ];
    for (const writer of hostile) expect(() => decoded(writer)).toThrow(MALFORMED);
  });
});
