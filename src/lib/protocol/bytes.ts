import { ParleyError } from './errors';

/**
 * Bytes as they stand on the wire: big-endian integers, length-prefixed text, strict reading.
 * A Reader rejects what is missing and `end()` rejects what is left over, so a decoder that ends with it
 * accepts exactly one spelling of every message (PROTOCOL, preamble).
 */

/** Byte arrays that WebCrypto accepts: never backed by shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const utf8 = (text: string): Bytes => encoder.encode(text);

/** Strict UTF-8: a malformed sequence throws `protocol/malformed`. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new ParleyError('protocol/malformed', { cause });
  }
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Equality whose time depends on the length alone. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** Unpadded base64url (RFC 4648 section 5). */
export function toBase64url(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 0x2000) {
    binary += String.fromCharCode(...bytes.subarray(i, i + 0x2000));
  }
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Canonical unpadded base64url only: other alphabets, padding, white space and stray bits throw `protocol/malformed`. */
export function fromBase64url(text: string): Bytes {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) throw new ParleyError('protocol/malformed');
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  if (toBase64url(bytes) !== text) throw new ParleyError('protocol/malformed');
  return bytes;
}

/** Collects the fields of one message. */
export class Writer {
  readonly #parts: Uint8Array[] = [];

  u8(value: number): this {
    return this.#uint(value, 1);
  }
  u16(value: number): this {
    return this.#uint(value, 2);
  }
  u32(value: number): this {
    return this.#uint(value, 4);
  }
  /** Eight bytes; the value must be a safe integer. */
  u64(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('u64 out of range');
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
    return this.raw(bytes);
  }
  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }
  /** `length(2) | bytes`. */
  bytes16(bytes: Uint8Array): this {
    return this.u16(bytes.length).raw(bytes);
  }
  /** `length(2) | UTF-8`. */
  text16(text: string): this {
    return this.bytes16(utf8(text));
  }
  done(): Bytes {
    return concat(...this.#parts);
  }

  #uint(value: number, size: 1 | 2 | 4): this {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * size))
      throw new RangeError('integer out of range');
    const bytes = new Uint8Array(size);
    for (let i = size - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
    return this.raw(bytes);
  }
}

/** Reads one message front to back. Every shortfall throws `protocol/malformed`. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  get left(): number {
    return this.#bytes.length - this.#at;
  }
  /** A copy, so that the message it came from can be freed and never changes under its reader. */
  raw(length: number): Bytes {
    if (length > this.left) throw new ParleyError('protocol/malformed');
    const out = this.#bytes.slice(this.#at, this.#at + length);
    this.#at += length;
    return out;
  }
  u8(): number {
    return this.#uint(1);
  }
  u16(): number {
    return this.#uint(2);
  }
  u32(): number {
    return this.#uint(4);
  }
  u64(): number {
    const bytes = this.raw(8);
    const value = new DataView(bytes.buffer).getBigUint64(0);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ParleyError('protocol/malformed');
    return Number(value);
  }
  bytes16(maxBytes: number): Bytes {
    const length = this.u16();
    if (length > maxBytes) throw new ParleyError('protocol/malformed');
    return this.raw(length);
  }
  text16(maxBytes: number): string {
    return fromUtf8(this.bytes16(maxBytes));
  }
  /** 0 or 1, nothing else. */
  flag(): boolean {
    const value = this.u8();
    if (value > 1) throw new ParleyError('protocol/malformed');
    return value === 1;
  }
  rest(): Bytes {
    return this.raw(this.left);
  }
  /** Nothing may be left over. */
  end(): void {
    if (this.left !== 0) throw new ParleyError('protocol/malformed');
  }

  #uint(size: number): number {
    let value = 0;
    for (const byte of this.raw(size)) value = value * 256 + byte;
    return value;
  }
}
