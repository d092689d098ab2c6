import { Reader, Writer, type Bytes } from './bytes';
import { ParleyError, WIRE_CODES, type WireCode } from './errors';
import {
  decodeAdmission,
  decodeM3,
  encodeAdmission,
  encodeM3,
  PUBLIC_KEY_BYTES,
  readDescription,
  SIGNATURE_BYTES,
  writeDescription,
  type Admission,
  type Description,
  type M3Payload,
} from './handshake';
import { ID_BYTES, idBytes, toId, type CallId, type FileId, type MessageId } from './ids';
import {
  MAX_CANDIDATE_BYTES,
  MAX_CANDIDATES,
  MAX_FILE_BYTES,
  MAX_FILE_NAME_BYTES,
  MAX_MEDIA_TYPE_BYTES,
  MAX_TEXT_BYTES,
} from './limits';
import { MEDIA_SOURCES, type MediaSource } from './media';
import { cleanText, safeFileName } from './text';

/**
 * What stands inside a sealed record (section 7): `kind(1) | body`. The same kinds travel over the server ("signal"
 * records, until the channel is open) and over the data channel.
 */

export type Candidate = { candidate: string; sdpMid: string | null };

/** One thing said. `number` counts per direction and is what the acknowledgement names; `id` is the same for everyone. */
export type ChatItem =
  | { type: 'text'; id: MessageId; sentAtMs: number; replyTo: MessageId | null; text: string }
  | { type: 'reaction'; target: MessageId; emoji: string; isOn: boolean };

export type FileEnd = 'cancelled' | 'no-room' | 'unreadable' | 'damaged' | 'write-failed';
export const FILE_ENDS: readonly FileEnd[] = [
  'cancelled',
  'no-room',
  'unreadable',
  'damaged',
  'write-failed',
];

/** What the handshake's own machine says and hears; never seen outside the worker. */
export type HandshakeMessage =
  { kind: 'm3'; payload: M3Payload } | { kind: 'admission'; admission: Admission };

/** How the two connections agree on a path. */
export type NegotiationMessage =
  | { kind: 'description'; description: Description }
  | { kind: 'candidates'; candidates: Candidate[] }
  /** The sender's path is dead and it wants the other end, who makes the offers, to restart ICE. */
  | { kind: 'restart' };

/** Where one side stands to a call: not in it, asked and not yet decided, asked and not willing, in it. */
export const CALL_STANDINGS = ['out', 'ringing', 'declined', 'in'] as const;
export type CallStanding = (typeof CALL_STANDINGS)[number];

/**
 * All that one side has to say of calls, said again whenever it changes and first thing on a new connection: the newest
 * one counts, so none of them can be missed. `seals`: this browser can seal pictures and sound (section 9). `sends`: what
 * there is to see and hear of this side.
 */
export type CallMessage = {
  kind: 'call';
  call: CallId;
  standing: CallStanding;
  seals: boolean;
  sends: readonly MediaSource[];
};

/** What people and files say over an open channel. */
export type TalkMessage =
  /** First on every channel, both ways: the stream of chat items this side sends, and how far it has the other's. */
  | { kind: 'resume'; stream: Bytes; heardStream: Bytes; heard: number }
  | { kind: 'chat'; number: number; item: ChatItem }
  | { kind: 'chat-ack'; number: number }
  | { kind: 'typing'; isTyping: boolean }
  | { kind: 'file-offer'; file: FileId; size: number; name: string; mediaType: string }
  /** `from`: the first record wanted, counted in whole records already stored. */
  | { kind: 'file-accept'; file: FileId; from: number }
  | { kind: 'file-decline'; file: FileId }
  | { kind: 'file-pause'; file: FileId; isPaused: boolean }
  | { kind: 'file-end'; file: FileId; reason: FileEnd }
  /** Records stored so far: moves the sender's window. */
  | { kind: 'file-progress'; file: FileId; records: number }
  /** All stored and the root agrees. */
  | { kind: 'file-done'; file: FileId }
  | CallMessage
  | { kind: 'retired'; publicKey: Bytes; timeMs: number; signature: Bytes }
  | { kind: 'bye'; code: WireCode | null };

/** The heartbeat, answered in the worker. */
export type PulseMessage = { kind: 'ping'; stamp: number } | { kind: 'pong'; stamp: number };

export type Message = HandshakeMessage | NegotiationMessage | TalkMessage | PulseMessage;

