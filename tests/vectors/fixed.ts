import type { Bytes } from '../../src/lib/protocol/bytes';
import { fromBase64url } from '../../src/lib/protocol/bytes';
import type { DhPair } from '../../src/lib/crypto/dh';

/** Fixed key pairs and random bytes, so that a vector comes out the same each time. Node only. */

export const fromHex = (hex: string): Bytes => new Uint8Array(Buffer.from(hex, 'hex'));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const CURVES = {
  // PrivateKeyInfo without a public key (RFC 5958, RFC 8410, RFC 5915): everything before the 32 private bytes.
  x25519: { algorithm: { name: 'X25519' }, pkcs8: '302e020100300506032b656e04220420' },
  p256: {
    algorithm: { name: 'ECDH', namedCurve: 'P-256' },
    pkcs8: '304102010030' + '1306072a8648ce3d020106082a8648ce3d030107' + '042730250201010420',
  },
} as const;

/** The pair of a 32-byte private key. */
export async function fixedPair(curve: keyof typeof CURVES, privateHex: string): Promise<DhPair> {
  const { algorithm, pkcs8 } = CURVES[curve];
  const raw = fromHex(pkcs8 + privateHex);
  const privateKey = await crypto.subtle.importKey('pkcs8', raw, algorithm, true, ['deriveBits']);
  const { x = '', y } = await crypto.subtle.exportKey('jwk', privateKey);
  const parts = y === undefined ? [fromBase64url(x)] : [Uint8Array.of(4), fromBase64url(x), fromBase64url(y)];
  return { privateKey, publicKey: new Uint8Array(Buffer.concat(parts)) };
}

/** Hands out the given bytes once each, in order. */
export function fixedCoins(...hex: string[]): (lengthBytes: number) => Bytes {
  const left = hex.map(fromHex);
  return (lengthBytes) => {
    const next = left.shift();
    if (next?.length !== lengthBytes) throw new RangeError('no such coins');
    return next;
  };
}
