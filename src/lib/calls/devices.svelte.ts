import { codeOf, type ErrorCode } from '../protocol/errors';
import { m } from '../words/messages';
import { applyBlur, mediaDevices, mediaFault, offersBlur, openCamera, openMicrophone } from './capture';
import { Levels } from './levels';
import type { Device, DeviceKind, DevicesView, SoundProcessing } from './view';

/** What a person chose, kept on this device; `''` is the system's own choice. */
export type DeviceWishes = {
  readonly microphone: string;
  readonly camera: string;
  readonly speaker: string;
  readonly processing: SoundProcessing;
};

export type DevicesOwner = {
  readonly load: () => Promise<DeviceWishes>;
  readonly save: (wishes: DeviceWishes) => void;
  /** What is in use is another than before, by choice or by a plug: open it anew, or apply it. */
  readonly onChoice: (kind: DeviceKind | 'processing' | 'blur') => void;
  /** Outside the preview, which has its own trouble. */
  readonly onFault: (code: ErrorCode) => void;
};

type Captured = 'microphone' | 'camera';

const KINDS: readonly DeviceKind[] = ['microphone', 'camera', 'speaker'];
const BROWSER_KIND: Readonly<Record<DeviceKind, MediaDeviceKind>> = {
  microphone: 'audioinput',
  camera: 'videoinput',
  speaker: 'audiooutput',
};
/** Chromium's second names for devices that are in the list already. */
const PSEUDO_DEFAULT = 'default';
const PSEUDO = new Set([PSEUDO_DEFAULT, 'communications']);
const PREVIEW = 'preview';
const NO_WISHES: DeviceWishes = {
  microphone: '',
  camera: '',
  speaker: '',
  processing: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
};

/** Which microphone, camera and speaker; what is plugged in; and the check before a meeting. */
export class Devices implements DevicesView {
  readonly #owner: DevicesOwner;
  readonly #stop = new AbortController();
  /** Settles, never rejecting, when the wishes of earlier are known. */
  #loading: Promise<void> | null = null;
  #wishes = $state.raw(NO_WISHES);
  /** Wished before the earlier wishes were read, which must not undo it. */
  #early: Partial<DeviceWishes> = {};
  /** Null until the browser has said for the first time what there is. */
  #infos = $state.raw<readonly MediaDeviceInfo[] | null>(null);
  /** Counts the questions what there is: the answer to an earlier one comes too late. */
  #listing = 0;
  #blurWish: boolean | null = null;
  #isBlurred = $state.raw<boolean | null>(null);
  #preview = $state.raw<DevicesView['preview']>(null);
  #levels: Levels | null = null;
  readonly #tracks: Record<Captured, MediaStreamTrack | null> = { microphone: null, camera: null };
  readonly #troubles: Record<Captured, ErrorCode | null> = { microphone: null, camera: null };
  /** Counts the openings of each: one that was overtaken, or stopped, is not used any more. */
  readonly #turns: Record<Captured, number> = { microphone: 0, camera: 0 };

