import { utf8, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../protocol/handshake';
import { ID_BYTES, idBytes, toId, type MeetingId } from '../protocol/ids';
import { claimMessage, handshakeMessage, idPreimage, retireMessage } from '../protocol/proof';
import { orOpenFailed } from './aead';
import { sha256 } from './hash';

/**
 * The host's key (section 2): ECDSA over P-256 with SHA-256. Public keys are 65 bytes, uncompressed and nothing else;
 * signatures are r | s, 64 bytes (FIPS 186-5, as WebCrypto makes them).
 */

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
const UNCOMPRESSED = 0x04;

/** `pkcs8` is for the vault; `privateKey` signs and cannot be exported. */
export type HostKey = { publicKey: Bytes; pkcs8: Bytes; privateKey: CryptoKey };

export async function createHostKey(): Promise<HostKey> {
  const pair = await crypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const [raw, exported] = await Promise.all([
    crypto.subtle.exportKey('raw', pair.publicKey),
    crypto.subtle.exportKey('pkcs8', pair.privateKey),
  ]);
  const pkcs8 = new Uint8Array(exported);
  return { publicKey: new Uint8Array(raw), pkcs8, privateKey: await importHostKey(pkcs8) };
}

/** Throws `crypto/open-failed` for anything but a P-256 private key. */
export function importHostKey(pkcs8: Bytes): Promise<CryptoKey> {
  return orOpenFailed(() => crypto.subtle.importKey('pkcs8', pkcs8, CURVE, false, ['sign']));
}

/** `H("parley1 id" | publicKey)[0..16]`: the id is the host's key, so nobody else can be host of it. */
export async function meetingIdOf(publicKey: Bytes): Promise<MeetingId> {
  return toId<MeetingId>((await sha256(idPreimage(publicKey))).slice(0, ID_BYTES));
}

/** `nonce`: the 32 bytes of this socket's hello. */
export type Claim = { origin: string; id: MeetingId; nonce: Bytes };
/** `timeMs`: milliseconds since 1970. */
export type Retire = { origin: string; id: MeetingId; timeMs: number };
/** `h`: the handshake hash before message 2's payload. */
export type HandshakeProof = { id: MeetingId; h: Bytes };

export async function signClaim(privateKey: CryptoKey, { origin, id, nonce }: Claim): Promise<Bytes> {
  return sign(privateKey, claimMessage(await originHash(origin), idBytes(id), nonce));
}

export async function signRetire(privateKey: CryptoKey, retire: Retire): Promise<Bytes> {
  return sign(privateKey, await retireBytes(retire));
}

export function signHandshake(privateKey: CryptoKey, { id, h }: HandshakeProof): Promise<Bytes> {
  return sign(privateKey, handshakeMessage(idBytes(id), h));
}

/** Throws `crypto/open-failed` unless the key is the meeting's and the signature is that key's. */
export async function verifyRetire(publicKey: Bytes, signature: Bytes, retire: Retire): Promise<void> {
  return verify(publicKey, signature, retire.id, await retireBytes(retire));
}

/** Throws `crypto/open-failed` unless the key is the meeting's and the signature is that key's. */
export function verifyHandshake(
  publicKey: Bytes,
  signature: Bytes,
  { id, h }: HandshakeProof,
): Promise<void> {
  return verify(publicKey, signature, id, handshakeMessage(idBytes(id), h));
}

const originHash = (origin: string): Promise<Bytes> => sha256(utf8(origin));

const retireBytes = async ({ origin, id, timeMs }: Retire): Promise<Bytes> =>
  retireMessage(await originHash(origin), idBytes(id), timeMs);

async function sign(privateKey: CryptoKey, message: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign(SIGNING, privateKey, message));
}

async function verify(publicKey: Bytes, signature: Bytes, id: MeetingId, message: Bytes): Promise<void> {
  const hasShape = publicKey.length === PUBLIC_KEY_BYTES && publicKey[0] === UNCOMPRESSED;
  if (!hasShape || signature.length !== SIGNATURE_BYTES) throw new ParleyError('crypto/open-failed');
  const [owner, key] = await Promise.all([
    meetingIdOf(publicKey),
    orOpenFailed(() => crypto.subtle.importKey('raw', publicKey, CURVE, false, ['verify'])),
  ]);
  const isValid = await orOpenFailed(() => crypto.subtle.verify(SIGNING, key, signature, message));
  if (owner !== id || !isValid) throw new ParleyError('crypto/open-failed');
}
