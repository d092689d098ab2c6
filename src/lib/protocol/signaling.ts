import * as z from 'zod/mini';
import type { MeetingId, PeerId } from './ids';
import { MAX_ENVELOPE_BYTES } from './limits';
import { WIRE_CODES, type WireCode } from './errors';

/**
 * Every message between a client and the server (sections 2 and 3), one schema each. The server sees ids, proofs of
 * a host's key, and sealed envelopes; nothing else has a field to stand in.
 */

// Zod compiles parsers with `new Function` unless told not to; the content security policy forbids that.
z.config({ jitless: true });

/** Unpadded base64url of exactly `bytes` bytes. The canonical form is checked where it is decoded. */
const fixedBytes = (bytes: number) =>
  z.string().check(z.length(Math.ceil((bytes * 4) / 3)), z.regex(/^[A-Za-z0-9_-]+$/));
const id16 = <T extends string>() =>
  z.pipe(
    // The last of 22 characters carries 2 bits of data: only A, Q, g and w are canonical.
    z.string().check(z.regex(/^[A-Za-z0-9_-]{21}[AQgw]$/)),
    z.transform((text) => text as T),
  );

const meetingId = id16<MeetingId>();
const peerId = id16<PeerId>();
/** Canonical unpadded base64url: what passes here decodes, at whichever end. */
const CANONICAL = /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?$/;
const envelope = z
  .string()
  .check(z.minLength(1), z.maxLength(Math.ceil((MAX_ENVELOPE_BYTES * 4) / 3)), z.regex(CANONICAL));
const publicKey = fixedBytes(65);
/** Bytes that are kept and sent on as they came, so their form is checked here. */
const canonicalBytes = (bytes: number) => fixedBytes(bytes).check(z.regex(CANONICAL));
const signature = fixedBytes(64);

/** RFC 3986 section 3.2.2: a name, an IPv4 address, or an IPv6 address in brackets. Matched in one pass, however long. */
const HOST = /(?:[A-Za-z0-9](?:-*[A-Za-z0-9])*(?:\.[A-Za-z0-9](?:-*[A-Za-z0-9])*)*|\[[0-9A-Fa-f:.]+\])/;
const PORT = /(?::[1-9][0-9]{0,4})?/;
/** RFC 7064 section 3.1 and RFC 7065 section 3.1; of transports those that browsers know. */
export const STUN_URL = new RegExp(`^stuns?:${HOST.source}${PORT.source}$`);
export const TURN_URL = new RegExp(`^turns?:${HOST.source}${PORT.source}(?:\\?transport=(?:udp|tcp))?$`);
/** A host name has at most 253 characters; scheme, port and transport are 26. */
export const MAX_ICE_URL_LENGTH = 280;
/** Each costs every connection a request and a wait; browsers warn from five on. */
export const MAX_ICE_URLS = 8;

const iceUrls = (url: RegExp) =>
  z
    .array(z.string().check(z.maxLength(MAX_ICE_URL_LENGTH), z.regex(url)))
    .check(z.minLength(1), z.maxLength(MAX_ICE_URLS));
/** What a relay knows a client by: nothing that needs more than these. */
const relayUser = z.string().check(z.maxLength(64), z.regex(/^[A-Za-z0-9_:-]+$/));
const relayPassword = z.string().check(z.maxLength(64), z.regex(/^[A-Za-z0-9+/]+=*$/));

/** Meetings one person watches at a time: far more than a list shows, far less than would strain a server. */
export const MAX_WATCHED = 1_000;

/** Those of the known services are a few hundred characters. */
export const MAX_ENDPOINT_LENGTH = 1_024;
/** A URL in its plainest spelling. Whether it is at a push service that the operator knows, the server decides. */
const endpoint = z.string().check(z.maxLength(MAX_ENDPOINT_LENGTH), z.regex(/^https?:\/\/[\x21-\x7e]+$/));

