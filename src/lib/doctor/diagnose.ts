import { RELAY_TRANSPORTS, transportOf, type ConnectionFacts, type RelayTransport } from './facts';

/** What is wrong, or worth knowing, about one attempt to connect. `words.ts` says it. */
export type Finding =
  /** The browser has no WebRTC, or it is switched off. */
  | { code: 'webrtc-off' }
  /** Neither a WebSocket nor server-sent events reach the server. */
  | { code: 'server-unreachable' }
  | { code: 'clock-wrong'; skewMs: number }
  /** "Hide my address" is on and there is no relay to hide behind. */
  | { code: 'hidden-without-relay' }
  /** 401: the credentials are wrong or expired. */
  | { code: 'relay-refused'; transports: readonly RelayTransport[] }
  /** 486: the allocation quota is reached. */
  | { code: 'relay-full'; transports: readonly RelayTransport[] }
  /** 701, or no answer at all. `others` are the ways in which it does answer. */
  | { code: 'relay-unreachable'; transports: readonly RelayTransport[]; others: readonly RelayTransport[] }
  /** It gives out an address and passes nothing on. */
  | { code: 'relay-silent'; transports: readonly RelayTransport[] }
  /** The browser offers no address of its own: a setting or an extension forbids it. */
  | { code: 'udp-forbidden' }
  /** Nothing comes back over UDP, and the relay answers over TCP or TLS. */
  | { code: 'udp-blocked' }
  /** No STUN answer. Whether the server or UDP is at fault can't be told from here. */
  | { code: 'stun-silent' }
  /** Both routers give a new port for every place. `hasRelay`: there is one, so it matters less. */
  | { code: 'both-symmetric' }
  /** The other side has sent nothing to connect to. */
  | { code: 'nothing-from-there' }
  /** All was tried and nothing of the above is known. */
  | { code: 'no-path'; hasRelay: boolean }
  | { code: 'path-silent' }
  /** The operator has set up neither STUN nor TURN. */
  | { code: 'no-helpers' }
  | { code: 'no-relay' }
  /** Server-sent events take the place of the WebSocket. */
  | { code: 'no-websocket' }
  | { code: 'vpn' }
  /** Nothing is wrong. `isConnected`: seen to work, and not only nothing against it. */
  | { code: 'fine'; isConnected: boolean };

export type FindingCode = Finding['code'];

/** From what ends every attempt to what is good to know. */
export const FINDING_CODES = [
  'webrtc-off',
  'server-unreachable',
  'hidden-without-relay',
  'relay-refused',
  'relay-full',
  'relay-silent',
  'udp-forbidden',
  'both-symmetric',
  'relay-unreachable',
  'stun-silent',
  'nothing-from-there',
  'no-path',
  'path-silent',
  'clock-wrong',
  'no-helpers',
  'fine',
  'udp-blocked',
  'no-relay',
  'no-websocket',
  'vpn',
] as const satisfies readonly FindingCode[];

/** The server takes a signed time that is off by less than five minutes (section 2); certificates bear more. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

const UNAUTHORIZED = 401;
const ALLOCATION_QUOTA_REACHED = 486;
const NO_CONTACT = 701;

/** Findings by weight; none while too little is known. Pure, and total: any facts have an answer. */
export function diagnose(facts: ConnectionFacts): readonly Finding[] {
  const found = findingsOf(facts);
  const isConnected = facts.state === 'connected';
  const isKnown = isConnected || facts.gathered.end !== 'not-yet';
  if (isKnown && found.every(isOnlyNews)) found.push({ code: 'fine', isConnected });
  return found.sort((one, other) => rankOf(one) - rankOf(other));
}

/** Good to know, while everything may well work beside it. */
export function isOnlyNews(finding: Finding): boolean {
  switch (finding.code) {
    case 'udp-blocked':
    case 'no-relay':
    case 'no-websocket':
    case 'vpn':
      return true;
    case 'relay-unreachable':
      return finding.others.length > 0;
    default:
      return false;
  }
}

function rankOf(finding: Finding): number {
  return FINDING_CODES.indexOf(finding.code) + (isOnlyNews(finding) ? FINDING_CODES.length : 0);
}

function findingsOf(facts: ConnectionFacts): Finding[] {
  // Without WebRTC nothing else was tried; what is missing then says nothing.
  if (!facts.hasWebRtc) return [{ code: 'webrtc-off' }, ...ofServer(facts)];
  return [...ofServer(facts), ...ofHelpers(facts), ...ofRelays(facts), ...ofUdp(facts), ...ofPath(facts)];
}

