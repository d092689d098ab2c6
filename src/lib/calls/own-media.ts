import { codeOf, type ErrorCode } from '../protocol/errors';
import { MEDIA_SOURCES, type MediaSource } from '../protocol/media';
import { applyBlur, applySavingData, applyScreenContent, openScreen } from './capture';
import type { Devices } from './devices.svelte';
import type { DeviceKind, ScreenContent } from './view';

type Handlers = {
  changed(): void;
  failed(code: ErrorCode): void;
};

/** A track and the stream that shows it. */
type Held = { track: MediaStreamTrack; stream: MediaStream };

/**
 * What this person gives to a call: opened when it is wanted, stopped (so that the lamp beside the camera goes out) when
 * it is not. What was asked for last counts, however long a device takes to open.
 */
export class OwnMedia {
  readonly #devices: Devices;
  readonly #handlers: Handlers;
  readonly #held = new Map<MediaSource, Held>();
  /** On their way: the others are told at once, so that whoever is asked knows what for. */
  readonly #opening = new Set<MediaSource>();
  /** What the person wants now, and how many times they changed their mind. */
  readonly #turns = new Map<MediaSource, number>();
  #isMuted = false;
  #isSavingData = false;
  #screenContent: ScreenContent = 'text';

  constructor(devices: Devices, handlers: Handlers) {
    this.#devices = devices;
    this.#handlers = handlers;
  }

  get isMuted(): boolean {
    return this.#isMuted || !this.#held.has('microphone');
  }
  get isSavingData(): boolean {
    return this.#isSavingData;
  }
  get screenContent(): ScreenContent {
    return this.#screenContent;
  }
  /** What the others are told that there is. */
  get sends(): MediaSource[] {
    return MEDIA_SOURCES.filter((source) =>
      source === 'microphone' ? !this.isMuted : this.#held.has(source) || this.#opening.has(source),
    );
  }

  track(source: MediaSource): MediaStreamTrack | null {
    return this.#held.get(source)?.track ?? null;
  }
  stream(source: MediaSource): MediaStream | null {
    return this.#held.get(source)?.stream ?? null;
  }

  /** A muted microphone stays open: to speak again takes no time. */
  async setMuted(on: boolean): Promise<void> {
    this.#isMuted = on;
    const track = this.track('microphone');
    if (track !== null) track.enabled = !on;
    this.#handlers.changed();
    if (!on && track === null) {
      await this.#open('microphone', () => this.#devices.openMicrophone());
    }
  }

  async setCamera(on: boolean): Promise<void> {
    if (!on) return this.#drop('camera');
    if (!this.#held.has('camera')) await this.#openCamera();
  }

  async setSharing(on: boolean): Promise<void> {
    if (!on) {
      this.#drop('screen');
      return this.#drop('screen-sound');
    }
    const turn = this.#turn('screen');
    try {
      const screen = await openScreen(this.#screenContent);
      // The person closed the browser's dialog.
      if (screen === null) return;
      if (turn !== this.#turns.get('screen')) {
        screen.picture.stop();
        return screen.sound?.stop();
      }
      this.#hold('screen', screen.picture);
      if (screen.sound !== null) this.#hold('screen-sound', screen.sound);
      this.#handlers.changed();
    } catch (fault) {
      this.#handlers.failed(codeOf(fault));
    }
  }

  setScreenContent(content: ScreenContent): void {
    this.#screenContent = content;
    const track = this.track('screen');
    if (track !== null) this.#apply(applyScreenContent(track, content));
    this.#handlers.changed();
  }

  setSavingData(on: boolean): void {
    this.#isSavingData = on;
    const track = this.track('camera');
    if (track !== null) this.#apply(applySavingData(track, on));
    this.#handlers.changed();
  }

  /** The person, or a plug, chose something else than what is running. */
  async reopen(kind: DeviceKind | 'processing' | 'blur'): Promise<void> {
    switch (kind) {
      case 'microphone':
      case 'processing':
        if (!this.#held.has('microphone')) return;
        return this.#open('microphone', () => this.#devices.openMicrophone());
      case 'camera':
        return this.#held.has('camera') ? this.#openCamera() : undefined;
      case 'blur': {
        const track = this.track('camera');
        if (track !== null) this.#apply(applyBlur(track, this.#devices.isBlurred === true));
        return;
      }
      case 'speaker':
        return;
    }
  }

  /** Lets go of everything. */
  stop(): void {
    for (const source of MEDIA_SOURCES) this.#drop(source);
    this.#isMuted = false;
  }

  #openCamera(): Promise<void> {
    return this.#open('camera', () => this.#devices.openCamera(this.#isSavingData));
  }

  async #open(source: MediaSource, open: () => Promise<MediaStreamTrack>): Promise<void> {
    const turn = this.#turn(source);
    this.#opening.add(source);
    this.#handlers.changed();
    try {
      const track = await open();
      if (turn !== this.#turns.get(source)) return track.stop();
      if (source === 'microphone') track.enabled = !this.#isMuted;
      this.#hold(source, track);
    } catch (fault) {
      if (turn === this.#turns.get(source)) this.#handlers.failed(codeOf(fault));
    } finally {
      if (turn === this.#turns.get(source)) {
        this.#opening.delete(source);
        this.#handlers.changed();
      }
    }
  }

  #hold(source: MediaSource, track: MediaStreamTrack): void {
    const before = this.#held.get(source);
    this.#held.set(source, { track, stream: new MediaStream([track]) });
    before?.track.stop();
    // Unplugged, taken away by the system, or stopped in the browser's own bar; never by `stop()`.
    track.onended = () => this.#lost(source, track);
  }

  #lost(source: MediaSource, track: MediaStreamTrack): void {
    if (this.track(source) !== track) return;
    this.#drop(source);
    if (source === 'screen') return this.#drop('screen-sound');
    if (source === 'microphone') void this.setMuted(this.#isMuted);
    if (source === 'camera') this.#handlers.failed('media/no-device');
  }

  #drop(source: MediaSource): void {
    this.#turn(source);
    const held = this.#held.get(source);
    held?.track.stop();
    if (this.#held.delete(source) || this.#opening.delete(source)) this.#handlers.changed();
  }

  #turn(source: MediaSource): number {
    const turn = (this.#turns.get(source) ?? 0) + 1;
    this.#turns.set(source, turn);
    return turn;
  }

  #apply(change: Promise<void>): void {
    change.catch((fault: unknown) => this.#handlers.failed(codeOf(fault)));
  }
}
