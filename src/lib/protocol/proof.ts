import { concat, utf8, Writer, type Bytes } from './bytes';

/** What a host's key signs (sections 2 and 5): layouts only, so that client and server agree on every byte. */

const NUL = Uint8Array.of(0);

/** `"parley1 id" | publicKey(65)`; its SHA-256 begins with the meeting's id. */
export const idPreimage = (publicKey: Uint8Array): Bytes => concat(utf8('parley1 id'), publicKey);

/** `"parley1 claim" | 0 | H(origin)(32) | id(16) | nonce(32)` */
export const claimMessage = (originHash: Uint8Array, id: Uint8Array, nonce: Uint8Array): Bytes =>
  concat(utf8('parley1 claim'), NUL, originHash, id, nonce);

/** `"parley1 retire" | 0 | H(origin)(32) | id(16) | time(8)`, milliseconds since 1970. */
export const retireMessage = (originHash: Uint8Array, id: Uint8Array, timeMs: number): Bytes =>
  concat(utf8('parley1 retire'), NUL, originHash, id, new Writer().u64(timeMs).done());

/** `"parley1 hs" | 0 | id(16) | h(32)`, h being the handshake hash before message 2's payload. */
export const handshakeMessage = (id: Uint8Array, handshakeHash: Uint8Array): Bytes =>
  concat(utf8('parley1 hs'), NUL, id, handshakeHash);
