import { createHash, createHmac } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** STUN messages (RFC 8489), as much of them as asking a relay (RFC 8656) takes. */

const MAGIC = 0x2112a442;
const INTEGRITY = 0x0008;
const INTEGRITY_BYTES = 20;

/** RFC 8489 section 18.3 and RFC 8656 section 18. */
export const ATTRIBUTE = {
  username: 0x0006,
  errorCode: 0x0009,
  lifetime: 0x000d,
  peerAddress: 0x0012,
  data: 0x0013,
  realm: 0x0014,
  nonce: 0x0015,
  relayedAddress: 0x0016,
  addressFamily: 0x0017,
  transport: 0x0019,
  software: 0x8022,
} as const;

export type Address = { ip: string; port: number };
export type Attribute = readonly [name: keyof typeof ATTRIBUTE, value: Buffer];

export type Message = {
  type: number;
  transaction: Buffer;
  get(name: keyof typeof ATTRIBUTE): Buffer | null;
};

/**
 * `0 | type(14 bits) | length(2) | magic(4) | transaction(12) | attributes` (section 5). With a key it ends with
 * MESSAGE-INTEGRITY: HMAC-SHA1 over what is before it, under a length that counts it already (section 14.5).
 */
export function encode(
  type: number,
  transaction: Buffer,
  attributes: readonly Attribute[],
  key: Buffer | null = null,
): Buffer {
  const body = Buffer.concat(attributes.map(([name, value]) => attribute(ATTRIBUTE[name], value)));
  const integrityBytes = key === null ? 0 : 4 + INTEGRITY_BYTES;
  const head = Buffer.concat([
    uint16(type),
    uint16(body.length + integrityBytes),
    uint32(MAGIC),
    transaction,
  ]);
  const message = Buffer.concat([head, body]);
  if (key === null) return message;
  return Buffer.concat([message, attribute(INTEGRITY, createHmac('sha1', key).update(message).digest())]);
}

/** What comes here comes from a server that we started: a packet that is none throws. */
export function decode(packet: Buffer): Message {
  const found = new Map<number, Buffer>();
  for (let at = 20; at < packet.length;) {
    const length = packet.readUInt16BE(at + 2);
    const name = packet.readUInt16BE(at);
    if (!found.has(name)) found.set(name, packet.subarray(at + 4, at + 4 + length));
    at += 4 + length + paddingOf(length);
  }
  return {
    type: packet.readUInt16BE(0),
    transaction: packet.subarray(8, 20),
    get: (name) => found.get(ATTRIBUTE[name]) ?? null,
  };
}

/** The key of a long-term credential (section 9.2.2). */
export function longTermKey(username: string, realm: string, password: string): Buffer {
  return createHash('md5').update(`${username}:${realm}:${password}`).digest();
}

/** `null` for a success; otherwise the number, of which the hundreds stand in a byte of their own (section 14.8). */
export function errorOf(message: Message): number | null {
  const value = message.get('errorCode');
  return value === null ? null : value.readUInt8(2) * 100 + value.readUInt8(3);
}

/** `0 | family(1) | port(2) | address(4 or 16)`, port and address under the mask of section 14.2. */
export function xorAddress({ ip, port }: Address, transaction: Buffer): Buffer {
  const address = isIPv4(ip) ? Buffer.from(ip.split('.').map(Number)) : ipv6Bytes(ip);
  const family = Buffer.of(0, address.length === 4 ? 1 : 2);
  return Buffer.concat([family, uint16(port ^ (MAGIC >>> 16)), masked(address, transaction)]);
}

/** An IPv6 address comes out in eight groups, none left out. */
export function fromXorAddress(value: Buffer, transaction: Buffer): Address {
  const bytes = masked(value.subarray(4), transaction);
  const groups = Array.from({ length: bytes.length / 2 }, (_, group) => bytes.readUInt16BE(group * 2));
  const ip = bytes.length === 4 ? bytes.join('.') : groups.map((group) => group.toString(16)).join(':');
  return { ip, port: value.readUInt16BE(2) ^ (MAGIC >>> 16) };
}

function masked(bytes: Buffer, transaction: Buffer): Buffer {
  const mask = Buffer.concat([uint32(MAGIC), transaction]);
  return Buffer.from(bytes.map((byte, index) => byte ^ mask.readUInt8(index)));
}

/** Any way of writing it that a URL allows, IPv4 at the end included. */
function ipv6Bytes(ip: string): Buffer {
  const [before = '', after] = new URL(`http://[${ip}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [start, end] = [groups(before), groups(after ?? '')];
  const between = Array.from({ length: 8 - start.length - end.length }, () => '0');
  return Buffer.concat([...start, ...between, ...end].map((group) => uint16(parseInt(group, 16))));
}

function attribute(name: number, value: Buffer): Buffer {
  return Buffer.concat([uint16(name), uint16(value.length), value, Buffer.alloc(paddingOf(value.length))]);
}

const paddingOf = (length: number): number => (4 - (length % 4)) % 4;

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
