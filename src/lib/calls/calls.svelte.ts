import { codeOf, type ErrorCode } from '../protocol/errors';
import { randomId, type CallId, type ParticipantId } from '../protocol/ids';
import type { CallMessage } from '../protocol/message';
import { messageOf, next, NO_CALL, type CallEnding, type CallEvent, type CallState } from './call';
import type { CallPort } from './call-port';
import { Comfort } from './comfort';
import { Companion } from './companion';
import { Devices, type DeviceWishes } from './devices.svelte';
import { Levels } from './levels';
import { OwnMedia } from './own-media';
import type { CallFigures, CallPerson, CallStage, CallView, ScreenContent } from './view';

export type CallsOptions = {
  wishes: { load: () => Promise<DeviceWishes>; save: (wishes: DeviceWishes) => void };
  /** This browser can seal pictures and sound. */
  canSeal: boolean;
  /** The meeting refuses a call that is not sealed. */
  mustSeal: () => boolean;
  ownName: () => string;
  /** Whether somebody's connection is being mended, or they are neither heard nor at the server any more. */
  standingOf: (participant: ParticipantId) => 'here' | 'reconnecting' | 'lost';
  /** Somebody calls, or does not any more. */
  onRing: (isRinging: boolean) => void;
};

/** What is not in the table of `call.ts`: tracks, devices, measurements. */
type Shown = Pick<
  CallView,
  'people' | 'isMuted' | 'hasCamera' | 'isSharing' | 'screenContent' | 'isSavingData'
>;
const NOTHING_SHOWN: Shown = {
  people: [],
  isMuted: true,
  hasCamera: false,
  isSharing: false,
  screenContent: 'text',
  isSavingData: false,
};

const YOU = 'you';
/** After that nobody is at the other side, or nobody wants to. */
const RING_MS = 45_000;
const TICK_MS = 500;
/** A new network brings a new socket before the old one is missed; who has neither for so long has hung up. */
const LOST_TICKS = 3;
const END_SHOWN_MS = 8_000;

/** Calls of one meeting: `call.ts` decides who is in, this brings pictures and sound along. */
export class Calls implements CallView {
  readonly devices: Devices;
  readonly #options: CallsOptions;
  readonly #companions = new Map<ParticipantId, Companion>();
  readonly #own: OwnMedia;
  readonly #levels: Levels;
  readonly #comfort = new Comfort();
  readonly #speaking = new Set<string>();
  readonly #ticking: ReturnType<typeof setInterval>;
  #ticks = 0;
  #ringing: ReturnType<typeof setTimeout> | undefined;
  #forgetting: ReturnType<typeof setTimeout> | undefined;
  #state = $state.raw<CallState>(NO_CALL);
  #shown = $state.raw<Shown>(NOTHING_SHOWN);
  #lastEnd = $state.raw<CallView['lastEnd']>(null);
  #trouble = $state.raw<ErrorCode | null>(null);
  #isPushToTalk = $state.raw(false);

