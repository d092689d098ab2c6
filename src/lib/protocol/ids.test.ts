import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idBytes, parseId, randomId, toId, type PeerId } from './ids';

const MALFORMED = expect.objectContaining({ code: 'protocol/malformed' }) as Error;

test('an id is 16 bytes and 22 characters, one for the other', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const id = toId<PeerId>(bytes);
      expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
      expect(idBytes(id)).toEqual(bytes);
      expect(parseId<PeerId>(id)).toBe(id);
    }),
  );
});

test('anything else is malformed', () => {
  for (const length of [0, 15, 17]) expect(() => toId<PeerId>(new Uint8Array(length))).toThrow(MALFORMED);
  const id = 'A'.repeat(22);
  // The last one spells the same bytes as the first with stray bits.
  for (const text of [
    '',
    id.slice(1),
    id + 'A',
    id + 'AA',
    id + '==',
    `${id.slice(1)}=`,
    `${id.slice(1)}B`,
  ]) {
    expect(() => parseId<PeerId>(text)).toThrow(MALFORMED);
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => parseId<PeerId>(text)).toThrow(MALFORMED);
    }),
  );
});

test('random ids differ', () => {
  expect(new Set(Array.from({ length: 100 }, () => randomId<PeerId>())).size).toBe(100);
});
