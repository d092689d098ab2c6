import { fromBase64url, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../protocol/handshake';
import { sha256 } from './hash';

/**
 * The key of whoever publishes releases (docs/verifying.md): ECDSA over P-256 with SHA-256, public keys of 65 bytes,
 * uncompressed, signatures r | s of 64 bytes. It signs lists of files and nothing else.
 */

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
const UNCOMPRESSED = 0x04;
/** Half a hash: to pass for a key, another with the same half has to be found. */
const NAME_BYTES = 16;

/**
 * Whether one of the lines of `signatures`, each in base64url, is `publicKey`'s over `list`. A release by which people
 * pass to another key has two. Whatever is no signature signs nothing.
 */
export async function isSignedBy(publicKey: Bytes, signatures: string, list: Bytes): Promise<boolean> {
  const hasShape = publicKey.length === PUBLIC_KEY_BYTES && publicKey[0] === UNCOMPRESSED;
  if (!hasShape) throw new ParleyError('protocol/malformed');
  const key = await crypto.subtle.importKey('raw', publicKey, CURVE, false, ['verify']);
  for (const line of signatures.split('\n')) {
    const signature = signatureIn(line);
    if (signature !== null && (await crypto.subtle.verify(SIGNING, key, signature, list))) return true;
  }
  return false;
}

function signatureIn(line: string): Bytes | null {
  try {
    const bytes = fromBase64url(line);
    return bytes.length === SIGNATURE_BYTES ? bytes : null;
  } catch (cause) {
    if (cause instanceof ParleyError) return null;
    throw cause;
  }
}

/** All 256 bits: were they fewer, whoever publishes could prepare two releases that look alike. */
export const fingerprintOf = async (list: Bytes): Promise<string> => inGroups(await sha256(list));

/** `publicKey` as people compare it. */
export const nameOfKey = async (publicKey: Bytes): Promise<string> =>
  inGroups((await sha256(publicKey)).subarray(0, NAME_BYTES));

export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Hex in fours: two digits to a byte, two bytes to a group, as people read it aloud. */
const inGroups = (bytes: Uint8Array): string => (toHex(bytes).match(/.{4}/g) ?? []).join(' ');
