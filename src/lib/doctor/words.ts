import type { Finding, FindingCode } from './diagnose';
import type { RelayTransport } from './facts';
import type { Progress, StepId, StepNote, StepState } from './steps';

/** What happened, why as far as anyone here can know, and what to do next. */
export type FindingWords = { readonly what: string; readonly why: string; readonly next: string };

const OTHER_NETWORK = 'Try another network, such as a phone’s hotspot.';
const TELL_OPERATOR = 'Tell whoever runs this server; copying the report below helps them.';

type WordsOf<C extends FindingCode> = (finding: Extract<Finding, { code: C }>) => FindingWords;

/** The only place where a finding becomes a sentence. A guess is called one. */
const FINDINGS: { readonly [C in FindingCode]: WordsOf<C> } = {
  'webrtc-off': () => ({
    what: 'This browser cannot connect to another one.',
    why: 'WebRTC, the part of a browser that does it, is missing or was turned off by a setting or an extension.',
    next: 'Turn off extensions that block WebRTC, or use a current Chrome, Edge, Firefox or Safari.',
  }),
  'server-unreachable': () => ({
    what: 'Parley’s server cannot be reached.',
    why: 'This device may be offline, the server may be down, or a firewall, a VPN or a proxy keeps it away.',
    next: `See whether other pages load. Turn off a VPN or proxy. ${OTHER_NETWORK}`,
  }),
  'hidden-without-relay': () => ({
    what: '“Hide my address” cannot work here.',
    why: 'It needs a relay (a TURN server) to stand between you and the others, and this server has none.',
    next: 'Ask whoever runs this server to set one up. To connect without it, turn “Hide my address” off; the others then see your network address.',
  }),
  'relay-refused': ({ transports }) => ({
    what: `The relay refused this device${over(transports)} (401).`,
    why: 'The credentials that our server gave out are wrong or have expired. That is a fault of the set-up, not yours.',
    next: `Reload the page for fresh credentials. If it happens again: ${lower(TELL_OPERATOR)}`,
  }),
  'relay-full': ({ transports }) => ({
    what: `The relay has no room left${over(transports)} (486).`,
    why: 'It passes on only so many connections at a time, and they are all taken.',
    next: `Close other windows with meetings, wait a minute and try again. ${TELL_OPERATOR}`,
  }),
  'relay-silent': ({ transports }) => ({
    what: `The relay passes nothing on${over(transports)}.`,
    why: 'It gave this device an address, and what was sent there never came out. Its own firewall or its settings may be in the way.',
    next: TELL_OPERATOR,
  }),
  'udp-forbidden': () => ({
    what: 'The browser lets no direct connection through.',
    why: 'It names no address of its own. A privacy setting, an extension or a rule of your company may forbid it.',
    next: 'Turn off extensions that hide your address, or use another browser. On a company’s device, ask its administrator.',
  }),
  'udp-blocked': () => ({
    what: 'This network blocks UDP.',
    why: 'Nothing comes back over UDP, while the relay answers in another way. A firewall, a VPN or a company network may do that.',
    next: `Nothing must be done: Parley goes through the relay. It is slower than a direct path; ${lower(OTHER_NETWORK)}`,
  }),
  'both-symmetric': () => ({
    what: 'Both networks stand in the way of a direct path.',
    why: 'Each router uses a new port for every place that is spoken to, so neither side can find the other. There is no relay to go through.',
    next: `${OTHER_NETWORK} One side is enough. Or ask whoever runs this server for a relay (a TURN server).`,
  }),
  'relay-unreachable': ({ transports, others }) => ({
    what: `The relay cannot be reached${over(transports)}.`,
    why:
      others.length === 0
        ? 'It may be down, its name may be wrong, or a firewall, a VPN or a company network keeps this device from it.'
        : `A firewall, a VPN or a company network may block that, or the relay is not set up for it. It does answer${over(others)}.`,
    next:
      others.length === 0 ? `${OTHER_NETWORK} ${TELL_OPERATOR}` : 'Nothing must be done: one way is enough.',
  }),
  'stun-silent': () => ({
    what: 'Nobody tells this device its public address.',
    why: 'The STUN server did not answer. It may be down, or this network may block UDP; from here the two look alike.',
    next: `${OTHER_NETWORK} If it is the same there: ${lower(TELL_OPERATOR)}`,
  }),
  'nothing-from-there': () => ({
    what: 'The other side has sent nothing to connect to.',
    why: 'Their browser may be asleep, may have WebRTC turned off, or has lost the server.',
    next: 'Ask them to look at their screen, to reload the page, and to run this test.',
  }),
  'no-path': ({ hasRelay }) => ({
    what: 'The two browsers found no way to each other.',
    why: hasRelay
      ? 'The server was reached, and every path that was tried broke, the relayed ones too. A firewall on one side is likely.'
      : 'The server was reached, and no direct path came about. A firewall or the router of one side is likely, and there was no relay to go through.',
    next: `${OTHER_NETWORK} One side is enough. Parley keeps trying by itself.`,
  }),
  'path-silent': () => ({
    what: 'Nothing is heard from the other side any more.',
    why: 'The path broke: a sleeping device, a change of network or a gap in the Wi-Fi. What you write is kept and sent later.',
    next: 'Leave the page open: it connects again by itself. If it takes long, switch between Wi-Fi and mobile data.',
  }),
  'clock-wrong': ({ skewMs }) => ({
    what: `This device’s clock is ${spanOf(Math.abs(skewMs))} ${skewMs > 0 ? 'fast' : 'slow'}.`,
    why: 'Certificates are good for a certain time, so with a wrong clock a secure connection to server or relay may fail, and a meeting cannot be retired.',
    next: 'Let the device set its clock by itself, then reload the page.',
  }),
  'no-helpers': () => ({
    what: 'This server helps nobody through a router.',
    why: 'Whoever runs it has set up neither STUN nor TURN. Two people in the same network can connect; others often cannot.',
    next: 'Ask whoever runs this server to set them up.',
  }),
  'no-relay': () => ({
    what: 'This server has no relay.',
    why: 'Most networks allow a direct path. Where a firewall or a router on one side does not, a TURN server would have to pass the packets on.',
    next: `If a meeting does not connect: ${lower(OTHER_NETWORK)} Or ask whoever runs this server for a relay.`,
  }),
  'no-websocket': () => ({
    what: 'The server is reached in another way, by server-sent events.',
    why: 'No WebSocket opened. A proxy or a company network may cut them.',
    next: 'Nothing must be done: it works as well, and takes a few seconds more at the start.',
  }),
  vpn: () => ({
    what: 'This device uses a VPN.',
    why: 'The browser says so. A VPN may block direct paths or make them slow; many work well.',
    next: 'If a meeting does not connect or is slow, try once without it.',
  }),
  fine: ({ isConnected }) =>
    isConnected
      ? {
          what: 'Everything works.',
          why: 'The server was reached, and data went the whole way.',
          next: 'If a meeting still fails, ask the other side to run this test too.',
        }
      : {
          what: 'Nothing stands in the way here.',
          why: 'The server was reached, and nothing was found that would keep this device from connecting.',
          next: 'Whether the other side can connect, only a test over there can tell.',
        },
};

