import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEnvelope, encodeEnvelope, randomTag, type Envelope } from './envelope';
import { WIRE_CODES } from './errors';
import { MAX_ENVELOPE_BYTES } from './limits';

const MALFORMED = expect.objectContaining({ code: 'protocol/malformed' }) as Error;
const tag = '0123456789abcdef';

const envelopes: fc.Arbitrary<Envelope> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('m1' as const, 'm2' as const, 'record' as const),
    tag: fc.constant(tag),
    body: fc.uint8Array({ maxLength: 300 }),
  }),
  fc.record({
    kind: fc.constant('refused' as const),
    tag: fc.constant(tag),
    code: fc.constantFrom(...WIRE_CODES),
  }),
);

test('every envelope comes back', () => {
  fc.assert(
    fc.property(envelopes, (envelope) => {
      expect(decodeEnvelope(encodeEnvelope(envelope))).toEqual(envelope);
    }),
  );
});

test('the layout: kind, 8 bytes of tag, body', () => {
  const body = Uint8Array.of(9, 8);
  const bytes = encodeEnvelope({ kind: 'record', tag, body });
  expect(Array.from(bytes)).toEqual([3, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 9, 8]);
  expect(Array.from(encodeEnvelope({ kind: 'refused', tag, code: 'bad-link' })).slice(9)).toEqual([0]);
});

test('what is no envelope', () => {
  const header = [...encodeEnvelope({ kind: 'm1', tag, body: new Uint8Array(0) })].slice(1);
  const hostile = [
    [],
    [1],
    [1, ...header.slice(1)],
    [0, ...header],
    [5, ...header],
    [255, ...header],
    [4, ...header],
    [4, ...header, WIRE_CODES.length],
    [4, ...header, 255],
    [4, ...header, 0, 0],
  ];
  for (const bytes of hostile) expect(() => decodeEnvelope(Uint8Array.from(bytes))).toThrow(MALFORMED);
});

test('the largest one, and one larger', () => {
  const body = new Uint8Array(MAX_ENVELOPE_BYTES - 9);
  expect(decodeEnvelope(encodeEnvelope({ kind: 'record', tag, body }))).toMatchObject({ kind: 'record' });
  const tooLarge = encodeEnvelope({ kind: 'record', tag, body: new Uint8Array(MAX_ENVELOPE_BYTES - 8) });
  expect(() => decodeEnvelope(tooLarge)).toThrow(MALFORMED);
});

test('random bytes decode to what encodes to them, or are malformed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 6 }), fc.uint8Array({ maxLength: 40 }), (kind, rest) => {
      const bytes = Uint8Array.from([kind, ...rest]);
      let envelope;
      try {
        envelope = decodeEnvelope(bytes);
      } catch (error) {
        expect(error).toEqual(MALFORMED);
        return;
      }
      expect(encodeEnvelope(envelope)).toEqual(bytes);
    }),
  );
});

test('a random tag is 8 bytes of hexadecimal', () => {
  expect(randomTag()).toMatch(/^[0-9a-f]{16}$/);
  expect(randomTag()).not.toBe(randomTag());
});
