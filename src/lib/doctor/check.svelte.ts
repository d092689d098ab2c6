import type { IceSettings } from '../protocol/signaling';
import { codeOf } from '../protocol/errors';
import { CLOCK_TOLERANCE_MS, diagnose, type Finding } from './diagnose';
import { NO_FACTS, RELAY_TRANSPORTS, transportOf, type ConnectionFacts, type RelayTransport } from './facts';
import type { Probes } from './browser-probes';
import type { RelaySight, StunSight } from './probes';
import {
  ALL_WAITING,
  CONNECTION_STEPS,
  MEDIA_STEPS,
  relayStep,
  STEP_LIMIT_MS,
  type Progress,
  type StepId,
  type StepNote,
  type StepResult,
  type Steps,
} from './steps';
import { within } from './waiting';

/** Where ICE servers come from: the server gives them only to somebody at a meeting. */
export interface IceSource {
  /** Throws `signaling/unreachable`, `signaling/rate-limited` and whatever else the server has to say. */
  open(signal: AbortSignal): Promise<IceSettings>;
  /** Leaves nothing open. */
  close(): Promise<void>;
}

/** What the view may see. */
export interface CheckView {
  readonly steps: Steps;
  readonly facts: ConnectionFacts;
  readonly findings: readonly Finding[];
  readonly progress: Progress;
}

const GOOD: StepResult = { state: 'good', note: null };
const bad = (note: StepNote | null): StepResult => ({ state: 'bad', note });
const skipped = (note: StepNote): StepResult => ({ state: 'skipped', note });

/** An answer of the server that takes longer than that is none. */
const ICE_LIMIT_MS = 10_000;

/** The test that a person runs before a meeting: one step after the other, so that none is in another's way. */
export class Check implements CheckView {
  readonly #probes: Probes;
  readonly #ice: () => IceSource;
  #steps = $state.raw(ALL_WAITING);
  #facts = $state.raw(NO_FACTS);
  #progress = $state.raw<Progress>({ at: 'idle' });
  #findings = $derived(this.#progress.at === 'done' ? diagnose(this.#facts) : []);
  #running: AbortController | null = null;

  constructor(probes: Probes, ice: () => IceSource) {
    this.#probes = probes;
    this.#ice = ice;
  }