const KIND: Record<Message['kind'], number> = {
  m3: 1,
  admission: 2,
  description: 3,
  candidates: 4,
  restart: 5,
  ping: 6,
  pong: 7,
  resume: 16,
  chat: 17,
  'chat-ack': 18,
  typing: 19,
  'file-offer': 32,
  'file-accept': 33,
  'file-decline': 34,
  'file-pause': 35,
  'file-end': 36,
  'file-progress': 37,
  'file-done': 38,
  call: 40,
  retired: 48,
  bye: 49,
};
const KIND_OF = new Map(Object.entries(KIND).map(([kind, byte]) => [byte, kind as Message['kind']]));

const STREAM_BYTES = 8;
const NO_MESSAGE = new Uint8Array(ID_BYTES);
/** The longest emoji sequence in Unicode 16 is 35 bytes of UTF-8. */
const MAX_EMOJI_BYTES = 64;
const NO_CODE = 255;

export function encodeMessage(message: Message): Bytes {
  const writer = new Writer().u8(KIND[message.kind]);
  switch (message.kind) {
    case 'm3':
      return writer.raw(encodeM3(message.payload)).done();
    case 'admission':
      return writer.raw(encodeAdmission(message.admission)).done();
    case 'description':
      return writeDescription(writer, message.description).done();
    case 'candidates':
      writer.u8(message.candidates.length);
      for (const { candidate, sdpMid } of message.candidates) writer.text16(candidate).text16(sdpMid ?? '');
      return writer.done();
    case 'restart':
      return writer.done();
    case 'ping':
    case 'pong':
      return writer.u32(message.stamp).done();
    case 'resume':
      return writer.raw(message.stream).raw(message.heardStream).u64(message.heard).done();
    case 'chat':
      return writeChatItem(writer.u64(message.number), message.item).done();
    case 'chat-ack':
      return writer.u64(message.number).done();
    case 'typing':
      return writer.u8(message.isTyping ? 1 : 0).done();
    case 'file-offer':
      return writer
        .raw(idBytes(message.file))
        .u64(message.size)
        .text16(message.name)
        .text16(message.mediaType)
        .done();
    case 'file-accept':
      return writer.raw(idBytes(message.file)).u64(message.from).done();
    case 'file-decline':
    case 'file-done':
      return writer.raw(idBytes(message.file)).done();
    case 'file-pause':
      return writer
        .raw(idBytes(message.file))
        .u8(message.isPaused ? 1 : 0)
        .done();
    case 'file-end':
      return writer.raw(idBytes(message.file)).u8(FILE_ENDS.indexOf(message.reason)).done();
    case 'file-progress':
      return writer.raw(idBytes(message.file)).u64(message.records).done();
    case 'call':
      return writer
        .raw(idBytes(message.call))
        .u8(CALL_STANDINGS.indexOf(message.standing))
        .u8(message.seals ? 1 : 0)
        .u8(message.sends.reduce((bits, source) => bits | (1 << MEDIA_SOURCES.indexOf(source)), 0))
        .done();
    case 'retired':
      return writer.raw(message.publicKey).u64(message.timeMs).raw(message.signature).done();
    case 'bye':
      return writer.u8(message.code === null ? NO_CODE : WIRE_CODES.indexOf(message.code)).done();
  }
}

/** `null` for a kind of a later version, which is ignored (section 7); malformed bodies throw. */
export function decodeMessage(bytes: Uint8Array): Message | null {
  const reader = new Reader(bytes);
  const kind = KIND_OF.get(reader.u8());
  if (kind === undefined) return null;
  const message = readBody(kind, reader);
  reader.end();
  return message;
}

