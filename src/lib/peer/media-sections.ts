import { withOwnCodecsOnly } from './own-codecs';
import { MEDIA_KIND, MEDIA_SOURCES, type MediaSource } from '../protocol/media';

export type MediaHandlers = {
  /** What the frames pass through; `null` where the two ends agreed on transport encryption only. */
  transform(direction: 'send' | 'receive', source: MediaSource): RTCRtpScriptTransform | null;
  /** It stays muted until frames come. */
  received(source: MediaSource, track: MediaStreamTrack): void;
};

/** How much of the network one source may take, and what gives way when there is less. */
export type Tuning = {
  maxBitsPerS: number;
  maxFramesPerS?: number;
  /** The first pictures are so many times smaller each way. */
  startsSmaller?: number;
  preference?: RTCDegradationPreference;
  priority: RTCPriorityType;
};

/** Opaque payloads are all the same to a packetizer; these two leave a sealed frame alone (WEBRTC, media sealing). */
const CODECS = ['video/vp9', 'video/vp8', 'video/rtx', 'audio/opus'];
/** RFC 6464: how loud somebody speaks, in the clear beside every sealed packet. */
const AUDIO_LEVEL = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';

/** By then the browser has found out how much the network takes, and grows the picture to that. */
const GROW_MS = 1_000;

/** `isSmall`: until something has been sent for a while, and again when nothing is any more. */
type Section = { source: MediaSource; transceiver: RTCRtpTransceiver; isSmall: boolean };

/**
 * The media of one connection: a section for every source, made once and used in turn by `replaceTrack`, so that nothing
 * is negotiated when somebody starts, stops, mutes or changes a device. One end adds them, the other finds them in the
 * offer, in the order of MEDIA_SOURCES.
 */
export class MediaSections {
  readonly #pc: RTCPeerConnection;
  readonly #handlers: MediaHandlers;
  readonly #sections: Section[] = [];
  readonly #wanted = new Map<MediaSource, { track: MediaStreamTrack | null; tuning: Tuning }>();
  /** What belongs together is played together (webrtc-pc §5.4). */
  readonly #person = new MediaStream();
  readonly #screen = new MediaStream();

