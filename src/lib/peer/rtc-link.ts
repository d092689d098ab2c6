import type { Description } from '../protocol/handshake';
import type { Candidate, NegotiationMessage } from '../protocol/message';
import type { MediaSections } from './media-sections';

/** Candidates that come together travel together: the relay costs by the call (STACK, server). */
const CANDIDATE_BATCH_MS = 5;
/** After that long without an answer the offer of a restart is said again. */
const INSIST_MS = 1_000;
/** Both ends make the talk channel with this number, so that neither waits for the other's announcement. */
const TALK_CHANNEL_ID = 0;

export type LinkHandlers = {
  /** In the task that made the channel: it is transferred at once or never (WEBRTC). */
  talkChannel(channel: RTCDataChannel): void;
  fileChannel(channel: RTCDataChannel): void;
  /** The first offer or answer, which the handshake carries. */
  described(description: Description): void;
  /** Later descriptions, and candidates. */
  negotiate(message: NegotiationMessage): void;
  failed(): void;
  serverFailed(fault: ServerFault): void;
};

/** What may change while a connection lives. */
export type LinkNetwork = {
  readonly iceServers: readonly RTCIceServer[];
  readonly relayOnly: boolean;
};

/** What a STUN or TURN server refused, or that it stayed silent (webrtc-pc §4.8.2); 701 is the browser's own. */
export type ServerFault = { url: string; code: number };

export type LinkSettings = LinkNetwork & {
  certificate: RTCCertificate | null;
  /** Gives way when both ends make an offer at once (webrtc-pc §10.7). */
  isPolite: boolean;
};

/**
 * One RTCPeerConnection: the first offer and answer on demand, everything later by perfect negotiation
 * (webrtc-pc §10.7). Its data channels are given away as they are made; it holds no key and sees no message.
 */
export class RtcLink {
  readonly #pc: RTCPeerConnection;
  readonly #handlers: LinkHandlers;
  readonly #isPolite: boolean;
  #media: MediaSections | null = null;
  /** Never changes, and is said again with every change (webrtc-pc §4.4.1.6). */
  readonly #fixed: RTCConfiguration;
  #prepared: RTCSessionDescriptionInit | null = null;
  /** The first description is out: from now on the browser's own wish to negotiate counts. */
  #isBegun = false;
  #makingOffer = false;
  #isSettingRemoteAnswerPending = false;
  #ignoreOffer = false;
  #batch: Candidate[] = [];
  #insisting: ReturnType<typeof setTimeout> | undefined;
  #batchTimer: ReturnType<typeof setTimeout> | undefined;
  /** Candidates that came before the description they belong to. */
  #early: Candidate[] = [];
  #steps: Promise<void> = Promise.resolve();

  constructor(settings: LinkSettings, handlers: LinkHandlers) {
    this.#handlers = handlers;
    this.#isPolite = settings.isPolite;
    this.#fixed = {
      bundlePolicy: 'max-bundle',
      ...(settings.certificate === null ? {} : { certificates: [settings.certificate] }),
    };
    const pc = new RTCPeerConnection({
      ...configurationOf(settings),
      ...this.#fixed,
    });
    this.#pc = pc;
    pc.onicecandidate = ({ candidate }) => {
      if (candidate === null || candidate.candidate === '') return;
      this.#batch.push({ candidate: candidate.candidate, sdpMid: candidate.sdpMid });
      this.#batchTimer ??= setTimeout(() => this.#flush(), CANDIDATE_BATCH_MS);
    };
    pc.onnegotiationneeded = () => {
      if (this.#isBegun) this.#do(() => this.#offer());
    };
    pc.ondatachannel = ({ channel }) => handlers.fileChannel(channel);
    pc.onconnectionstatechange = () => {
      if (pc.connectionState === 'failed') handlers.failed();
    };
    pc.onicecandidateerror = ({ url, errorCode: code }) => handlers.serverFailed({ url: url ?? '', code });
    handlers.talkChannel(pc.createDataChannel('', { negotiated: true, id: TALK_CHANNEL_ID }));
  }

