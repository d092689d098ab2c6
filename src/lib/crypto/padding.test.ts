import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pad, paddedSize, unpad } from './padding';

test('four sizes, then Padmé', () => {
  const sizes = [
    [1, 64],
    [64, 64],
    [65, 256],
    [256, 256],
    [257, 1024],
    [1025, 4096],
    [4096, 4096],
    // E = 12, S = 4: multiples of 2^8.
    [4097, 4352],
    [8191, 8192],
    // E = 13, S = 4: multiples of 2^9.
    [8193, 8704],
    // E = 16, S = 5: multiples of 2^11.
    [65_537, 67_584],
    [1_000_000, 1_015_808],
  ] as const;
  for (const [bytes, size] of sizes) expect([bytes, paddedSize(bytes)]).toEqual([bytes, size]);
});

test('is undone exactly, costs at most 12 % above the four sizes, and is stable', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 9000 }), (bytes) => {
      expect(unpad(pad(bytes))).toEqual(bytes);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 4097, max: 2 ** 31 }), (bytes) => {
      const size = paddedSize(bytes);
      expect(size).toBeGreaterThanOrEqual(bytes);
      expect(size).toBeLessThanOrEqual(bytes * 1.12);
      expect(paddedSize(size)).toBe(size);
    }),
  );
});

test('messages that end in zeros or marks keep them', () => {
  for (const ending of [[0], [0x80], [0x80, 0], [0, 0x80, 0, 0]]) {
    const message = Uint8Array.from([1, ...ending]);
    expect(unpad(pad(message))).toEqual(message);
  }
});