  get steps(): Steps {
    return this.#steps;
  }
  get facts(): ConnectionFacts {
    return this.#facts;
  }
  /** Of the connection; whether microphone and camera work, their steps say. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }
  get progress(): Progress {
    return this.#progress;
  }

  /** Everything but microphone and camera. Resolves at the end, whichever it is. */
  async run(): Promise<void> {
    if (this.#running !== null) return;
    this.#facts = NO_FACTS;
    for (const id of CONNECTION_STEPS) this.#set(id, ALL_WAITING[id]);
    await this.#go((signal) => this.#connection(signal));
  }

  /** Only after a press, because the browser asks the person. */
  async runMedia(): Promise<void> {
    if (this.#running !== null) return;
    for (const id of MEDIA_STEPS) this.#set(id, ALL_WAITING[id]);
    // What is known of the connection stays known.
    const before = this.#progress;
    await this.#go(async (signal) => {
      for (const id of MEDIA_STEPS) {
        await this.#step(id, signal, async (limited) => {
          const outcome = await this.#probes.opensDevice(id === 'camera' ? 'video' : 'audio', limited);
          return outcome === 'good' ? GOOD : bad(outcome);
        });
      }
    });
    if (this.#progress.at === 'done') this.#progress = before;
  }

  stop(): void {
    this.#running?.abort();
  }

  destroy(): void {
    this.stop();
  }

  async #go(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    try {
      await work(running.signal);
    } finally {
      this.#running = null;
      this.#progress = { at: running.signal.aborted ? 'stopped' : 'done' };
    }
  }

  async #connection(signal: AbortSignal): Promise<void> {
    await this.#server(signal);
    await this.#step('clock', signal, async (limited) => {
      const skewMs = await this.#probes.clockSkew(limited);
      this.#learn({ clockSkewMs: skewMs });
      if (skewMs === null) return bad('no-answer');
      return Math.abs(skewMs) < CLOCK_TOLERANCE_MS ? GOOD : bad('clock-off');
    });
    this.#learn({ hasWebRtc: this.#probes.hasWebRtc() });
    await this.#step('webrtc', signal, () =>
      Promise.resolve(this.#facts.hasWebRtc ? GOOD : bad('turned-off')),
    );
    if (!this.#facts.hasWebRtc) return this.#skipPaths('no-webrtc');
    if (this.#facts.signaling.kind === 'offline') return this.#skipPaths('no-server');
    const ice = this.#ice();
    try {
      const servers = await this.#servers(ice, signal);
      if (servers !== null) await this.#paths(servers, signal);
    } finally {
      await ice.close();
    }
  }

  /** `null` where the server gives none, and the steps that need them say why. */
  async #servers(ice: IceSource, signal: AbortSignal): Promise<IceSettings['servers'] | null> {
    try {
      const { servers } = await within(ICE_LIMIT_MS, signal, (limited) => ice.open(limited));
      return servers;
    } catch (fault) {
      const code = codeOf(fault);
      if (code !== 'signaling/unreachable' && code !== 'signaling/rate-limited') throw fault;
      if (!signal.aborted) this.#skipPaths(code === 'signaling/rate-limited' ? 'too-often' : 'no-server');
      return null;
    }
  }

  async #server(signal: AbortSignal): Promise<void> {
    await this.#step('websocket', signal, async (limited) =>
      (await this.#probes.websocket(limited)) ? GOOD : bad('no-answer'),
    );
    await this.#step('events', signal, async (limited) =>
      (await this.#probes.serverSentEvents(limited)) ? GOOD : bad('no-answer'),
    );
    const hasSocket = this.#steps.websocket.state === 'good';
    const hasEvents = this.#steps.events.state === 'good';
    const kind = hasSocket ? 'websocket' : hasEvents ? 'server-sent events' : 'offline';
    this.#learn({ signaling: { kind, socketsRefused: !hasSocket } });
  }

  async #paths(servers: IceSettings['servers'], signal: AbortSignal): Promise<void> {
    const urls = servers.flatMap((server) => server.urls);
    const stunUrls = urls.filter((url) => transportOf(url) === null);
    this.#learn({ hasStun: stunUrls.length > 0, hasTurn: stunUrls.length < urls.length });
    await this.#step('stun', signal, async (limited) =>
      this.#takeStun(await this.#probes.gather(stunUrls, limited)),
    );
    for (const transport of RELAY_TRANSPORTS) {
      // The first is what a browser tries first too.
      const server = relayServers(servers, transport)[0];
      if (server === undefined) this.#set(relayStep(transport), skipped('not-set-up'));
      else
        await this.#step(relayStep(transport), signal, async (limited) =>
          this.#takeRelay(transport, await this.#probes.passThrough(server, limited)),
        );
    }
  }

  #takeStun({ host, srflx, end, errors, mapping, addresses, hasVpn }: StunSight): StepResult {
    const { gathered, mapped, hasStun } = this.#facts;
    this.#learn({
      gathered: { ...gathered, host, srflx, end },
      mapped: { ...mapped, here: mapping },
      errors: [...this.#facts.errors, ...errors],
      addresses,
      hasVpn,
    });
    if (hasStun !== true) return skipped('not-set-up');
    if (srflx > 0) return GOOD;
    if (host === 0) return bad('not-allowed');
    // Complete and without an error: it answered with an address that this device has itself.
    if (end === 'complete' && errors.length === 0) return { state: 'good', note: 'no-nat' };
    return bad(errors.length > 0 ? 'not-reached' : 'no-answer');
  }

  #takeRelay(transport: RelayTransport, { count, isPassed, errors }: RelaySight): StepResult {
    const { gathered, silentRelays, state } = this.#facts;
    const isSilent = count > 0 && !isPassed;
    this.#learn({
      gathered: { ...gathered, relay: { ...gathered.relay, [transport]: count } },
      errors: [...this.#facts.errors, ...errors],
      silentRelays: isSilent ? [...silentRelays, transport] : silentRelays,
      state: isPassed ? 'connected' : state,
    });
    if (isPassed) return GOOD;
    return bad(isSilent ? 'no-data' : noteOf(errors.map(({ code }) => code)));
  }

  #skipPaths(note: StepNote): void {
    for (const id of ['stun', ...RELAY_TRANSPORTS.map(relayStep)] as const) this.#set(id, skipped(note));
  }

  async #step(
    id: StepId,
    signal: AbortSignal,
    work: (limited: AbortSignal) => Promise<StepResult>,
  ): Promise<void> {
    if (signal.aborted) return;
    this.#progress = { at: 'running', step: id };
    this.#set(id, { state: 'running', note: null });
    let result = bad(null);
    try {
      result = await within(STEP_LIMIT_MS[id], signal, work);
    } finally {
      // What was cut off has not failed.
      this.#set(id, signal.aborted ? ALL_WAITING[id] : result);
    }
  }

  #set(id: StepId, result: StepResult): void {
    this.#steps = { ...this.#steps, [id]: result };
  }

  #learn(news: Partial<ConnectionFacts>): void {
    this.#facts = { ...this.#facts, ...news };
  }
}

/** One server for each URL that is spoken to in that way. */
function relayServers(servers: IceSettings['servers'], transport: RelayTransport): RTCIceServer[] {
  return servers.flatMap(({ urls, ...credentials }) =>
    urls.filter((url) => transportOf(url) === transport).map((url) => ({ urls: [url], ...credentials })),
  );
}

function noteOf(codes: readonly number[]): StepNote {
  if (codes.includes(401)) return 'refused';
  if (codes.includes(486)) return 'full';
  if (codes.includes(701)) return 'not-reached';
  return codes.length > 0 ? 'failed' : 'no-answer';
}
