import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ADDRESS_KINDS, addressKind } from './address-kind';

test.each([
  ['192.168.178.20', 'private IPv4'],
  ['10.0.0.1', 'private IPv4'],
  ['172.16.0.1', 'private IPv4'],
  ['172.31.255.255', 'private IPv4'],
  ['172.32.0.1', 'public IPv4'],
  ['172.15.0.1', 'public IPv4'],
  ['192.169.0.1', 'public IPv4'],
  ['100.64.0.1', 'IPv4 shared by the provider'],
  ['100.127.255.255', 'IPv4 shared by the provider'],
  ['100.63.0.1', 'public IPv4'],
  ['100.128.0.1', 'public IPv4'],
  ['169.254.1.1', 'link-local IPv4'],
  ['127.0.0.1', 'loopback'],
  ['0.0.0.0', 'hidden by the browser'],
  ['203.0.113.9', 'public IPv4'],
  ['::ffff:192.168.1.1', 'private IPv4'],
  ['2001:db8::1', 'public IPv6'],
  ['2001:DB8::1', 'public IPv6'],
  ['fd00::2', 'private IPv6'],
  ['fc00::2', 'private IPv6'],
  ['fe80::1%eth0', 'link-local IPv6'],
  ['febf::1', 'link-local IPv6'],
  ['fec0::1', 'public IPv6'],
  ['::1', 'loopback'],
  ['::', 'hidden by the browser'],
  ['4b36f2a6-2f6c-4d8c-9f5e-0d0c9f2f6b7a.local', 'hidden by the browser'],
  ['256.1.1.1', 'unknown'],
  ['1.2.3', 'unknown'],
  ['host.example', 'unknown'],
  ['', 'unknown'],
  [null, 'unknown'],
] as const)('%s is %s', (address, kind) => {
  expect(addressKind(address)).toBe(kind);
});

test('any text at all has a kind, and an address of each sort its own', () => {
  const each = (texts: fc.Arbitrary<string>, hold: (kind: string) => unknown) =>
    fc.assert(fc.property(texts, (text) => void hold(addressKind(text))));
  each(fc.string(), (kind) => expect(ADDRESS_KINDS).toContain(kind));
  each(fc.ipV4(), (kind) => expect(kind).not.toMatch(/IPv6|unknown/));
  each(fc.ipV6(), (kind) => expect(kind).not.toBe('unknown'));
});
