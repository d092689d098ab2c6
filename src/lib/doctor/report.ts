import type { Finding } from './diagnose';
import { RELAY_TRANSPORTS, transportOf, type ConnectionFacts } from './facts';
import { CONNECTION_STEPS, MEDIA_STEPS, type Steps } from './steps';
import { STEP_NAMES, STEP_NOTES, STEP_STATES, wordsOf } from './words';

export type ReportInput = {
  readonly facts: ConnectionFacts;
  readonly findings: readonly Finding[];
  /** `null` in a meeting, where nothing was tested. */
  readonly steps: Steps | null;
  readonly userAgent: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
};

/**
 * The text to send to somebody who can help. It is built from numbers and words of our own alone: no text of a server,
 * a network or a person passes through, so no address, no host name, no id and no name can be in it.
 */
export function reportOf({ facts, findings, steps, userAgent, atMs }: ReportInput): string {
  return [
    'Parley connection report',
    `Made: ${minuteOf(atMs)}`,
    `Browser: ${browserOf(userAgent)}`,
    '',
    'Findings',
    ...findings.map((finding) => `- ${wordsOf(finding).what}`),
    ...(findings.length === 0 ? ['- none yet'] : []),
    ...(steps === null ? [] : ['', 'Tests', ...stepLines(steps)]),
    '',
    'Facts',
    ...factLines(facts),
    '',
  ].join('\n');
}

function stepLines(steps: Steps): string[] {
  return [...CONNECTION_STEPS, ...MEDIA_STEPS].map((id) => {
    const { state, note } = steps[id];
    return `- ${STEP_NAMES[id]()}: ${STEP_STATES[state]()}${note === null ? '' : `. ${STEP_NOTES[note]()}`}`;
  });
}

function factLines(facts: ConnectionFacts): string[] {
  const { gathered, remote, signaling, mapped } = facts;
  const relays = RELAY_TRANSPORTS.map((transport) => `${transport} ${gathered.relay[transport]}`).join(', ');
  return [
    `- WebRTC: ${facts.hasWebRtc ? 'yes' : 'no'}`,
    `- server: ${signaling.kind}${signaling.socketsRefused ? ', WebSocket refused' : ''}`,
    `- STUN set up: ${known(facts.hasStun)}; TURN set up: ${known(facts.hasTurn)}`,
    `- hide my address: ${facts.relayOnly ? 'on' : 'off'}`,
    `- state: ${facts.state}; gathering: ${gathered.end}`,
    `- own candidates: host ${gathered.host}, srflx ${gathered.srflx}, relay ${relays}`,
    `- their candidates: host ${remote.host}, srflx ${remote.srflx}, relay ${remote.relay}`,
    `- ports by place: here ${mapped.here}, there ${mapped.there}`,
    `- own addresses: ${[...new Set(facts.addresses)].join(', ') || 'none seen'}`,
    `- VPN: ${known(facts.hasVpn)}`,
    `- clock: ${facts.clockSkewMs === null ? 'not compared' : `${Math.round(facts.clockSkewMs / 1_000)} s off`}`,
    `- errors: ${errorCounts(facts.errors) || 'none'}`,
  ];
}

const known = (value: boolean | null): string => (value === null ? 'unknown' : value ? 'yes' : 'no');

/** "TURN over UDP 401 (2 times)": of a URL, only how it is spoken to. */
function errorCounts(errors: ConnectionFacts['errors']): string {
  const counts = new Map<string, number>();
  for (const { code, url } of errors) {
    const transport = transportOf(url);
    const name = `${transport === null ? 'STUN' : `TURN over ${transport}`} ${Math.trunc(code)}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} (${count} times)`)).join(', ');
}

/** To the minute and in UTC: enough to find it in a log, and no more. */
function minuteOf(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return 'unknown';
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** Of all that a browser says of itself, its name and main version. Each contains the names of those after it. */
const BROWSERS = [
  ['Firefox', /Firefox\/(\d{1,4})/],
  ['Edge', /Edg\/(\d{1,4})/],
  ['Chrome or like it', /Chrom(?:e|ium)\/(\d{1,4})/],
  ['Safari', /Version\/(\d{1,4}).*Safari/],
] as const;

function browserOf(userAgent: string): string {
  for (const [name, pattern] of BROWSERS) {
    const version = pattern.exec(userAgent)?.[1];
    if (version !== undefined)
      return `${name} ${version}${/Mobile|Android/.test(userAgent) ? ', mobile' : ''}`;
  }
  return 'unknown';
}
