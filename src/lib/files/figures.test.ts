import { describe, expect, it } from 'vitest';
import { durationText, sizeText, speedText } from './figures';

describe('figures', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [1_234_567, '1.2 MB'],
    [34_567_890, '35 MB'],
    [5e9, '5 GB'],
    [2 ** 48, '281 TB'],
  ])('writes %i bytes as %s', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });

  it('writes speeds and times', () => {
    expect(speedText(2_500_000)).toBe('2.5 MB/s');
    expect(speedText(-1)).toBe('0 bytes per second');
    expect([0.2, 1, 59, 61, 3600, 9000].map(durationText)).toEqual([
      '1 second',
      '1 second',
      '59 seconds',
      '2 minutes',
      '1 hour',
      '3 hours',
    ]);
  });
});