  /** Writes the first offer ahead of time. It names no address yet: gathering begins with `begin`. */
  prepareOffer(): void {
    this.#do(async () => {
      this.#prepared = await this.#pc.createOffer();
    });
  }

  /** Makes the first offer; one that was written ahead is out before the browser has taken it in itself. */
  begin(): void {
    this.#do(async () => {
      const { type, sdp } = this.#prepared ?? (await this.#pc.createOffer());
      this.#isBegun = true;
      if (type === 'offer' && sdp !== undefined) this.#handlers.described({ type, sdp });
      await this.#pc.setLocalDescription({ type, sdp: sdp ?? '' });
    });
  }

  receive(message: NegotiationMessage): void {
    switch (message.kind) {
      case 'description':
        return this.#do(() => this.#accept(message.description));
      case 'candidates':
        return this.#do(() => this.#add(message.candidates));
      case 'restart':
        return this.restartIce();
    }
  }

  restartIce(): void {
    if (!this.#isBegun || this.#pc.signalingState === 'closed') return;
    if (this.#pc.signalingState === 'have-local-offer') this.#send();
    else this.#pc.restartIce();
    this.#insist();
  }

  /** For gathering from now on; what runs goes on. */
  configure(network: LinkNetwork): void {
    if (this.#pc.signalingState !== 'closed') {
      this.#pc.setConfiguration({ ...configurationOf(network), ...this.#fixed });
    }
  }

  /** An offer that was lost on the way leaves both ends waiting: it is said again until it is answered (NATLAB, faults). */
  #insist(): void {
    clearTimeout(this.#insisting);
    this.#insisting = setTimeout(() => {
      if (this.#pc.signalingState !== 'have-local-offer') return;
      this.#send();
      this.#insist();
    }, INSIST_MS);
  }

  /** A channel of its own for one file, ordered and reliable. */
  createFileChannel(): RTCDataChannel {
    return this.#pc.createDataChannel('');
  }

  /** From now on this connection has room for pictures and sound, or takes what the other end makes. */
  useMedia(make: (pc: RTCPeerConnection) => MediaSections): MediaSections {
    return (this.#media ??= make(this.#pc));
  }

  get iceState(): { gathering: RTCIceGatheringState; connection: RTCIceConnectionState } {
    return { gathering: this.#pc.iceGatheringState, connection: this.#pc.iceConnectionState };
  }

  statistics(): Promise<RTCStatsReport> {
    return this.#pc.getStats();
  }

  close(): void {
    clearTimeout(this.#batchTimer);
    clearTimeout(this.#insisting);
    this.#pc.onicecandidateerror = null;
    this.#pc.onicecandidate = this.#pc.onnegotiationneeded = this.#pc.onconnectionstatechange = null;
    this.#pc.close();
  }

  async #offer(): Promise<void> {
    try {
      this.#makingOffer = true;
      await this.#pc.setLocalDescription();
      this.#send();
    } finally {
      this.#makingOffer = false;
    }
  }

  async #accept(description: Description): Promise<void> {
    const pc = this.#pc;
    const isReadyForOffer =
      !this.#makingOffer && (pc.signalingState === 'stable' || this.#isSettingRemoteAnswerPending);
    const isCollision = description.type === 'offer' && !isReadyForOffer;
    this.#ignoreOffer = !this.#isPolite && isCollision;
    if (this.#ignoreOffer) return;
    // An answer to an offer that was withdrawn, or said twice.
    if (description.type === 'answer' && pc.signalingState !== 'have-local-offer') return;
    this.#isSettingRemoteAnswerPending = description.type === 'answer';
    try {
      await pc.setRemoteDescription(description);
    } finally {
      this.#isSettingRemoteAnswerPending = false;
    }
    if (description.type === 'offer') {
      await pc.setLocalDescription();
      if (this.#isBegun) this.#send();
      else this.#begun();
    }
    this.#media?.settled();
    await this.#add(this.#early.splice(0));
  }

  async #add(candidates: Candidate[]): Promise<void> {
    if (this.#pc.remoteDescription === null) {
      this.#early.push(...candidates);
      return;
    }
    for (const candidate of candidates) {
      try {
        await this.#pc.addIceCandidate(candidate);
      } catch (fault) {
        // Candidates of an offer that was ignored belong to nothing (webrtc-pc §10.7).
        if (!this.#ignoreOffer) throw fault;
      }
    }
  }

  #begun(): void {
    this.#isBegun = true;
    const description = this.#local();
    if (description !== null) this.#handlers.described(description);
  }

  #send(): void {
    const description = this.#local();
    if (description !== null) this.#handlers.negotiate({ kind: 'description', description });
  }

  #local(): Description | null {
    const description = this.#pc.localDescription;
    if (description === null || (description.type !== 'offer' && description.type !== 'answer')) return null;
    return { type: description.type, sdp: this.#media?.clean(description.sdp) ?? description.sdp };
  }

  #flush(): void {
    this.#batchTimer = undefined;
    // Before the handshake carried the description, candidates have nobody to go to.
    const candidates = this.#batch.splice(0);
    if (candidates.length > 0) this.#handlers.negotiate({ kind: 'candidates', candidates });
  }

  /** One after the other. A description that the browser refuses, or a connection closed meanwhile, ends the link. */
  #do(step: () => Promise<void>): void {
    this.#steps = this.#steps.then(step).catch(() => {
      if (this.#pc.signalingState !== 'closed') this.#handlers.failed();
    });
  }
}

function configurationOf({ iceServers, relayOnly }: LinkNetwork): RTCConfiguration {
  return {
    iceServers: [...iceServers],
    iceTransportPolicy: relayOnly ? 'relay' : 'all',
  };
}
