import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8, Writer } from './bytes';
import { WIRE_CODES } from './errors';
import {
  decodeAdmission,
  decodeM1,
  decodeM2,
  decodeM3,
  encodeAdmission,
  encodeM1,
  encodeM2,
  encodeM3,
  type Admission,
} from './handshake';
import { toId, type ParticipantId } from './ids';
import { MAX_DESCRIPTION_BYTES, MAX_KNOCK_TEXT_BYTES, MAX_NAME_BYTES } from './limits';

const MALFORMED = expect.objectContaining({ code: 'protocol/malformed' }) as Error;
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const capabilities = fc.integer({ min: 0, max: 65_535 });
/** Names as they leave a client: already clean, so that they come back unchanged. */
const cleanWord = fc.stringMatching(/^[a-z]{0,20}$/);
const description = <T extends string>(type: T) =>
  fc.option(fc.record({ type: fc.constant(type), sdp: fc.string({ maxLength: 200 }) }));
const participant = exactly(16).map((bytes) => toId<ParticipantId>(bytes));

const m1 = fc.record({ commit: exactly(32), capabilities });
const m2 = fc.record({
  random: exactly(32),
  capabilities,
  publicKey: exactly(65),
  signature: exactly(64),
  policy: fc.record({ lobby: fc.boolean(), relayOnly: fc.boolean(), sealMedia: fc.boolean() }),
  offer: description('offer' as const),
});
const m3 = fc.record({
  random: exactly(32),
  participant,
  name: cleanWord,
  knockText: cleanWord,
  answer: description('answer' as const),
});
const admission: fc.Arbitrary<Admission> = fc.oneof(
  fc.record({ status: fc.constantFrom('admit' as const, 'wait' as const), name: cleanWord }),
  fc.record({ status: fc.constant('deny' as const), code: fc.constantFrom(...WIRE_CODES) }),
);

/** Round trip; every prefix and one byte more are malformed; random bytes are malformed or have one spelling. */
function suite<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => T,
) {
  describe(name, () => {
    test('comes back', () => {
      fc.assert(
        fc.property(arbitrary, (value) => {
          expect(decode(encode(value))).toEqual(value);
        }),
      );
    });

    test('cut or longer is malformed', () => {
      fc.assert(
        fc.property(
          arbitrary,
          fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
          (value, part) => {
            const bytes = encode(value);
            expect(() => decode(bytes.slice(0, Math.floor(bytes.length * part)))).toThrow(MALFORMED);
            expect(() => decode(Uint8Array.from([...bytes, 0]))).toThrow(MALFORMED);
          },
        ),
      );
    });

    test('with bytes changed it is malformed or something else of its kind', () => {
      fc.assert(
        fc.property(arbitrary, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, flip) => {
          const bytes = encode(value);
          bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ flip;
          try {
            decode(bytes);
          } catch (error) {
            expect(error).toEqual(MALFORMED);
          }
        }),
      );
    });
  });
}

suite('message 1', m1, encodeM1, decodeM1);
suite('message 2', m2, encodeM2, decodeM2);
suite('message 3', m3, encodeM3, decodeM3);
suite('admission', admission, encodeAdmission, decodeAdmission);

describe('hostile fields', () => {
  const m2Head = () =>
    new Writer().raw(new Uint8Array(32)).u16(3).raw(new Uint8Array(65)).raw(new Uint8Array(64));
  const m3Head = () => new Writer().raw(new Uint8Array(32)).raw(new Uint8Array(16));

  test('message 2: unknown policy bits, a flag that is none, an answer for an offer, an offer too long', () => {
    const offer = (writer: Writer) => writer.u8(0).u8(1);
    expect(decodeM2(offer(m2Head()).u8(0).text16('v=0').done()).offer).toEqual({ type: 'offer', sdp: 'v=0' });
    const hostile = [
      m2Head().u8(8).u8(0),
      m2Head().u8(255).u8(0),
      m2Head().u8(0).u8(2),
      offer(m2Head()).u8(1).text16('v=0'),
      offer(m2Head()).u8(2).text16('v=0'),
      offer(m2Head()).u8(0).bytes16(Uint8Array.of(0xff)),
    ];
    for (const writer of hostile) expect(() => decodeM2(writer.done())).toThrow(MALFORMED);
    expect(MAX_DESCRIPTION_BYTES).toBeGreaterThan(65_535);
  });

  test('message 3: names and texts too long or no UTF-8, an offer for an answer', () => {
    const hostile = [
      m3Head()
        .text16('x'.repeat(MAX_NAME_BYTES + 1))
        .text16('')
        .u8(0),
      m3Head()
        .text16('')
        .text16('x'.repeat(MAX_KNOCK_TEXT_BYTES + 1))
        .u8(0),
      m3Head().bytes16(Uint8Array.of(0xc3)).text16('').u8(0),
      m3Head().text16('').text16('').u8(1).u8(0).text16('v=0'),
    ];
    for (const writer of hostile) expect(() => decodeM3(writer.done())).toThrow(MALFORMED);
  });

  test('message 3: a name comes out clean', () => {
    const bytes = m3Head().text16('  A\u202Eda\n\u200B ').text16('hi\u0000').u8(0).done();
    expect(decodeM3(bytes)).toMatchObject({ name: 'Ada', knockText: 'hi' });
  });

  test('admission: unknown status and code', () => {
    for (const bytes of [[3, 0, 0], [255], [2, 255], [2, WIRE_CODES.length], [2]]) {
      expect(() => decodeAdmission(Uint8Array.from(bytes))).toThrow(MALFORMED);
    }
    expect(() =>
      decodeAdmission(
        new Writer()
          .u8(0)
          .bytes16(utf8('x'.repeat(161)))
          .done(),
      ),
    ).toThrow(MALFORMED);
  });
});
