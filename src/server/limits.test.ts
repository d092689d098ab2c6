import { expect, test } from 'vitest';
import { DEFAULT_LIMITS, perHour, perMinute, perSecond, TokenBucket } from './limits';

test('a bucket starts full, pays in whole or not at all, and refills with time up to its burst', () => {
  let nowMs = 1_000;
  const bucket = new TokenBucket(perSecond(2, 4), () => nowMs);
  expect(bucket.isFull).toBe(true);
  expect(bucket.take(5)).toBe(false);
  expect(bucket.take(4)).toBe(true);
  expect(bucket.take()).toBe(false);
  nowMs += 499;
  expect(bucket.take()).toBe(false);
  nowMs += 1;
  expect(bucket.take()).toBe(true);
  nowMs += 3_600_000;
  expect(bucket.isFull).toBe(true);
  expect(bucket.take(4)).toBe(true);
  expect(bucket.take()).toBe(false);
});

test('taking nothing costs nothing, even from an empty bucket', () => {
  const bucket = new TokenBucket(perMinute(1), () => 0);
  expect(bucket.take()).toBe(true);
  expect(bucket.take(0)).toBe(true);
});

test('rates are per the time they name', () => {
  expect(perSecond(3)).toEqual({ burst: 3, perMs: 0.003 });
  expect(perMinute(60, 5)).toEqual({ burst: 5, perMs: 0.001 });
  expect(perHour(3_600)).toEqual({ burst: 3_600, perMs: 0.001 });
});

test('the start values are those that the documents state', () => {
  expect(DEFAULT_LIMITS).toMatchObject({
    messageBytes: 32_768,
    bufferedBytes: 1_048_576,
    firstMessageMs: 5_000,
    pingMs: 5_000,
    pongMs: 3_000,
    messagesPerSecond: 20,
    messagesBurst: 60,
    relayBytesPerMinute: 262_144,
    badMessages: 5,
    knocksPerMinute: 3,
    icePerMinute: 10,
    people: 8,
    waiting: 8,
    connectionsPerMinute: 30,
    openPerAddress: 60,
    statusPerMinute: 10,
    statusBurst: 30,
    creationsPerHour: 10,
    subscriptionsPerHour: 30,
    subscriptionsPerMeeting: 16,
  });
});
