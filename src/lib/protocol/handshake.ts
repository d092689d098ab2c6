import { Reader, Writer, type Bytes } from './bytes';
import { ParleyError, WIRE_CODES, type WireCode } from './errors';
import { idBytes, toId, ID_BYTES, type ParticipantId } from './ids';
import { MAX_DESCRIPTION_BYTES, MAX_KNOCK_TEXT_BYTES, MAX_NAME_BYTES } from './limits';
import { cleanName, cleanText } from './text';

/** The payloads of the handshake's messages (section 5), each encoder beside its strict decoder. */

export const SUITE = 1;
export const RANDOM_BYTES = 32;
export const COMMIT_BYTES = 32;
export const PUBLIC_KEY_BYTES = 65;
export const SIGNATURE_BYTES = 64;

/** Who meets whom: part of the prologue. */
export const MODES = { 'host-guest': 1, 'guest-guest': 2, strangers: 3 } as const;
export type Mode = keyof typeof MODES;

/** Bits of the capabilities field. Unknown bits are ignored: they belong to later versions. */
export const CAPABILITIES = { chat: 1, files: 2 } as const;
export const OWN_CAPABILITIES = CAPABILITIES.chat | CAPABILITIES.files;

/** What the host demands of everyone in the meeting. */
export type Policy = { lobby: boolean; relayOnly: boolean; sealMedia: boolean };
export const NO_POLICY: Policy = { lobby: false, relayOnly: false, sealMedia: false };

/** A session description as the browser wrote it. */
export type Description = { type: 'offer' | 'answer'; sdp: string };

/** `commit(32) | capabilities(2)` */
export type M1Payload = { commit: Bytes; capabilities: number };

export function encodeM1({ commit, capabilities }: M1Payload): Bytes {
  return new Writer().raw(commit).u16(capabilities).done();
}

export function decodeM1(bytes: Uint8Array): M1Payload {
  const reader = new Reader(bytes);
  const payload = { commit: reader.raw(COMMIT_BYTES), capabilities: reader.u16() };
  reader.end();
  return payload;
}

/** `rR(32) | capabilities(2) | publicKey(65) | signature(64) | policy(1) | hasOffer(1) [| description]` */
export type M2Payload = {
  random: Bytes;
  capabilities: number;
  publicKey: Bytes;
  signature: Bytes;
  policy: Policy;
  /** Only with the lobby off; with it on, no description leaves before admission. */
  offer: Description | null;
};

export function encodeM2(payload: M2Payload): Bytes {
  const writer = new Writer()
    .raw(payload.random)
    .u16(payload.capabilities)
    .raw(payload.publicKey)
    .raw(payload.signature)
    .u8(policyBits(payload.policy));
  return writeOptionalDescription(writer, payload.offer).done();
}

export function decodeM2(bytes: Uint8Array): M2Payload {
  const reader = new Reader(bytes);
  const payload = {
    random: reader.raw(RANDOM_BYTES),
    capabilities: reader.u16(),
    publicKey: reader.raw(PUBLIC_KEY_BYTES),
    signature: reader.raw(SIGNATURE_BYTES),
    policy: policyOf(reader.u8()),
    offer: readOptionalDescription(reader, 'offer'),
  };
  reader.end();
  return payload;
}

/** `rI(32) | participant(16) | name(2+n) | knock text(2+n) | hasAnswer(1) [| description]`: the initiator's record 0. */
export type M3Payload = {
  random: Bytes;
  participant: ParticipantId;
  name: string;
  knockText: string;
  answer: Description | null;
};

export function encodeM3(payload: M3Payload): Bytes {
  const writer = new Writer()
    .raw(payload.random)
    .raw(idBytes(payload.participant))
    .text16(payload.name)
    .text16(payload.knockText);
  return writeOptionalDescription(writer, payload.answer).done();
}

export function decodeM3(bytes: Uint8Array): M3Payload {
  const reader = new Reader(bytes);
  const payload = {
    random: reader.raw(RANDOM_BYTES),
    participant: toId<ParticipantId>(reader.raw(ID_BYTES)),
    name: cleanName(reader.text16(MAX_NAME_BYTES)),
    knockText: cleanText(reader.text16(MAX_KNOCK_TEXT_BYTES)),
    answer: readOptionalDescription(reader, 'answer'),
  };
  reader.end();
  return payload;
}

/** `status(1) | code or 255 (1) | name(2+n)`: the responder's record 0, and its later change of mind in lobby mode. */
export type Admission = { status: 'admit' | 'wait'; name: string } | { status: 'deny'; code: WireCode };

export function encodeAdmission(admission: Admission): Bytes {
  const writer = new Writer();
  if (admission.status === 'deny') return writer.u8(2).u8(WIRE_CODES.indexOf(admission.code)).done();
  return writer
    .u8(admission.status === 'admit' ? 0 : 1)
    .text16(admission.name)
    .done();
}

export function decodeAdmission(bytes: Uint8Array): Admission {
  const reader = new Reader(bytes);
  const status = reader.u8();
  if (status === 2) {
    const code = WIRE_CODES[reader.u8()];
    reader.end();
    if (code === undefined) throw new ParleyError('protocol/malformed');
    return { status: 'deny', code };
  }
  if (status > 2) throw new ParleyError('protocol/malformed');
  const name = cleanName(reader.text16(MAX_NAME_BYTES));
  reader.end();
  return { status: status === 0 ? 'admit' : 'wait', name };
}

export function writeDescription(writer: Writer, description: Description): Writer {
  return writer.u8(description.type === 'offer' ? 0 : 1).text16(description.sdp);
}

export function readDescription(reader: Reader): Description {
  return { type: reader.flag() ? 'answer' : 'offer', sdp: reader.text16(MAX_DESCRIPTION_BYTES) };
}

function writeOptionalDescription(writer: Writer, description: Description | null): Writer {
  writer.u8(description === null ? 0 : 1);
  return description === null ? writer : writeDescription(writer, description);
}

function readOptionalDescription(reader: Reader, type: Description['type']): Description | null {
  if (!reader.flag()) return null;
  const description = readDescription(reader);
  if (description.type !== type) throw new ParleyError('protocol/malformed');
  return description;
}

function policyBits(policy: Policy): number {
  return (policy.lobby ? 1 : 0) | (policy.relayOnly ? 2 : 0) | (policy.sealMedia ? 4 : 0);
}

function policyOf(bits: number): Policy {
  if (bits > 7) throw new ParleyError('protocol/malformed');
  return { lobby: (bits & 1) !== 0, relayOnly: (bits & 2) !== 0, sealMedia: (bits & 4) !== 0 };
}
