import type { Bytes } from '../protocol/bytes';
import { orOpenFailed } from './aead';
import { ParleyError } from '../protocol/errors';

/** The Diffie-Hellman functions of the handshake (Noise rev 34 section 4.1), behind one shape. */

export type DhPair = { publicKey: Bytes; privateKey: CryptoKey };

export interface Dh {
  readonly publicKeyLength: number;
  generate(): Promise<DhPair>;
  /** Throws `crypto/open-failed` for anything that is not a point of the curve in its one encoding. */
  importPublic(publicKey: Bytes): Promise<CryptoKey>;
  /** 32 bytes: the x coordinate of the shared point. */
  agree(privateKey: CryptoKey, publicKey: CryptoKey): Promise<Bytes>;
}

type Curve = {
  algorithm: EcKeyImportParams | { name: 'X25519' };
  publicKeyLength: number;
  /** The first byte of every key in the one encoding taken, if the encoding has such a byte. */
  prefix: number | null;
};

const SHARED_BITS = 256;

function overCurve({ algorithm, publicKeyLength, prefix }: Curve): Dh {
  return {
    publicKeyLength,
    async generate() {
      const pair = (await crypto.subtle.generateKey(algorithm, false, ['deriveBits'])) as CryptoKeyPair;
      const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
      return { publicKey, privateKey: pair.privateKey };
    },
    async importPublic(publicKey) {
      const hasShape = publicKey.length === publicKeyLength && (prefix === null || publicKey[0] === prefix);
      if (!hasShape) throw new ParleyError('crypto/open-failed');
      return orOpenFailed(() => crypto.subtle.importKey('raw', publicKey, algorithm, false, []));
    },
    async agree(privateKey, publicKey) {
      const params = { name: algorithm.name, public: publicKey };
      return new Uint8Array(
        await orOpenFailed(() => crypto.subtle.deriveBits(params, privateKey, SHARED_BITS)),
      );
    },
  };
}

/** Parley's own: public keys are 65 bytes, uncompressed (SEC 1 section 2.3.3). */
export const p256: Dh = overCurve({
  algorithm: { name: 'ECDH', namedCurve: 'P-256' },
  publicKeyLength: 65,
  prefix: 0x04,
});

/** For the published vectors, which prove the state machine; no meeting uses it. */
export const x25519: Dh = overCurve({ algorithm: { name: 'X25519' }, publicKeyLength: 32, prefix: null });
