import type { Bytes } from './bytes';
import { ParleyError } from './errors';
import type { Description } from './handshake';
import { MAX_CANDIDATE_BYTES, MAX_DESCRIPTION_BYTES } from './limits';
import type { Candidate, NegotiationMessage } from './message';

/**
 * The description guard (section 5): what a session description must look like before a browser's own parser sees it.
 * Sealed signaling already proves who wrote it; the guard bounds what a hostile *participant* can do, and reads out the
 * DTLS fingerprint that every key of the connection is bound to.
 */

const SHA256_FINGERPRINT = /^sha-256 ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})$/i;
const ALLOWED_SECTIONS = new Set(['application', 'audio', 'video']);
/** Data, microphone, camera, screen and screen sound, with room for a version that pools more (section 9). */
const MAX_SECTIONS = 12;
const MAX_LINES = 2_000;

export type GuardRules = { relayOnly: boolean };

/** A description that passed the guard, with the 32 bytes of its one fingerprint. */
export type GuardedDescription = { description: Description; fingerprint: Bytes };

/** Throws `description/refused`. Under relay-only candidate lines go the way of `guardCandidate`. */
export function guardDescription(description: Description, rules: GuardRules): GuardedDescription {
  const { type, sdp } = description;
  if (sdp.length > MAX_DESCRIPTION_BYTES) refuse();
  if (/\r(?!\n)/.test(sdp) || /[^\t\r\n\u0020-\u007E]/.test(sdp) || !sdp.startsWith('v=0')) refuse();
  const lines = sdp.split(/\r?\n/);
  if (lines.length > MAX_LINES) refuse();

  const fingerprints = new Set<string>();
  const isSectionPrinted: boolean[] = [];
  let isSessionPrinted = false;
  const kept: string[] = [];
  for (const line of lines) {
    if (line.startsWith('m=')) {
      const section = line.slice(2).split(' ', 1)[0] ?? '';
      if (!ALLOWED_SECTIONS.has(section) || isSectionPrinted.length === MAX_SECTIONS) refuse();
      isSectionPrinted.push(false);
    } else if (/^a=fingerprint:/i.test(line)) {
      const match = SHA256_FINGERPRINT.exec(line.slice('a=fingerprint:'.length));
      fingerprints.add(match?.[1]?.toUpperCase() ?? refuse());
      if (isSectionPrinted.length === 0) isSessionPrinted = true;
      else isSectionPrinted[isSectionPrinted.length - 1] = true;
    } else if (/^a=candidate:/i.test(line)) {
      if (line.length > MAX_CANDIDATE_BYTES) refuse();
      const guarded = guardCandidate({ candidate: line.slice(2), sdpMid: null }, rules);
      if (guarded !== null) kept.push(`a=${guarded.candidate}`);
      continue;
    }
    kept.push(rules.relayOnly ? withoutAddress(line) : line);
  }
  const [fingerprint] = fingerprints;
  const isEverySectionBound = isSessionPrinted || isSectionPrinted.every((printed) => printed);
  if (fingerprint === undefined || fingerprints.size !== 1) return refuse();
  if (isSectionPrinted.length === 0 || !isEverySectionBound) return refuse();
  return { description: { type, sdp: kept.join('\r\n') }, fingerprint: fingerprintBytes(fingerprint) };
}

/** The candidate if it may be used, `null` if the rules drop it; a malformed one throws `description/refused`. */
export function guardCandidate(candidate: Candidate, rules: GuardRules): Candidate | null {
  const text = candidate.candidate;
  if (text === '') return candidate;
  // candidate:foundation component transport priority address port typ type (RFC 8839 section 5.1)
  const match =
    /^candidate:[A-Za-z0-9+/]{1,32} [12] (?:udp|tcp) \d{1,10} [0-9A-Za-z.:-]{1,253} \d{1,5} typ (host|srflx|prflx|relay)(?: [\x21-\x7E]+)*$/i.exec(
      text,
    );
  if (match === null || text.length > MAX_CANDIDATE_BYTES) return refuse();
  if (!rules.relayOnly) return candidate;
  return match[1]?.toLowerCase() === 'relay' ? { ...candidate, candidate: blankRelated(text) } : null;
}

/** The message as the rules let it pass, `null` if nothing of it does. Throws `description/refused`. */
export function guardNegotiation(message: NegotiationMessage, rules: GuardRules): NegotiationMessage | null {
  switch (message.kind) {
    case 'description':
      return { ...message, description: guardDescription(message.description, rules).description };
    case 'candidates': {
      const candidates = message.candidates.flatMap((candidate) => guardCandidate(candidate, rules) ?? []);
      return candidates.length === 0 ? null : { ...message, candidates };
    }
    case 'restart':
      return message;
  }
}

/** A relayed candidate names the address it was made from; under relay-only nobody is told (RFC 8839 section 5.1). */
function blankRelated(text: string): string {
  return text.replace(/ raddr \S+/i, ' raddr 0.0.0.0').replace(/ rport \S+/i, ' rport 0');
}

/** Session, media and RTCP lines have an address too, which trickle ICE needs nowhere (RFC 8840 section 4.1.1). */
function withoutAddress(line: string): string {
  if (/^c=/i.test(line)) return 'c=IN IP4 0.0.0.0';
  if (/^a=rtcp:/i.test(line)) return 'a=rtcp:9 IN IP4 0.0.0.0';
  return /^o=/i.test(line) ? line.replace(/ IN IP[46] \S+$/i, ' IN IP4 127.0.0.1') : line;
}

function fingerprintBytes(hex: string): Bytes {
  return Uint8Array.from(hex.split(':'), (pair) => parseInt(pair, 16));
}

function refuse(): never {
  throw new ParleyError('description/refused');
}
