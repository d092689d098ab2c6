import type { ConnectionTag } from '../worker/messages';
import type { SessionClient } from '../worker/client';
import { RtcLink, type LinkSettings } from '../peer/rtc-link';
import type { NegotiationMessage } from '../protocol/message';
import type { MediaSections } from '../peer/media-sections';
import type { Network } from './network';

type LineHandlers = { failed(): void };
type LineSettings = Pick<LinkSettings, 'certificate' | 'isPolite'> & {
  network: Network;
};

/**
 * A connection in the making: an RTCPeerConnection of this page and, in the worker, the keys and the channels that
 * belong to it. It is made early, before anybody is at the other end, so that the first description is there when it
 * is wanted (WEBRTC, connecting); `use` gives it its handshake.
 */
export class Line {
  readonly #session: SessionClient;
  readonly #link: RtcLink;
  readonly #network: Network;
  #handlers: LineHandlers | null = null;
  /** When it was last begun to gather for, by the page's clock. */
  startedAtMs = performance.now();
  /** Pictures and pieces of sound that did not open. */
  refusedFrames = 0;
  #tag: ConnectionTag | null = null;
  #talkChannel = 0;
  #isOverServer = true;
  /** Gives way in negotiation: the end that answered the first offer. */
  readonly isPolite: boolean;

  constructor(session: SessionClient, { network, ...settings }: LineSettings) {
    this.#session = session;
    this.#network = network;
    this.isPolite = settings.isPolite;
    this.#link = new RtcLink(
      { ...network.settings, ...settings },
      {
        talkChannel: (channel) => {
          this.#talkChannel = session.giveTalkChannel(channel);
        },
        fileChannel: (channel) => session.giveFileChannel(this.tag, null, channel),
        described: (description) =>
          session.post({ type: 'described', connection: this.tag, description, channel: this.#talkChannel }),
        negotiate: (message) =>
          session.post({ type: 'negotiate', connection: this.tag, message, overServer: this.#isOverServer }),
        failed: () => this.#handlers?.failed(),
        serverFailed: (fault) => network.failed(fault),
      },
    );
    network.add(this.#link);
  }

  /** The handshake that it belongs to; `''` names none. */
  get tag(): ConnectionTag {
    return this.#tag ?? '';
  }

  use(tag: ConnectionTag, handlers: LineHandlers): void {
    this.#tag = tag;
    this.#handlers = handlers;
    this.startedAtMs = performance.now();
  }

  prepareOffer(): void {
    this.#link.prepareOffer();
  }
  /** Makes the first offer. */
  begin(): void {
    this.#link.begin();
  }
  receive(message: NegotiationMessage): void {
    this.#link.receive(message);
  }
  /** With a silent path, descriptions go over the server; with a live one, over the channel. */
  setPath(isAlive: boolean): void {
    this.#isOverServer = !isAlive;
  }
  restartIce(): void {
    this.#link.restartIce();
  }
  openFileChannel(file: Parameters<SessionClient['giveFileChannel']>[1]): void {
    this.#session.giveFileChannel(this.tag, file, this.#link.createFileChannel());
  }
  useMedia(make: (pc: RTCPeerConnection) => MediaSections): MediaSections {
    return this.#link.useMedia(make);
  }
  get iceState(): RtcLink['iceState'] {
    return this.#link.iceState;
  }
  statistics(): Promise<RTCStatsReport> {
    return this.#link.statistics();
  }
  /** At once: the browser tells the other end that nothing more comes. */
  abandon(): void {
    this.#link.close();
  }
  /** The last words leave first. */
  close(): void {
    this.#handlers = null;
    this.#network.remove(this.#link);
    const tag = this.#tag;
    if (tag === null) return this.#link.close();
    const end = () => this.#link.close();
    this.#session.call('close-connection', { connection: tag }).then(end, end);
  }
}
