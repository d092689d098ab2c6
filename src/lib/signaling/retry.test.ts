import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Retry } from './retry';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function start() {
  const told: (string | null)[] = [];
  return { retry: new Retry((code) => void told.push(code)), told };
}

/** A server that goes on refusing; when it was asked. */
function askOn(retry: Retry, atMs: number[]): void {
  const begunAtMs = Date.now();
  const ask = () => {
    atMs.push(Date.now() - begunAtMs);
    retry.refused(ask);
  };
  retry.refused(ask);
}

test('the pauses grow to a bound, and the person is told once', async () => {
  const { retry, told } = start();
  const atMs: number[] = [];
  askOn(retry, atMs);
  await vi.advanceTimersByTimeAsync(22_000);
  expect(atMs).toEqual([1_000, 3_000, 7_000, 12_000, 17_000, 22_000]);
  expect(told).toEqual(['signaling/unavailable']);
});

test('no two clients come back in step, and none waits longer than the bound', async () => {
  const asked = await Promise.all(
    [0, 0.5, 1].map(async (random) => {
      vi.mocked(Math.random).mockReturnValue(random);
      const atMs: number[] = [];
      askOn(start().retry, atMs);
      await vi.advanceTimersToNextTimerAsync();
      return atMs[0];
    }),
  );
  expect(asked).toEqual([500, 750, 1_000]);
});

test('refused twice at a time, it is asked again once', async () => {
  const { retry } = start();
  const again = vi.fn();
  retry.refused(again);
  retry.refused(again);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(again).toHaveBeenCalledOnce();
});

test('when it works, the person is told so, and nothing is asked any more', async () => {
  const { retry, told } = start();
  const atMs: number[] = [];
  askOn(retry, atMs);
  await vi.advanceTimersByTimeAsync(3_000);
  expect([retry.isOn, retry.isWaiting]).toEqual([true, true]);
  retry.done();
  expect([retry.isOn, retry.isWaiting]).toEqual([false, false]);
  expect(vi.getTimerCount()).toBe(0);
  expect(told).toEqual(['signaling/unavailable', null]);
  retry.done();
  expect(told).toHaveLength(2);
});

test('a new session begins with the first pause, and does not tell what is told already', async () => {
  const { retry, told } = start();
  const atMs: number[] = [];
  askOn(retry, atMs);
  await vi.advanceTimersByTimeAsync(7_000);
  retry.stop();
  expect(vi.getTimerCount()).toBe(0);
  const laterMs: number[] = [];
  askOn(retry, laterMs);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(laterMs).toEqual([1_000]);
  expect(told).toEqual(['signaling/unavailable']);
  retry.done();
  expect(told).toEqual(['signaling/unavailable', null]);
});

test('who needs no server is told when that ends, and nothing when it never did', () => {
  const { retry, told } = start();
  retry.refused(() => undefined, false);
  expect(told).toEqual([]);
  retry.done();
  expect(told).toEqual([]);
  retry.refused(() => undefined, false);
  retry.refused(() => undefined);
  expect(told).toEqual(['signaling/unavailable']);
});

test('when nobody wants it any more, an answer that comes late begins nothing', () => {
  const { retry, told } = start();
  retry.refused(() => undefined);
  retry.close();
  retry.refused(() => undefined);
  expect(vi.getTimerCount()).toBe(0);
  expect(told).toEqual(['signaling/unavailable']);
});
