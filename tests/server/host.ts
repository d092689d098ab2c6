import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { concat, fromBase64url, toBase64url, type Bytes } from '../../src/lib/protocol/bytes';
import { idBytes, toId, type MeetingId } from '../../src/lib/protocol/ids';
import { claimMessage, idPreimage, retireMessage } from '../../src/lib/protocol/proof';

export type Proof = { id: MeetingId; publicKey: string; signature: string };

/** A host's key and what it signs, made with Node's own crypto and none of the server's code. */
export class Host {
  readonly id: MeetingId;
  readonly publicKey: Bytes;
  readonly #key: KeyObject;

  /** `prefix` is 4 for an uncompressed point (SEC 1 section 2.3.3); others only to be refused. */
  constructor(prefix = 4) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    this.#key = privateKey;
    this.publicKey = concat(Uint8Array.of(prefix), fromBase64url(x), fromBase64url(y));
    this.id = idOf(this.publicKey);
  }

  claim(origin: string, nonce: string): Proof {
    return this.#prove(claimMessage(hash(origin), idBytes(this.id), fromBase64url(nonce)));
  }

  retire(origin: string, time: number): Proof & { time: number } {
    return { ...this.#prove(retireMessage(hash(origin), idBytes(this.id), time)), time };
  }

  /** A signature in the encoding that X.509 uses, 70 to 72 bytes. */
  derSignature(message: Uint8Array): Bytes {
    return Uint8Array.from(sign('sha256', message, this.#key));
  }

  #prove(message: Uint8Array): Proof {
    const signature = sign('sha256', message, { key: this.#key, dsaEncoding: 'ieee-p1363' });
    return { id: this.id, publicKey: toBase64url(this.publicKey), signature: toBase64url(signature) };
  }
}

/** The id that belongs to any bytes at all, a key or not. */
export const idOf = (publicKey: Uint8Array): MeetingId =>
  toId<MeetingId>(hash(idPreimage(publicKey)).subarray(0, 16));

export const hash = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest();
