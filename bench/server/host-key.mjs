import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';

/** An uncompressed point of P-256, which is what a subject public key ends with (RFC 5480, section 2.2). */
const POINT_BYTES = 65;

/** A host's key and the proof it gives (docs/protocol.md, section 2), made with Node's own crypto. */
export class HostKey {
  #key;
  #publicKey;
  #idBytes;
  /** The meeting's id, which is the hash of the key. */
  id;

  constructor() {
    // Encoded as they are made: exporting a public key as a JWK while its pair is collected can hang Node for ever.
    const { publicKey, privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    });
    this.#key = createPrivateKey({ key: privateKey, type: 'pkcs8', format: 'der' });
    this.#publicKey = publicKey.subarray(-POINT_BYTES);
    this.#idBytes = sha256('parley1 id', this.#publicKey).subarray(0, 16);
    this.id = this.#idBytes.toString('base64url');
  }

  /**
   * The input of `claim`.
   * @param {string} origin
   * @param {string} nonce as the server gave it
   */
  claim(origin, nonce) {
    const message = Buffer.concat([
      Buffer.from('parley1 claim\0'),
      sha256(origin),
      this.#idBytes,
      Buffer.from(nonce, 'base64url'),
    ]);
    const signature = sign('sha256', message, { key: this.#key, dsaEncoding: 'ieee-p1363' });
    return {
      id: this.id,
      publicKey: this.#publicKey.toString('base64url'),
      signature: signature.toString('base64url'),
    };
  }
}

/** @param {(string | Buffer)[]} parts */
function sha256(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