function readBody(kind: Message['kind'], reader: Reader): Message {
  switch (kind) {
    case 'm3':
      return { kind, payload: decodeM3(reader.rest()) };
    case 'admission':
      return { kind, admission: decodeAdmission(reader.rest()) };
    case 'description':
      return { kind, description: readDescription(reader) };
    case 'candidates':
      return { kind, candidates: readCandidates(reader) };
    case 'restart':
      return { kind };
    case 'ping':
    case 'pong':
      return { kind, stamp: reader.u32() };
    case 'resume':
      return {
        kind,
        stream: reader.raw(STREAM_BYTES),
        heardStream: reader.raw(STREAM_BYTES),
        heard: reader.u64(),
      };
    case 'chat':
      return { kind, number: reader.u64(), item: readChatItem(reader) };
    case 'chat-ack':
      return { kind, number: reader.u64() };
    case 'typing':
      return { kind, isTyping: reader.flag() };
    case 'file-offer':
      return {
        kind,
        file: readFileId(reader),
        size: atMost(reader.u64(), MAX_FILE_BYTES),
        name: safeFileName(reader.text16(MAX_FILE_NAME_BYTES)),
        mediaType: readMediaType(reader),
      };
    case 'file-accept':
      return { kind, file: readFileId(reader), from: reader.u64() };
    case 'file-decline':
    case 'file-done':
      return { kind, file: readFileId(reader) };
    case 'file-pause':
      return { kind, file: readFileId(reader), isPaused: reader.flag() };
    case 'file-end': {
      const file = readFileId(reader);
      const reason = FILE_ENDS[reader.u8()];
      if (reason === undefined) throw new ParleyError('protocol/malformed');
      return { kind, file, reason };
    }
    case 'file-progress':
      return { kind, file: readFileId(reader), records: reader.u64() };
    case 'call': {
      const call = toId<CallId>(reader.raw(ID_BYTES));
      const standing = CALL_STANDINGS[reader.u8()];
      const seals = reader.flag();
      const bits = atMost(reader.u8(), 2 ** MEDIA_SOURCES.length - 1);
      if (standing === undefined) throw new ParleyError('protocol/malformed');
      const sends = MEDIA_SOURCES.filter((_, stream) => (bits & (1 << stream)) !== 0);
      return { kind, call, standing, seals, sends };
    }
    case 'retired':
      return {
        kind,
        publicKey: reader.raw(PUBLIC_KEY_BYTES),
        timeMs: reader.u64(),
        signature: reader.raw(SIGNATURE_BYTES),
      };
    case 'bye': {
      const byte = reader.u8();
      if (byte === NO_CODE) return { kind, code: null };
      const code = WIRE_CODES[byte];
      if (code === undefined) throw new ParleyError('protocol/malformed');
      return { kind, code };
    }
  }
}

function writeChatItem(writer: Writer, item: ChatItem): Writer {
  if (item.type === 'reaction') {
    return writer
      .u8(1)
      .raw(idBytes(item.target))
      .u8(item.isOn ? 1 : 0)
      .text16(item.emoji);
  }
  return writer
    .u8(0)
    .raw(idBytes(item.id))
    .u64(item.sentAtMs)
    .raw(item.replyTo === null ? NO_MESSAGE : idBytes(item.replyTo))
    .text16(item.text);
}

function readChatItem(reader: Reader): ChatItem {
  if (reader.flag()) {
    const target = toId<MessageId>(reader.raw(ID_BYTES));
    const isOn = reader.flag();
    const emoji = cleanEmoji(reader.text16(MAX_EMOJI_BYTES));
    return { type: 'reaction', target, emoji, isOn };
  }
  const id = toId<MessageId>(reader.raw(ID_BYTES));
  const sentAtMs = reader.u64();
  const replied = reader.raw(ID_BYTES);
  return {
    type: 'text',
    id,
    sentAtMs,
    replyTo: replied.every((byte) => byte === 0) ? null : toId<MessageId>(replied),
    text: cleanText(reader.text16(MAX_TEXT_BYTES)),
  };
}

/** One pictograph and nothing else: a reaction is no second way to send text. */
function cleanEmoji(text: string): string {
  const [first, ...others] = new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text);
  if (
    first === undefined ||
    others.length > 0 ||
    !/\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(text)
  ) {
    throw new ParleyError('protocol/malformed');
  }
  return text;
}

function readCandidates(reader: Reader): Candidate[] {
  const count = atMost(reader.u8(), MAX_CANDIDATES);
  return Array.from({ length: count }, () => {
    const candidate = reader.text16(MAX_CANDIDATE_BYTES);
    const sdpMid = reader.text16(32);
    return { candidate, sdpMid: sdpMid === '' ? null : sdpMid };
  });
}

function readMediaType(reader: Reader): string {
  const text = reader.text16(MAX_MEDIA_TYPE_BYTES).toLowerCase();
  return /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/.test(text) ? text : '';
}

const readFileId = (reader: Reader): FileId => toId<FileId>(reader.raw(ID_BYTES));

function atMost(value: number, max: number): number {
  if (value > max) throw new ParleyError('protocol/malformed');
  return value;
}
