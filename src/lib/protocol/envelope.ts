import { concat, Reader, type Bytes } from './bytes';
import { ParleyError, WIRE_CODES, type WireCode } from './errors';
import { MAX_ENVELOPE_BYTES } from './limits';

/**
 * What the server relays between two peers (section 3), opaque to it:
 *
 *   0      1          9
 *   | kind | tag (8)  | body ...
 *
 * `tag` names one handshake: the first 8 bytes of the initiator's random choice in message 1, repeated by both ends
 * for all that follows. It authenticates nothing. It lets both ends tell a late or doubled envelope of an earlier
 * handshake from one of the present, and find the pair again when a socket, and with it a peer id, has changed.
 */
export type Envelope =
  | { kind: 'm1' | 'm2' | 'record'; tag: string; body: Bytes }
  /** The responder cannot go on; unauthenticated, so it is a hint for words, never a proof. */
  | { kind: 'refused'; tag: string; code: WireCode };

const KINDS = { m1: 1, m2: 2, record: 3, refused: 4 } as const;
export const TAG_BYTES = 8;

const tagText = (tag: Uint8Array): string => Array.from(tag, (b) => b.toString(16).padStart(2, '0')).join('');
const tagBytes = (tag: string): Bytes =>
  Uint8Array.from(tag.match(/../g) ?? [], (pair) => parseInt(pair, 16));

export function randomTag(): string {
  return tagText(crypto.getRandomValues(new Uint8Array(TAG_BYTES)));
}

export function encodeEnvelope(envelope: Envelope): Bytes {
  const body = envelope.kind === 'refused' ? Uint8Array.of(WIRE_CODES.indexOf(envelope.code)) : envelope.body;
  return concat(Uint8Array.of(KINDS[envelope.kind]), tagBytes(envelope.tag), body);
}

/** Throws `protocol/malformed`. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length > MAX_ENVELOPE_BYTES) throw new ParleyError('protocol/malformed');
  const reader = new Reader(bytes);
  const kind = reader.u8();
  const tag = tagText(reader.raw(TAG_BYTES));
  switch (kind) {
    case KINDS.m1:
      return { kind: 'm1', tag, body: reader.rest() };
    case KINDS.m2:
      return { kind: 'm2', tag, body: reader.rest() };
    case KINDS.record:
      return { kind: 'record', tag, body: reader.rest() };
    case KINDS.refused: {
      const code = WIRE_CODES[reader.u8()];
      reader.end();
      if (code === undefined) throw new ParleyError('protocol/malformed');
      return { kind: 'refused', tag, code };
    }
    default:
      throw new ParleyError('protocol/malformed');
  }
}
