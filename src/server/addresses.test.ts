import { expect, test } from 'vitest';
import { Addresses } from './addresses';
import { DEFAULT_LIMITS } from './limits';

function setup(limits: Partial<Record<keyof typeof DEFAULT_LIMITS, number>> = {}) {
  const time = { nowMs: 0 };
  const addresses = new Addresses({ ...DEFAULT_LIMITS, ...limits }, () => time.nowMs);
  return { addresses, time };
}

test('one prefix has one allowance, another has its own', () => {
  const { addresses } = setup();
  expect(addresses.allowance('192.0.2.1')).toBe(addresses.allowance('192.0.2.200'));
  expect(addresses.allowance('192.0.2.1')).not.toBe(addresses.allowance('192.0.3.1'));
  expect(addresses.allowance('2001:db8:1::1')).toBe(addresses.allowance('2001:db8:1:2:3::4'));
});

test('places are counted by address and in all, and given back once', () => {
  const { addresses } = setup({ openPerAddress: 2, sockets: 3, connectionsPerMinute: 100 });
  const [here, there] = [addresses.allowance('192.0.2.1'), addresses.allowance('198.51.100.1')];
  const leave = addresses.enter(here);
  expect(addresses.enter(here)).not.toBeNull();
  expect(addresses.enter(here)).toBeNull();
  expect(addresses.enter(there)).not.toBeNull();
  expect(addresses.enter(there)).toBeNull();
  leave?.();
  leave?.();
  expect(addresses.enter(there)).not.toBeNull();
  expect(addresses.enter(there)).toBeNull();
  expect(here.open).toBe(1);
});

test('a refused connection is not counted as made', () => {
  const { addresses, time } = setup({ openPerAddress: 1, connectionsPerMinute: 2 });
  const allowance = addresses.allowance('192.0.2.1');
  const leave = addresses.enter(allowance);
  for (let i = 0; i < 10; i++) expect(addresses.enter(allowance)).toBeNull();
  leave?.();
  addresses.enter(allowance)?.();
  expect(addresses.enter(allowance)).toBeNull();
  time.nowMs += 30_000;
  expect(addresses.enter(allowance)).not.toBeNull();
});

test('what is as good as new is forgotten after a minute; what is open or spent is not', () => {
  const { addresses, time } = setup();
  addresses.allowance('192.0.2.1');
  addresses.enter(addresses.allowance('198.51.100.1'));
  const spent = addresses.allowance('203.0.113.1');
  while (spent.take('creations'));
  time.nowMs += 120_000;
  expect(addresses.allowance('203.0.113.1')).toBe(spent);
  expect(addresses.size).toBe(2);
});

test('after 24 hours the key is another, and everybody is counted anew', () => {
  const { addresses, time } = setup();
  const before = addresses.allowance('192.0.2.1');
  addresses.enter(before);
  time.nowMs += 24 * 3_600_000 - 1;
  expect(addresses.allowance('192.0.2.1')).toBe(before);
  time.nowMs += 1;
  expect(addresses.allowance('192.0.2.1')).not.toBe(before);
  expect(addresses.size).toBe(1);
});
