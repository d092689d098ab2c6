import { formatLocale, m } from '../words/messages';
import type { Finding, FindingCode } from './diagnose';
import type { RelayTransport } from './facts';
import type { Progress, StepId, StepNote, StepState } from './steps';

/** What happened, why as far as anyone here can know, and what to do next. */
export type FindingWords = { readonly what: string; readonly why: string; readonly next: string };

type WordsOf<C extends FindingCode> = (finding: Extract<Finding, { code: C }>) => FindingWords;

/** The only place where a finding becomes a sentence. A guess is called one. */
const FINDINGS: { readonly [C in FindingCode]: WordsOf<C> } = {
  'webrtc-off': () => ({
    what: m.help_webrtc_off(),
    why: m.help_webrtc_off_why(),
    next: m.help_webrtc_off_next(),
  }),
  'server-unreachable': () => ({
    what: m.help_server_unreachable(),
    why: m.help_server_unreachable_why(),
    next: m.help_server_unreachable_next(),
  }),
  'hidden-without-relay': () => ({
    what: m.help_hidden_without_relay(),
    why: m.help_hidden_without_relay_why(),
    next: m.help_hidden_without_relay_next(),
  }),
  'relay-refused': ({ transports }) => ({
    what: m.help_relay_refused({ ways: listOf(transports) }),
    why: m.help_relay_refused_why(),
    next: m.help_relay_refused_next(),
  }),
  'relay-full': ({ transports }) => ({
    what: m.help_relay_full({ ways: listOf(transports) }),
    why: m.help_relay_full_why(),
    next: m.help_relay_full_next(),
  }),
  'relay-silent': ({ transports }) => ({
    what: m.help_relay_silent({ ways: listOf(transports) }),
    why: m.help_relay_silent_why(),
    next: m.help_relay_silent_next(),
  }),
  'udp-forbidden': () => ({
    what: m.help_udp_forbidden(),
    why: m.help_udp_forbidden_why(),
    next: m.help_udp_forbidden_next(),
  }),
  'udp-blocked': () => ({
    what: m.help_udp_blocked(),
    why: m.help_udp_blocked_why(),
    next: m.help_udp_blocked_next(),
  }),
  'both-symmetric': () => ({
    what: m.help_both_symmetric(),
    why: m.help_both_symmetric_why(),
    next: m.help_both_symmetric_next(),
  }),
  'relay-unreachable': ({ transports, others }) => ({
    what:
      transports.length === 0
        ? m.help_relay_unreachable()
        : m.help_relay_unreachable_over({ ways: listOf(transports) }),
    why:
      others.length === 0
        ? m.help_relay_unreachable_why()
        : m.help_relay_unreachable_others({ others: listOf(others) }),
    next: others.length === 0 ? m.help_relay_unreachable_next() : m.help_one_way_is_enough(),
  }),
  'stun-silent': () => ({
    what: m.help_stun_silent(),
    why: m.help_stun_silent_why(),
    next: m.help_stun_silent_next(),
  }),
  'nothing-from-there': () => ({
    what: m.help_nothing_from_there(),
    why: m.help_nothing_from_there_why(),
    next: m.help_nothing_from_there_next(),
  }),
  'no-path': ({ hasRelay }) => ({
    what: m.help_no_path(),
    why: hasRelay ? m.help_no_path_with_relay() : m.help_no_path_without_relay(),
    next: m.help_no_path_next(),
  }),
  'path-silent': () => ({
    what: m.help_path_silent(),
    why: m.help_path_silent_why(),
    next: m.help_path_silent_next(),
  }),
  'clock-wrong': ({ skewMs }) => {
    const span = spanOf(Math.abs(skewMs));
    return {
      what: skewMs > 0 ? m.help_clock_fast({ span }) : m.help_clock_slow({ span }),
      why: m.help_clock_why(),
      next: m.help_clock_next(),
    };
  },
  'no-helpers': () => ({
    what: m.help_no_helpers(),
    why: m.help_no_helpers_why(),
    next: m.help_no_helpers_next(),
  }),
  'no-relay': () => ({
    what: m.help_no_relay(),
    why: m.help_no_relay_why(),
    next: m.help_no_relay_next(),
  }),
  'no-websocket': () => ({
    what: m.help_no_websocket(),
    why: m.help_no_websocket_why(),
    next: m.help_no_websocket_next(),
  }),
  vpn: () => ({ what: m.help_vpn(), why: m.help_vpn_why(), next: m.help_vpn_next() }),
  fine: ({ isConnected }) =>
    isConnected
      ? { what: m.help_works(), why: m.help_works_why(), next: m.help_works_next() }
      : { what: m.help_fine(), why: m.help_fine_why(), next: m.help_fine_next() },
};

