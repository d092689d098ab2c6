import type { Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';

/**
 * Section 7: `message | 0x80 | 0...`, filled up to a size that tells little of the message's own.
 * Small ones come in four sizes; above those Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and
 * Communication with PURBs", PoPETs 2019, section 4) leaks O(log log L) bits for at most 12 % more bytes.
 */

const SIZES = [64, 256, 1024, 4096] as const;
const END = 0x80;

/** The size on the wire for `bytes` bytes with their end mark. */
export function paddedSize(bytes: number): number {
  return SIZES.find((size) => bytes <= size) ?? padme(bytes);
}

/** Rounds up to a multiple of 2^(E - S): E = floor(log2 L) is the length's exponent, S the bits that E itself takes. */
function padme(bytes: number): number {
  const exponent = Math.floor(Math.log2(bytes));
  const freeBits = exponent - (Math.floor(Math.log2(exponent)) + 1);
  const step = 2 ** freeBits;
  return Math.ceil(bytes / step) * step;
}

export function pad(message: Bytes): Bytes {
  const padded = new Uint8Array(paddedSize(message.length + 1));
  padded.set(message);
  padded[message.length] = END;
  return padded;
}

/** Exactly what `pad` makes, or `crypto/open-failed`. Only ever called on what a tag has proved. */
export function unpad(padded: Bytes): Bytes {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end--;
  if (padded[end] !== END || paddedSize(end + 1) !== padded.length)
    throw new ParleyError('crypto/open-failed');
  return padded.slice(0, end);
}
