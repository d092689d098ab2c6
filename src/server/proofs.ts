import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { fromBase64url, type Bytes } from '../lib/protocol/bytes';
import { ParleyError } from '../lib/protocol/errors';
import { ID_BYTES, toId, type MeetingId } from '../lib/protocol/ids';
import { claimMessage, idPreimage, retireMessage } from '../lib/protocol/proof';

/**
 * A host's proof of its key (section 2). The id is the hash of the key, so nothing has to be remembered to check it:
 * a server that lost all its state can't be tricked into a false host.
 *
 * `publicKey` is the uncompressed point (`0x04 | x(32) | y(32)`), `signature` is ECDSA P-256 with SHA-256 as
 * `r(32) | s(32)`, both unpadded base64url. One answer, false, for every cause.
 */
type Proof = { id: MeetingId; publicKey: string; signature: string };

/** How far a retirement's time may be off: clocks of phones, and the age at which a recorded one is worthless. */
export const RETIRE_WINDOW_MS = 5 * 60_000;

export function isClaimValid(proof: Proof, origin: string, nonce: Uint8Array): boolean {
  return isSigned(proof, (idBytes) => claimMessage(sha256(origin), idBytes, nonce));
}

/** `nowMs` is the server's time in milliseconds since 1970. */
export function isRetireValid(proof: Proof & { time: number }, origin: string, nowMs: number): boolean {
  if (Math.abs(nowMs - proof.time) >= RETIRE_WINDOW_MS) return false;
  return isSigned(proof, (idBytes) => retireMessage(sha256(origin), idBytes, proof.time));
}

function isSigned(proof: Proof, message: (idBytes: Uint8Array) => Uint8Array): boolean {
  const publicKey = decode(proof.publicKey);
  const signature = decode(proof.signature);
  if (publicKey === null || signature === null) return false;
  const idBytes = sha256(idPreimage(publicKey)).subarray(0, ID_BYTES);
  if (toId<MeetingId>(idBytes) !== proof.id) return false;
  const key = pointKey(publicKey);
  return key !== null && verify('sha256', message(idBytes), { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/**
 * `null` for a compressed point, one off the curve, or the point at infinity. As a JWK, which Node imports in half the
 * time that DER takes it.
 */
export function pointKey(point: Bytes): KeyObject | null {
  if (point.length !== 65 || point[0] !== 4) return null;
  const coordinate = (start: number) => Buffer.from(point.subarray(start, start + 32)).toString('base64url');
  try {
    const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(1), y: coordinate(33) };
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch (cause) {
    // OpenSSL checks the curve equation on import and says so with this one code.
    if (isInvalidKey(cause)) return null;
    throw cause;
  }
}

function isInvalidKey(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ERR_CRYPTO_INVALID_JWK';
}

function decode(text: string): Bytes | null {
  try {
    return fromBase64url(text);
  } catch (cause) {
    if (cause instanceof ParleyError) return null;
    throw cause;
  }
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}