export function wordsOf(finding: Finding): FindingWords {
  // The table has for each code the words of its own finding, which an index can't say to the compiler.
  return (FINDINGS[finding.code] as WordsOf<FindingCode>)(finding);
}

export const STEP_NAMES: Readonly<Record<StepId, string>> = {
  websocket: 'Server (WebSocket)',
  events: 'Server (event stream)',
  clock: 'Clock',
  webrtc: 'Browser (WebRTC)',
  stun: 'Public address (STUN)',
  'relay-UDP': 'Relay over UDP',
  'relay-TCP': 'Relay over TCP',
  'relay-TLS': 'Relay over TLS',
  microphone: 'Microphone',
  camera: 'Camera',
};

export const STEP_STATES: Readonly<Record<StepState, string>> = {
  waiting: 'Not tested',
  running: 'Testing…',
  good: 'Works',
  bad: 'Fails',
  skipped: 'Left out',
};

/** Short enough for one line of a small phone, so that no row grows when one appears. */
export const STEP_NOTES: Readonly<Record<StepNote, string>> = {
  'no-answer': 'No answer came.',
  refused: 'Credentials refused (401).',
  full: 'No room left (486).',
  'not-reached': 'Not reached (701).',
  failed: 'Refused by the relay.',
  'no-data': 'It passes nothing on.',
  'no-nat': 'No router in between.',
  'not-set-up': 'This server has none.',
  'no-server': 'Needs the server.',
  'no-webrtc': 'Needs WebRTC.',
  'too-often': 'Too often. Try again in an hour.',
  'clock-off': 'Off by five minutes or more.',
  'turned-off': 'Missing or turned off.',
  'not-allowed': 'Not allowed by browser or system.',
  'no-device': 'None was found.',
  'in-use': 'Another program may be using it.',
};

/** What is said while a test runs, and at its end. */
export function progressWords(progress: Progress): string {
  switch (progress.at) {
    case 'idle':
      return '';
    case 'running':
      return `Testing: ${STEP_NAMES[progress.step]}`;
    case 'done':
      return 'The test is done.';
    case 'stopped':
      return 'The test was stopped.';
  }
}

/** The sorts of findings, told apart in a word. */
export const MARKS = { trouble: 'In the way', news: 'Good to know', good: 'Good' } as const;

export const NOTHING_YET = 'Nothing is known yet. What is found appears here by itself.';
export const NOT_FINISHED = 'The test could not be finished. The list above says where it ended.';

export const COPY = {
  copied: 'The report is copied. It names no address, no meeting and no person.',
  refused: 'The browser did not allow copying. Select the text below and copy it by hand.',
} as const;

/** " over UDP and TCP"; nothing where no way is named. */
function over(transports: readonly RelayTransport[]): string {
  return transports.length === 0 ? '' : ` over ${listOf(transports)}`;
}

function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

const lower = (sentence: string): string => sentence.slice(0, 1).toLowerCase() + sentence.slice(1);

const MINUTE_MS = 60_000;
const UNITS = [
  ['day', 1_440],
  ['hour', 60],
  ['minute', 1],
] as const;

/** In the largest unit that fits: "3 hours". */
function spanOf(ms: number): string {
  const minutes = Math.round(ms / MINUTE_MS);
  const [name, length] = UNITS.find(([, unit]) => minutes >= unit) ?? UNITS[2];
  const count = Math.round(minutes / length);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