export const inputs = {
  /** Any text is answered alike, so that the shape of an id tells nothing (section 3). */
  status: z.strictObject({ id: z.string().check(z.maxLength(256)) }),
  watch: z.strictObject({ ids: z.array(meetingId).check(z.maxLength(MAX_WATCHED)) }),
  /** Section 2: `signature` over `"parley1 claim" | 0 | H(origin) | id | nonce`. */
  claim: z.strictObject({ id: meetingId, publicKey, signature }),
  /** The host stays connected and is no longer at the meeting. */
  release: z.strictObject({ id: meetingId }),
  /** A guest is at the meeting; `envelope` goes to the host at once if there is one. */
  knock: z.strictObject({ id: meetingId, envelope: z.nullable(envelope) }),
  leave: z.strictObject({ id: meetingId }),
  /** Fresh ICE servers, for who is host of the meeting or a guest at it. */
  ice: z.strictObject({ id: meetingId }),
  /** `to: null` is the meeting's host. */
  relay: z.strictObject({ id: meetingId, to: z.nullable(peerId), envelope }),
  /** The host lets two guests speak to each other. */
  open: z.strictObject({ id: meetingId, peerA: peerId, peerB: peerId }),
  /** Section 2: `signature` over `"parley1 retire" | 0 | H(origin) | id | time(8)`; `time` in milliseconds since 1970. */
  retire: z.strictObject({
    id: meetingId,
    publicKey,
    time: z.number().check(z.int(), z.gte(0)),
    signature,
  }),
  /**
   * This device asks to be told of the meeting with the app closed: as `guest` when the host comes, as `host` when
   * somebody knocks while no host is there. It is told `tag`, the link's pushTag (section 4), and nothing else. Saying it
   * again renews it. `subscription` is the browser's: RFC 8030 and, for the two keys, RFC 8291 section 3.
   */
  tell: z.strictObject({
    id: meetingId,
    role: z.literal(['host', 'guest']),
    tag: canonicalBytes(16),
    subscription: z.strictObject({ endpoint, p256dh: canonicalBytes(65), auth: canonicalBytes(16) }),
  }),
  /** Takes it back. The answer is the same whether there was one. */
  untell: z.strictObject({ id: meetingId, endpoint }),
} as const;

export type TellInput = z.infer<typeof inputs.tell>;
export type PushSubscriptionInfo = TellInput['subscription'];
export type Status = { exists: boolean; hostPresent: boolean };

/**
 * The STUN and TURN servers of a connection, none unless the operator has some. `expiresInMs` is the life of the
 * credentials, `null` where there are none. A running relayed path outlives them; a new one needs new ones.
 */
export type IceSettings = {
  servers: { urls: string[]; username?: string; credential?: string }[];
  expiresInMs: number | null;
};

export const MAX_ICE_LIFE_MS = 86_400_000;

/** Whatever passes here `RTCPeerConnection` takes too: a relay always comes with its credentials. */
export const iceSettings: z.ZodMiniType<IceSettings> = z.strictObject({
  servers: z
    .array(
      z.union([
        z.strictObject({ urls: iceUrls(STUN_URL) }),
        z.strictObject({ urls: iceUrls(TURN_URL), username: relayUser, credential: relayPassword }),
      ]),
    )
    .check(z.maxLength(4)),
  expiresInMs: z.nullable(z.number().check(z.int(), z.gte(1), z.lte(MAX_ICE_LIFE_MS))),
});

export const serverEvent = z.discriminatedUnion('type', [
  /** First on every connection. `session` names this connection in calls that do not travel on it (server-sent events). */
  z.strictObject({ type: z.literal('hello'), nonce: fixedBytes(32), peer: peerId, session: fixedBytes(32) }),
  z.strictObject({ type: z.literal('presence'), id: meetingId, hostPresent: z.boolean() }),
  /** To a host: somebody is at the meeting. */
  z.strictObject({ type: z.literal('knock'), id: meetingId, peer: peerId, envelope: z.nullable(envelope) }),
  /** `from: null` is the meeting's host. */
  z.strictObject({ type: z.literal('relay'), id: meetingId, from: z.nullable(peerId), envelope }),
  /** To a host: that socket is gone. Its connection to us may well live on. */
  z.strictObject({ type: z.literal('gone'), id: meetingId, peer: peerId }),
  z.strictObject({ type: z.literal('superseded'), id: meetingId }),
  z.strictObject({ type: z.literal('retired'), id: meetingId }),
]);

export type ServerEvent = z.infer<typeof serverEvent>;

/** Names the session in calls over HTTP, beside the event stream that gave the token. */
export const SESSION_HEADER = 'x-parley-session';
/** A client on the fallback calls `beat` this often; a frozen one is noticed by its silence. */
export const BEAT_INTERVAL_MS = 5_000;

export function isWireCode(value: unknown): value is WireCode {
  return WIRE_CODES.some((code) => code === value);
}