export function wordsOf(finding: Finding): FindingWords {
  // The table has for each code the words of its own finding, which an index can't say to the compiler.
  return (FINDINGS[finding.code] as WordsOf<FindingCode>)(finding);
}

export const STEP_NAMES: Readonly<Record<StepId, () => string>> = {
  websocket: () => m.help_step_websocket(),
  events: () => m.help_step_events(),
  clock: () => m.help_step_clock(),
  webrtc: () => m.help_step_webrtc(),
  stun: () => m.help_step_stun(),
  'relay-UDP': () => m.help_step_relay({ way: 'UDP' }),
  'relay-TCP': () => m.help_step_relay({ way: 'TCP' }),
  'relay-TLS': () => m.help_step_relay({ way: 'TLS' }),
  microphone: () => m.help_step_microphone(),
  camera: () => m.help_step_camera(),
};

export const STEP_STATES: Readonly<Record<StepState, () => string>> = {
  waiting: () => m.help_state_waiting(),
  running: () => m.help_state_running(),
  good: () => m.help_state_good(),
  bad: () => m.help_state_bad(),
  skipped: () => m.help_state_skipped(),
};

/** Short enough for one line of a small phone, so that no row grows when one appears. */
export const STEP_NOTES: Readonly<Record<StepNote, () => string>> = {
  'no-answer': () => m.help_note_no_answer(),
  refused: () => m.help_note_refused(),
  full: () => m.help_note_full(),
  'not-reached': () => m.help_note_not_reached(),
  failed: () => m.help_note_failed(),
  'no-data': () => m.help_note_no_data(),
  'no-nat': () => m.help_note_no_nat(),
  'not-set-up': () => m.help_note_not_set_up(),
  'no-server': () => m.help_note_no_server(),
  'no-webrtc': () => m.help_note_no_webrtc(),
  'too-often': () => m.help_note_too_often(),
  'clock-off': () => m.help_note_clock_off(),
  'turned-off': () => m.help_note_turned_off(),
  'not-allowed': () => m.help_note_not_allowed(),
  'no-device': () => m.help_note_no_device(),
  'in-use': () => m.help_note_in_use(),
};

/** What is said while a test runs, and at its end. */
export function progressWords(progress: Progress): string {
  switch (progress.at) {
    case 'idle':
      return '';
    case 'running':
      return m.help_testing({ step: STEP_NAMES[progress.step]() });
    case 'done':
      return m.help_done();
    case 'stopped':
      return m.help_stopped();
  }
}

/** "UDP, TCP and TLS": of three ways at most. */
function listOf(ways: readonly RelayTransport[]): string {
  const [one = '', two, three] = ways;
  if (two === undefined) return one;
  return three === undefined ? m.help_two_ways({ one, two }) : m.help_three_ways({ one, two, three });
}

const MINUTE_MS = 60_000;
const UNITS = [
  ['day', 1_440],
  ['hour', 60],
  ['minute', 1],
] as const;

/** In the largest unit that fits: "3 hours". */
function spanOf(ms: number): string {
  const minutes = Math.round(ms / MINUTE_MS);
  const [unit, length] = UNITS.find(([, least]) => minutes >= least) ?? UNITS[2];
  const look = { style: 'unit', unit, unitDisplay: 'long', useGrouping: false } as const;
  return new Intl.NumberFormat(formatLocale, look).format(Math.round(minutes / length));
}