  constructor(options: CallsOptions) {
    this.#options = options;
    this.devices = new Devices({
      ...options.wishes,
      onChoice: (kind) => void this.#own.reopen(kind),
      onFault: (code) => (this.#trouble = code),
    });
    this.#own = new OwnMedia(this.devices, {
      changed: () => this.#settle(),
      failed: (code) => (this.#trouble = code),
    });
    this.#levels = new Levels((id, isSpeaking) => {
      if (isSpeaking) this.#speaking.add(id);
      else this.#speaking.delete(id);
      this.#show();
    });
    void this.devices.start();
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
  }

  get stage(): CallStage {
    const { own, others } = this.#state;
    switch (own.at) {
      case 'idle':
        return { at: 'idle' };
      case 'asked': {
        const [caller] = [...others].filter(([, { standing }]) => standing === 'in');
        const sends = caller?.[1].sends ?? [];
        const hasPicture = sends.includes('camera') || sends.includes('screen');
        return { at: 'asked', by: this.#nameOf(caller?.[0] ?? null), hasPicture };
      }
      case 'in':
        if (own.hasMet) return { at: 'talking' };
        return {
          at: 'calling',
          isRinging: [...others.values()].some(({ standing }) => standing === 'ringing'),
        };
    }
  }

  get people(): readonly CallPerson[] {
    return this.#shown.people;
  }
  get lastEnd(): CallView['lastEnd'] {
    return this.#lastEnd;
  }
  get trouble(): ErrorCode | null {
    return this.#trouble;
  }
  get isSealed(): boolean {
    // What a connection was made with counts, whatever is said afterwards.
    return (
      [...this.#state.others].every(
        ([participant, { seals }]) => this.#companions.get(participant)?.isSealed ?? seals,
      ) && this.#options.canSeal
    );
  }
  get isMuted(): boolean {
    return this.#shown.isMuted;
  }
  get hasCamera(): boolean {
    return this.#shown.hasCamera;
  }
  get isSharing(): boolean {
    return this.#shown.isSharing;
  }
  get screenContent(): ScreenContent {
    return this.#shown.screenContent;
  }
  get isSavingData(): boolean {
    return this.#shown.isSavingData;
  }
  get isPushToTalk(): boolean {
    return this.#isPushToTalk;
  }

  /** Starts a call, or comes to the one that goes on. */
  start(kind: 'voice' | 'video' | 'screen'): void {
    if (this.#options.mustSeal() && !this.#options.canSeal) {
      this.#trouble = 'media/not-sealed';
      return;
    }
    this.#state = next(this.#state, { type: 'start', call: randomId<CallId>() }).state;
    // Before anything is said: the first word of a call tells what for.
    if (kind === 'video') void this.#own.setCamera(true);
    if (kind === 'screen') void this.#own.setSharing(true);
    else void this.#own.setMuted(false);
    this.#settle();
  }

  accept({ camera }: { camera: boolean }): void {
    this.#step({ type: 'accept' });
    void this.#own.setMuted(false);
    if (camera) void this.#own.setCamera(true);
  }
  decline(): void {
    this.#step({ type: 'decline' });
  }
  hangUp(): void {
    this.#step({ type: 'hang-up' });
  }
  setMuted(on: boolean): void {
    void this.#own.setMuted(on);
  }
  setCamera(on: boolean): void {
    void this.#own.setCamera(on);
  }
  setSharing(on: boolean): void {
    void this.#own.setSharing(on);
  }
  setScreenContent(content: ScreenContent): void {
    this.#own.setScreenContent(content);
  }
  setSavingData(on: boolean): void {
    this.#own.setSavingData(on);
  }
  setPushToTalk(on: boolean): void {
    this.#isPushToTalk = on;
    void this.#own.setMuted(on);
  }
  levelOf(id: string): number {
    return this.#levels.levelOf(id);
  }
  dismissTrouble(): void {
    this.#trouble = null;
  }

  async figures(id: string): Promise<CallFigures> {
    const companion = this.#companions.get(id as ParticipantId) ?? new Companion('', () => undefined);
    await companion.measure();
    return { ...companion.gauge.figures, refused: companion.refused };
  }

  /** This person can be talked to, by a new connection. */
  attach(participant: ParticipantId, name: string, port: CallPort): void {
    const companion = this.#companions.get(participant) ?? new Companion(name, () => this.#settle());
    companion.name = name;
    this.#companions.set(participant, companion);
    companion.attach(port);
    this.#settle();
  }

  /** Their connection is gone; they may come back. */
  detach(participant: ParticipantId): void {
    this.#companions.get(participant)?.detach();
    this.#settle();
  }

  /** They left the meeting. */
  leave(participant: ParticipantId): void {
    this.#step({ type: 'gone', who: participant });
    this.#companions.delete(participant);
  }

  receive(participant: ParticipantId, message: CallMessage): void {
    this.#step({ type: 'said', by: participant, message });
    if (message.standing === 'out' || message.standing === 'declined' || this.#agreesWith(message)) return;
    // Refused by both ends alike: each knows what the meeting demands.
    if (this.#state.own.at === 'idle') return;
    this.#trouble = 'media/not-sealed';
    this.end();
  }

  /** Out of it, whether in it or only asked. */
  end(): void {
    this.#step({ type: this.#state.own.at === 'asked' ? 'decline' : 'hang-up' });
  }

  destroy(): void {
    this.end();
    clearInterval(this.#ticking);
    clearTimeout(this.#ringing);
    clearTimeout(this.#forgetting);
    this.#own.stop();
    this.#comfort.end();
    this.#levels.close();
    this.devices.destroy();
  }

  #agreesWith({ seals }: { seals: boolean }): boolean {
    return !this.#options.mustSeal() || (this.#options.canSeal && seals);
  }

  #step(event: CallEvent): void {
    const { state, ending } = next(this.#state, event);
    this.#state = state;
    if (ending !== null) this.#say(ending);
    this.#settle();
  }

  #say({ how, by }: CallEnding): void {
    this.#lastEnd = { how, by: this.#nameOf(by) };
    clearTimeout(this.#forgetting);
    this.#forgetting = setTimeout(() => (this.#lastEnd = null), END_SHOWN_MS);
  }

  /** Brings everything in line with who is in the call: what is said, made room for, sent, heard, opened and closed. */
  #settle(): void {
    const { own, others } = this.#state;
    const isIn = own.at === 'in';
    if (own.at === 'idle') this.#own.stop();
    const message = messageOf(own, { seals: this.#options.canSeal, sends: this.#own.sends });
    for (const [participant, companion] of this.#companions) {
      const part = others.get(participant);
      const isTheirs = part?.standing === 'in';
      companion.tell(message);
      if (own.at !== 'idle' && part !== undefined && (isTheirs || part.standing === 'ringing')) {
        companion.prepare(this.#options.canSeal && part.seals);
      }
      companion.send(this.#own, isIn && isTheirs);
      this.#levels.set(participant, isIn && isTheirs ? companion.stream('microphone') : null);
    }
    this.#levels.set(YOU, isIn ? this.#own.track('microphone') : null);
    this.#ring(isIn && !own.hasMet);
    this.#options.onRing(own.at === 'asked');
    if (isIn) {
      this.#comfort.begin({
        toggleMicrophone: () => this.setMuted(!this.isMuted),
        toggleCamera: () => this.setCamera(!this.hasCamera),
        hangUp: () => this.hangUp(),
      });
      this.#comfort.tell({ isMuted: this.#own.isMuted, hasCamera: this.#own.track('camera') !== null });
    } else this.#comfort.end();
    this.#show();
  }

  #ring(isCalling: boolean): void {
    if (isCalling) this.#ringing ??= setTimeout(() => this.#step({ type: 'timeout' }), RING_MS);
    else {
      clearTimeout(this.#ringing);
      this.#ringing = undefined;
    }
  }

  #tick(): void {
    if (this.#state.own.at === 'idle') return;
    for (const [participant, companion] of this.#companions) {
      companion.lostTicks = this.#options.standingOf(participant) === 'lost' ? companion.lostTicks + 1 : 0;
      if (companion.lostTicks === LOST_TICKS) this.#step({ type: 'gone', who: participant });
    }
    if (++this.#ticks % 2 === 0) this.#measure();
    else this.#show();
  }

  #measure(): void {
    const all = [...this.#companions.values()].map((companion) => companion.measure());
    Promise.all(all).then(
      () => this.#show(),
      (fault: unknown) => (this.#trouble = codeOf(fault)),
    );
  }

  #show(): void {
    const own = this.#own;
    this.#shown = {
      people: this.#state.own.at === 'in' ? [this.#you(), ...this.#others()] : [],
      isMuted: own.isMuted,
      hasCamera: own.track('camera') !== null,
      isSharing: own.track('screen') !== null,
      screenContent: own.screenContent,
      isSavingData: own.isSavingData,
    };
  }

  #you(): CallPerson {
    return {
      id: YOU,
      name: this.#options.ownName(),
      isYou: true,
      isMuted: this.#own.isMuted,
      isSpeaking: this.#speaking.has(YOU) && !this.#own.isMuted,
      link: 'connected',
      camera: this.#own.stream('camera'),
      screen: this.#own.stream('screen'),
      sounds: [],
      quality: 'none',
    };
  }

  #others(): CallPerson[] {
    return [...this.#companions].flatMap(([participant, companion]) => {
      const part = this.#state.others.get(participant);
      if (part?.standing !== 'in') return [];
      const streamOf = (source: 'camera' | 'screen' | 'microphone' | 'screen-sound') =>
        part.sends.includes(source) ? companion.stream(source) : null;
      const isComing = part.sends.length === 0 || part.sends.some((source) => companion.isComing(source));
      const isAway = !companion.isConnected || this.#options.standingOf(participant) !== 'here';
      return {
        id: participant,
        name: companion.name,
        isYou: false,
        isMuted: !part.sends.includes('microphone'),
        isSpeaking: this.#speaking.has(participant) && part.sends.includes('microphone'),
        link: isAway ? 'reconnecting' : isComing ? 'connected' : 'connecting',
        camera: streamOf('camera'),
        screen: streamOf('screen'),
        sounds: [companion.stream('microphone'), companion.stream('screen-sound')].filter(
          (stream) => stream !== null,
        ),
        quality: companion.gauge.quality,
      };
    });
  }

  #nameOf(participant: ParticipantId | null): string {
    return participant === null ? '' : (this.#companions.get(participant)?.name ?? '');
  }
}
