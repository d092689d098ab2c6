import type { RelayTransport } from './facts';

/** What a test tries, one after the other. The last two are tried only when asked for. */
export const CONNECTION_STEPS = [
  'websocket',
  'events',
  'clock',
  'webrtc',
  'stun',
  'relay-UDP',
  'relay-TCP',
  'relay-TLS',
] as const;
export const MEDIA_STEPS = ['microphone', 'camera'] as const;

export type ConnectionStep = (typeof CONNECTION_STEPS)[number];
export type MediaStep = (typeof MEDIA_STEPS)[number];
export type StepId = ConnectionStep | MediaStep;

export type StepState = 'waiting' | 'running' | 'good' | 'bad' | 'skipped';

export type StepNote =
  | 'no-answer'
  | 'refused'
  | 'full'
  | 'not-reached'
  | 'failed'
  | 'no-data'
  | 'no-nat'
  | 'not-set-up'
  | 'no-server'
  | 'no-webrtc'
  | 'too-often'
  | 'clock-off'
  | 'turned-off'
  | 'not-allowed'
  | 'no-device'
  | 'in-use';

/** What became of a step, or has so far. `note`: more than the state, where there is more. */
export type StepResult = { readonly state: StepState; readonly note: StepNote | null };
export type Steps = Readonly<Record<StepId, StepResult>>;

const WAITING: StepResult = { state: 'waiting', note: null };

export const ALL_WAITING: Steps = {
  websocket: WAITING,
  events: WAITING,
  clock: WAITING,
  webrtc: WAITING,
  stun: WAITING,
  'relay-UDP': WAITING,
  'relay-TCP': WAITING,
  'relay-TLS': WAITING,
  microphone: WAITING,
  camera: WAITING,
};

export type Progress =
  | { readonly at: 'idle' }
  | { readonly at: 'running'; readonly step: StepId }
  | { readonly at: 'done' }
  | { readonly at: 'stopped' };

export const relayStep = (transport: RelayTransport): ConnectionStep => `relay-${transport}`;

/** How long each may take: longer than a slow answer, short enough to sit through. */
export const STEP_LIMIT_MS: Readonly<Record<StepId, number>> = {
  // Both transports give up by themselves, after 3 and 5 s.
  websocket: 4_000,
  events: 6_000,
  clock: 5_000,
  webrtc: 1_000,
  // RFC 8489 section 6.2.1: by then seven requests are out at most, and a slow network has answered one.
  stun: 5_000,
  // Two addresses are asked for, each with a round trip to be refused first, and TLS takes two more.
  'relay-UDP': 8_000,
  'relay-TCP': 8_000,
  'relay-TLS': 8_000,
  // The person reads a question of the browser's and answers it.
  microphone: 60_000,
  camera: 60_000,
};
