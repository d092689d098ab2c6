import { describe, expect, it } from 'vitest';
import { bytesPerSecond, withSample, type Sample } from './speed';

const speedAfter = (...samples: [atMs: number, bytes: number][]): number | null =>
  bytesPerSecond(
    samples.reduce<readonly Sample[]>((all, [atMs, bytes]) => withSample(all, { atMs, bytes }), []),
  );

describe('speed', () => {
  it('is unknown until two moments differ', () => {
    expect(speedAfter()).toBeNull();
    expect(speedAfter([5, 100])).toBeNull();
    expect(speedAfter([5, 100], [5, 200])).toBeNull();
  });

  it('is the mean of the last seconds', () => {
    expect(speedAfter([0, 0], [1000, 500])).toBe(500);
    expect(speedAfter([0, 0], [1000, 1000], [2000, 4000])).toBe(2000);
    const steady = Array.from({ length: 10 }, (_, i): [number, number] => [i * 1000, i * 100]);
    expect(speedAfter(...steady, [10_000, 10_900])).toBe(2575);
  });

  it('knows slow files too', () => {
    expect(speedAfter([0, 0], [10_000, 1000])).toBe(100);
    expect(speedAfter([0, 0], [10_000, 1000], [20_000, 4000])).toBe(300);
  });
});