function ofServer({ signaling, clockSkewMs, hasVpn, state }: ConnectionFacts): Finding[] {
  const findings: Finding[] = [];
  // An open path needs no server.
  if (signaling.kind === 'offline' && state !== 'connected') findings.push({ code: 'server-unreachable' });
  if (signaling.kind === 'server-sent events' && signaling.socketsRefused)
    findings.push({ code: 'no-websocket' });
  if (clockSkewMs !== null && Math.abs(clockSkewMs) >= CLOCK_TOLERANCE_MS)
    findings.push({ code: 'clock-wrong', skewMs: clockSkewMs });
  if (hasVpn === true) findings.push({ code: 'vpn' });
  return findings;
}

/** What the operator has not set up. `null` is not known, which is not the same. */
function ofHelpers({ hasStun, hasTurn, relayOnly, state }: ConnectionFacts): Finding[] {
  if (hasTurn !== false || state === 'connected') return [];
  if (relayOnly) return [{ code: 'hidden-without-relay' }];
  return [{ code: hasStun === false ? 'no-helpers' : 'no-relay' }];
}

function ofRelays(facts: ConnectionFacts): Finding[] {
  const { gathered, errors, silentRelays } = facts;
  const works = (transport: RelayTransport) => gathered.relay[transport] > 0;
  const failedWith = (code: number) =>
    RELAY_TRANSPORTS.filter(
      (transport) =>
        // Of several networks or addresses one may fail: what came about all the same is no failure.
        !works(transport) &&
        errors.some((error) => error.code === code && transportOf(error.url) === transport),
    );
  const refused = failedWith(UNAUTHORIZED);
  const full = failedWith(ALLOCATION_QUOTA_REACHED);
  const answered = [...refused, ...full];
  const unreached = failedWith(NO_CONTACT).filter((transport) => !answered.includes(transport));
  const others = RELAY_TRANSPORTS.filter(works);
  // Chromium has no error for a relay that never answers.
  const isAllSilent =
    facts.hasTurn === true &&
    gathered.end !== 'not-yet' &&
    [...others, ...answered, ...unreached].length === 0;
  const findings: Finding[] = [];
  if (refused.length > 0) findings.push({ code: 'relay-refused', transports: refused });
  if (full.length > 0) findings.push({ code: 'relay-full', transports: full });
  if (silentRelays.length > 0) findings.push({ code: 'relay-silent', transports: silentRelays });
  if (unreached.length > 0) findings.push({ code: 'relay-unreachable', transports: unreached, others });
  else if (isAllSilent) findings.push({ code: 'relay-unreachable', transports: [], others });
  return findings;
}

function ofUdp({ gathered, errors, relayOnly, hasStun, state }: ConnectionFacts): Finding[] {
  const { host, srflx, relay, end } = gathered;
  // With "Hide my address" the browser looks for nothing but relays.
  if (relayOnly || end === 'not-yet' || srflx > 0 || relay.UDP > 0) return [];
  const isConnected = state === 'connected';
  if (host === 0) return isConnected ? [] : [{ code: 'udp-forbidden' }];
  // A relay that refuses over UDP has answered over UDP.
  if (errors.some(({ code, url }) => code !== NO_CONTACT && transportOf(url) === 'UDP')) return [];
  const isSilent = end === 'overdue' || errors.some(({ url }) => url.startsWith('stun'));
  if (hasStun !== true || !isSilent) return [];
  if (relay.TCP + relay.TLS > 0) return [{ code: 'udp-blocked' }];
  return isConnected ? [] : [{ code: 'stun-silent' }];
}

function ofPath({ state, hasTurn, relayOnly, remote, mapped, gathered }: ConnectionFacts): Finding[] {
  if (state === 'silent') return [{ code: 'path-silent' }];
  // Where nothing could be tried, that it failed is no news.
  if (state !== 'failed' || (relayOnly && hasTurn === false)) return [];
  if (remote.host + remote.srflx + remote.relay === 0) return [{ code: 'nothing-from-there' }];
  const hasRelay = remote.relay > 0 || RELAY_TRANSPORTS.some((transport) => gathered.relay[transport] > 0);
  if (mapped.here === 'varies' && mapped.there === 'varies' && hasTurn !== true && !hasRelay)
    return [{ code: 'both-symmetric' }];
  return [{ code: 'no-path', hasRelay }];
}