  constructor(pc: RTCPeerConnection, handlers: MediaHandlers) {
    this.#pc = pc;
    this.#handlers = handlers;
    pc.addEventListener('track', ({ transceiver }) => this.#adopt(transceiver));
  }

  /** Offers them all; the browser asks to negotiate. */
  add(): void {
    if (this.#sections.length > 0) return;
    for (const source of MEDIA_SOURCES) {
      const streams = [this.#streamOf(source)];
      const transceiver = this.#pc.addTransceiver(MEDIA_KIND[source], { direction: 'sendrecv', streams });
      this.#begin({ source, transceiver, isSmall: true });
    }
  }

  /**
   * `null` sends nothing, and is tuned all the same: when somebody accepts, only the track is wanting. What is wanted
   * before there are sections is sent when there are.
   */
  send(source: MediaSource, track: MediaStreamTrack | null, tuning: Tuning): void {
    const before = this.#wanted.get(source);
    this.#wanted.set(source, { track, tuning });
    const section = this.#sections.find((one) => one.source === source);
    if (section === undefined) return;
    const isOther = before?.track !== track;
    if (isOther) this.#put(section, track);
    if ((isOther && track === null) || !isSame(before?.tuning, tuning)) void this.#tune(section, tuning);
  }

  /** One's own description as another browser takes it. */
  clean(sdp: string): string {
    return withOwnCodecsOnly(sdp);
  }

  /** The description is agreed on: what could not be set before is set now. */
  settled(): void {
    for (const section of this.#sections) {
      const wanted = this.#wanted.get(section.source);
      if (wanted !== undefined) void this.#tune(section, wanted.tuning);
    }
  }

  #adopt(transceiver: RTCRtpTransceiver): void {
    if (this.#sections.some((one) => one.transceiver === transceiver)) return;
    const source = MEDIA_SOURCES[this.#sections.length];
    // Nothing of ours: no transform, no track, no answer but "inactive".
    if (source === undefined || MEDIA_KIND[source] !== transceiver.receiver.track.kind) {
      transceiver.direction = 'inactive';
      return;
    }
    transceiver.direction = 'sendrecv';
    transceiver.sender.setStreams(this.#streamOf(source));
    this.#begin({ source, transceiver, isSmall: true });
  }

  /** In the task that made it: no frame comes before its transform is there (WEBRTC). */
  #begin(section: Section): void {
    const { source, transceiver } = section;
    const { sender, receiver } = transceiver;
    const [send, receive] = [
      this.#handlers.transform('send', source),
      this.#handlers.transform('receive', source),
    ];
    if (send !== null) sender.transform = send;
    if (receive !== null) receiver.transform = receive;
    prefer(transceiver, MEDIA_KIND[source]);
    this.#sections.push(section);
    const wanted = this.#wanted.get(source);
    if (wanted !== undefined) this.#put(section, wanted.track);
    this.#handlers.received(source, receiver.track);
  }

  #put(section: Section, track: MediaStreamTrack | null): void {
    // The connection was closed meanwhile: the next one is given its tracks anew.
    void unlessClosed(section.transceiver.sender.replaceTrack(track));
    if (track !== null && section.isSmall) setTimeout(() => this.#grow(section, track), GROW_MS);
    if (track === null) section.isSmall = true;
  }

  /** A large picture at once would wait for an encoder that tries smaller and smaller ones, and for the network. */
  #grow(section: Section, track: MediaStreamTrack): void {
    const wanted = this.#wanted.get(section.source);
    if (wanted?.track !== track) return;
    section.isSmall = false;
    void this.#tune(section, wanted.tuning);
  }

  async #tune({ transceiver: { sender }, isSmall }: Section, tuning: Tuning): Promise<void> {
    const parameters = sender.getParameters();
    const [encoding] = parameters.encodings;
    // Before the first negotiation there is nothing to tune; `settled` comes after it.
    if (encoding === undefined || this.#pc.signalingState !== 'stable') return;
    encoding.maxBitrate = tuning.maxBitsPerS;
    encoding.priority = encoding.networkPriority = tuning.priority;
    if (tuning.startsSmaller !== undefined) {
      encoding.scaleResolutionDownBy = isSmall ? tuning.startsSmaller : 1;
    }
    if (tuning.maxFramesPerS !== undefined) encoding.maxFramerate = tuning.maxFramesPerS;
    if (tuning.preference !== undefined) parameters.degradationPreference = tuning.preference;
    await unlessClosed(sender.setParameters(parameters));
  }

  #streamOf(source: MediaSource): MediaStream {
    return source === 'microphone' || source === 'camera' ? this.#person : this.#screen;
  }
}

/** Said with every change of a call, most of which change nothing here. */
const isSame = (one: Tuning | undefined, other: Tuning): boolean =>
  one?.maxBitsPerS === other.maxBitsPerS &&
  one.maxFramesPerS === other.maxFramesPerS &&
  one.preference === other.preference &&
  one.priority === other.priority;

function prefer(transceiver: RTCRtpTransceiver, kind: 'audio' | 'video'): void {
  const all = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
  const rank = ({ mimeType }: { mimeType: string }) => CODECS.indexOf(mimeType.toLowerCase());
  const ours = all.filter((codec) => rank(codec) >= 0 && isFirstProfile(codec));
  transceiver.setCodecPreferences(ours.sort((a, b) => rank(a) - rank(b)));
  if (kind === 'audio') muteHeaders(transceiver);
}

/** VP9 has profiles for more colours than a camera has. */
const isFirstProfile = ({ sdpFmtpLine = '' }: { sdpFmtpLine?: string }): boolean =>
  !/profile-id=[1-9]/.test(sdpFmtpLine);

type HeaderExtension = { uri: string; direction: RTCRtpTransceiverDirection };
type Extensible = {
  getHeaderExtensionsToNegotiate?(): HeaderExtension[];
  setHeaderExtensionsToNegotiate?(extensions: HeaderExtension[]): void;
};

/** Where the browser lets a page choose (webrtc-extensions §5.2). */
function muteHeaders(transceiver: RTCRtpTransceiver): void {
  const extensible = transceiver as Extensible;
  const extensions = extensible.getHeaderExtensionsToNegotiate?.();
  if (extensions === undefined) return;
  extensible.setHeaderExtensionsToNegotiate?.(
    extensions.map((one) => (one.uri === AUDIO_LEVEL ? { ...one, direction: 'stopped' } : one)),
  );
}

async function unlessClosed(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (fault) {
    if (!isClosed(fault)) throw fault;
  }
}

/** InvalidStateError: closed, or stopped (webrtc-pc §5.2). InvalidModificationError: another change came in between. */
const isClosed = (fault: unknown): boolean =>
  fault instanceof DOMException &&
  ['InvalidStateError', 'InvalidModificationError', 'OperationError'].includes(fault.name);