  readonly #listed = $derived.by(() => {
    const infos = this.#infos ?? [];
    return {
      microphone: listOf(infos, 'microphone'),
      camera: listOf(infos, 'camera'),
      speaker: listOf(infos, 'speaker'),
    };
  });

  constructor(owner: DevicesOwner) {
    this.#owner = owner;
  }

  get listed(): Readonly<Record<DeviceKind, readonly Device[]>> {
    return this.#listed;
  }

  /** What is wished, as far as it is there: `''` while it is unplugged. */
  get chosen(): Readonly<Record<DeviceKind, string>> {
    const present = (kind: DeviceKind) => {
      const wish = this.#wishes[kind];
      return this.#listed[kind].some(({ id }) => id === wish) ? wish : '';
    };
    return { microphone: present('microphone'), camera: present('camera'), speaker: present('speaker') };
  }

  get processing(): SoundProcessing {
    return this.#wishes.processing;
  }

  get canChooseSpeaker(): boolean {
    return typeof HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype;
  }

  get isBlurred(): boolean | null {
    return this.#isBlurred;
  }

  get preview(): DevicesView['preview'] {
    return this.#preview;
  }

  /** Reads the wishes, lists what is there and goes on listening. Never rejects: faults go to the owner. */
  async start(): Promise<void> {
    // Absent without a secure context; opening something then says so.
    const media: MediaDevices | undefined = navigator.mediaDevices;
    media?.addEventListener('devicechange', () => void this.#list(), { signal: this.#stop.signal });
    this.#loading = this.#load();
    await Promise.all([this.#loading, media === undefined ? null : this.#list()]);
  }

  destroy(): void {
    this.stopPreview();
    this.#stop.abort();
  }

  choose(kind: DeviceKind, id: string): void {
    if (this.#wishes[kind] === id) return;
    this.#wish({ [kind]: id });
    this.#changed(kind);
  }

  setProcessing(patch: Partial<SoundProcessing>): void {
    this.#wish({ processing: { ...this.#wishes.processing, ...patch } });
    this.#owner.onChoice('processing');
    // No browser changes the processing of a microphone that runs.
    this.#reopen('microphone');
  }

  setBlurred(on: boolean): void {
    if (this.#isBlurred === null) return;
    this.#blurWish = on;
    this.#isBlurred = on;
    this.#owner.onChoice('blur');
    const camera = this.#tracks.camera;
    if (camera !== null) applyBlur(camera, on).catch((fault: unknown) => this.#fault(fault));
  }

  /** The wished one, or the system's where that is gone. Throws `media/...`; the caller stops the track. */
  async openMicrophone(): Promise<MediaStreamTrack> {
    await this.#loading;
    const track = await openMicrophone(this.#wishes.microphone, this.#wishes.processing);
    this.#allowed('microphone');
    return track;
  }

  /** As `openMicrophone`. From here on `isBlurred` speaks of this camera. */
  async openCamera(isSavingData: boolean): Promise<MediaStreamTrack> {
    await this.#loading;
    const track = await openCamera(this.#wishes.camera, { isSavingData, isBlurred: this.#blurWish });
    this.#allowed('camera');
    const isBlurred = track.getSettings().backgroundBlur ?? this.#blurWish ?? false;
    this.#isBlurred = offersBlur(track) ? isBlurred : null;
    return track;
  }

  startPreview(): void {
    if (this.#preview !== null || this.#stop.signal.aborted) return;
    this.#levels = new Levels(() => undefined);
    this.#show();
    void this.#open('microphone');
    void this.#open('camera');
  }

  stopPreview(): void {
    if (this.#preview === null) return;
    this.#drop('microphone');
    this.#drop('camera');
    this.#levels?.close();
    this.#levels = null;
    this.#preview = null;
  }

  async #load(): Promise<void> {
    try {
      const wishes = await this.#owner.load();
      this.#wishes = { ...wishes, ...this.#early };
    } catch (fault) {
      this.#fault(fault);
    }
    this.#loading = null;
    if (Object.keys(this.#early).length > 0) this.#owner.save(this.#wishes);
  }

  #wish(patch: Partial<DeviceWishes>): void {
    this.#wishes = { ...this.#wishes, ...patch };
    // Saved once the rest is known.
    if (this.#loading !== null) this.#early = { ...this.#early, ...patch };
    else this.#owner.save(this.#wishes);
  }

  async #list(): Promise<void> {
    const turn = ++this.#listing;
    try {
      const infos = await mediaDevices().enumerateDevices();
      if (turn !== this.#listing || this.#stop.signal.aborted) return;
      const before = this.#infos;
      this.#infos = infos;
      for (const kind of KINDS) {
        const wish = this.#wishes[kind];
        if (before !== null && isOther(inUse(before, kind, wish), inUse(infos, kind, wish))) {
          this.#changed(kind);
        }
      }
    } catch (thrown) {
      this.#fault(mediaFault(thrown));
    }
  }

  #changed(kind: DeviceKind): void {
    this.#owner.onChoice(kind);
    if (kind !== 'speaker') this.#reopen(kind);
  }

  /** Names are given with the permission, and not every browser says that there are names now. */
  #allowed(kind: Captured): void {
    if (this.#listed[kind].length === 0) void this.#list();
  }

  #reopen(kind: Captured): void {
    if (this.#preview !== null) void this.#open(kind);
  }

  async #open(kind: Captured): Promise<void> {
    this.#drop(kind);
    const turn = this.#turns[kind];
    const isCurrent = () => turn === this.#turns[kind];
    try {
      const track = await (kind === 'microphone' ? this.openMicrophone() : this.openCamera(false));
      if (isCurrent()) this.#tracks[kind] = track;
      else track.stop();
    } catch (fault) {
      if (isCurrent()) this.#troubles[kind] = codeOf(fault);
    }
    if (isCurrent()) this.#show();
  }

  #drop(kind: Captured): void {
    this.#turns[kind]++;
    this.#tracks[kind]?.stop();
    this.#tracks[kind] = null;
    this.#troubles[kind] = null;
  }

  #show(): void {
    const { microphone, camera } = this.#tracks;
    const levels = this.#levels;
    levels?.set(PREVIEW, microphone);
    const shown = this.#preview?.camera ?? null;
    const isSame = camera !== null && shown?.getVideoTracks()[0] === camera;
    this.#preview = {
      // The same stream for the same camera: a video element that is given another one goes dark for a moment.
      camera: isSame ? shown : camera && new MediaStream([camera]),
      level: () => levels?.levelOf(PREVIEW) ?? 0,
      trouble: this.#troubles.microphone ?? this.#troubles.camera,
    };
  }

  #fault(fault: unknown): void {
    if (!this.#stop.signal.aborted) this.#owner.onFault(codeOf(fault));
  }
}

/** Before permission every name is empty. */
const named = (infos: readonly MediaDeviceInfo[], kind: DeviceKind): MediaDeviceInfo[] =>
  infos.filter((info) => info.kind === BROWSER_KIND[kind] && info.label !== '');

function listOf(infos: readonly MediaDeviceInfo[], kind: DeviceKind): readonly Device[] {
  const found = named(infos, kind);
  if (found.length === 0) return [];
  const real = found.filter(({ deviceId }) => deviceId !== '' && !PSEUDO.has(deviceId));
  const byId = new Map(real.map(({ deviceId, label }) => [deviceId, { id: deviceId, label }]));
  return [{ id: '', label: m.system_default() }, ...byId.values()];
}

/** Which device a wish leads to: `none` is plugged in, or it is `unknown` for want of permission. */
type InUse = { readonly device: string } | 'none' | 'unknown';

function inUse(infos: readonly MediaDeviceInfo[], kind: DeviceKind, wish: string): InUse {
  const found = named(infos, kind);
  const device =
    found.find(({ deviceId }) => deviceId === wish) ??
    found.find(({ deviceId }) => deviceId === PSEUDO_DEFAULT) ??
    // Where no pseudo device stands for it, the system's own choice is listed first (mediacapture-main).
    found[0];
  if (device === undefined) {
    return infos.some((info) => info.kind === BROWSER_KIND[kind]) ? 'unknown' : 'none';
  }
  const { deviceId, groupId, label } = device;
  // The pseudo device keeps its id when another device comes to stand behind it.
  return { device: deviceId === PSEUDO_DEFAULT ? `${groupId} ${label}` : deviceId };
}

function isOther(before: InUse, after: InUse): boolean {
  if (before === 'unknown' || after === 'unknown') return false;
  const name = (use: { readonly device: string } | 'none') => (use === 'none' ? null : use.device);
  return name(before) !== name(after);
}
