import { beforeEach, describe, expect, test, vi } from 'vitest';
import { until, within } from './waiting';

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

describe('until', () => {
  test('answers what it was handed, once, and closes', async () => {
    const close = vi.fn();
    let hand: (value: number) => void = () => undefined;
    const waiting = until<number>(new AbortController().signal, (done) => {
      hand = done;
      return close;
    });
    hand(1);
    hand(2);
    expect(await waiting).toBe(1);
    expect(close).toHaveBeenCalledOnce();
  });

  test('ends with its signal, and closes', async () => {
    const close = vi.fn();
    const controller = new AbortController();
    const waiting = until(controller.signal, () => close);
    controller.abort();
    expect(await waiting).toBeNull();
    expect(close).toHaveBeenCalledOnce();
  });

  test('does not even begin when the signal has ended', async () => {
    const begin = vi.fn(() => () => undefined);
    expect(await until(AbortSignal.abort(), begin)).toBeNull();
    expect(begin).not.toHaveBeenCalled();
  });
});

describe('within', () => {
  const untilEnd = (signal: AbortSignal) =>
    new Promise<string>((resolve) => {
      if (signal.aborted) resolve('over');
      signal.addEventListener('abort', () => resolve('over'));
    });

  test('ends the work at the limit', async () => {
    const work = within(1_000, new AbortController().signal, untilEnd);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await work).toBe('over');
  });

  test('ends it when all ends, also when it has', async () => {
    const outer = new AbortController();
    const work = within(1_000, outer.signal, untilEnd);
    outer.abort();
    expect(await work).toBe('over');
    expect(await within(1_000, outer.signal, untilEnd)).toBe('over');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('leaves no timer behind', async () => {
    expect(await within(1_000, new AbortController().signal, () => Promise.resolve(7))).toBe(7);
    await expect(
      within(1_000, new AbortController().signal, () => Promise.reject(new Error('x'))),
    ).rejects.toThrow('x');
    expect(vi.getTimerCount()).toBe(0);
  });
});
