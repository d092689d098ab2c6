import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { clientAddress, prefixOf } from './address';

const request = (remoteAddress: string, forwarded?: string | string[]) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

test.each([
  ['192.0.2.77', '192.0.2.0'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
  ['2001:db8:0001:ffff::1', '2001:db8:1::'],
  ['2001:db8::1', '2001:db8:0::'],
  ['::1', '0:0:0::'],
  ['fe80::1%eth0', 'fe80:0:0::'],
  ['not an address', 'unknown'],
  ['', 'unknown'],
])('%s is counted and shown as %s', (address, prefix) => {
  expect(prefixOf(address)).toBe(prefix);
});

test('without a trusted hop the header is only what somebody wrote', () => {
  expect(clientAddress(request('192.0.2.1', '203.0.113.9'), 0)).toBe('192.0.2.1');
  expect(clientAddress(request('::ffff:192.0.2.1'), 0)).toBe('192.0.2.1');
});

test.each([
  ['203.0.113.9', 1, '203.0.113.9'],
  ['198.51.100.1, 203.0.113.9', 1, '203.0.113.9'],
  ['198.51.100.1, 203.0.113.9', 2, '198.51.100.1'],
  ['1.2.3.4, 198.51.100.1 , 203.0.113.9', 2, '198.51.100.1'],
  ['203.0.113.9', 2, '10.0.0.1'],
  ['unknown', 1, '10.0.0.1'],
  ['', 1, '10.0.0.1'],
])('X-Forwarded-For "%s" behind %i hops', (header, hops, address) => {
  expect(clientAddress(request('10.0.0.1', header), hops)).toBe(address);
});

test('several headers are one list', () => {
  expect(clientAddress(request('10.0.0.1', ['1.2.3.4', '203.0.113.9']), 1)).toBe('203.0.113.9');
});
