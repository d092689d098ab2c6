import { describe, expect, it } from 'vitest';
import { downwards, followed, joined, screenOf, scrolledTo, upwards, within } from './drawn';

const sizeOf = ({ from, to }: { from: number; to: number }): number => to - from;

describe('what is drawn of a conversation', () => {
  it('is never more than four screens, however far somebody reads', () => {
    const screen = screenOf(900);
    let drawn = followed({ from: 0, to: 0 }, 5000, 2 * screen);
    expect(sizeOf(drawn)).toBeGreaterThan(screen);
    expect(sizeOf(drawn)).toBeLessThanOrEqual(2 * screen);
    for (let i = 0; i < 50; i++) {
      const before = drawn;
      drawn = within(upwards(drawn, screen), 1, 5000);
      expect(sizeOf(drawn)).toBeLessThanOrEqual(4 * screen);
      expect(drawn.from).toBe(before.from - 6);
    }
    for (let i = 0; i < 60; i++) drawn = within(downwards(drawn, screen), 1, 5000);
    expect(drawn).toEqual({ from: 5001 - 4 * screen, to: 5001 });
  });

  it('follows the end, and rows go seldom and several at a time', () => {
    let drawn = followed({ from: 1, to: 1 }, 10, 40);
    expect(drawn).toEqual({ from: 1, to: 11 });
    let cuts = 0;
    for (let last = 11; last <= 400; last++) {
      const next = followed(drawn, last, 40);
      expect(next.to).toBe(last + 1);
      expect(sizeOf(next)).toBeLessThanOrEqual(40);
      if (next.from > drawn.from) cuts++;
      drawn = next;
    }
    expect(sizeOf(drawn)).toBeGreaterThan(20);
    expect(cuts).toBeLessThan(40);
  });

  it('goes on to what is left where the oldest were dropped', () => {
    expect(within({ from: 5, to: 15 }, 8, 30)).toEqual({ from: 8, to: 18 });
    expect(within({ from: 1, to: 5 }, 8, 30)).toEqual({ from: 8, to: 12 });
    expect(within({ from: 25, to: 35 }, 8, 30)).toEqual({ from: 21, to: 31 });
    expect(within({ from: -4, to: 6 }, 1, 0)).toEqual({ from: 1, to: 1 });
  });

  it('keeps what touches and lets go what is far away', () => {
    expect(joined({ from: 10, to: 20 }, { from: 15, to: 30 })).toEqual({ from: 10, to: 30 });
    expect(joined({ from: 10, to: 20 }, { from: 40, to: 50 })).toEqual({ from: 40, to: 50 });
  });

  describe('as the list moves by', () => {
    const all = { oldest: 1, last: 5000 };
    const view = { top: 100, bottom: 980 };
    const drawn = { from: 2001, to: 2061 };
    const at = (top: number) =>
      scrolledTo(drawn, all, { rows: { top, bottom: top + 3000 }, view, rowPx: 50 });

    it('stays as it is in the middle, and goes on a screen ahead of either edge', () => {
      expect(at(-1000)).toBe(drawn);
      expect(at(-700)).toEqual({ from: 1995, to: 2061 });
      expect(at(-1200)).toEqual({ from: 2001, to: 2067 });
    });

    it('is what should be in view where somebody went far off, and never beyond the ends', () => {
      // The first row would begin at -52,000; the middle of the screen, 540, is 1,050 rows further down.
      expect(at(48_000)).toEqual({ from: 1041, to: 1061 });
      expect(at(1_000_000)).toEqual({ from: 1, to: 21 });
      expect(at(-1_000_000)).toEqual({ from: 4981, to: 5001 });
    });
  });
});
