/**
 * The bare page: WebRTC as a careful example shows it. One end offers, candidates trickle, one data channel carries
 * text. When the browser says that the path is gone it connects to the server anew and restarts ICE. It proves the
 * lab, and it is what Parley's recovery is measured against.
 */

/**
 * @typedef {{
 *   end: 'a' | 'b', room: string, iceServers: RTCIceServer[], iceTransportPolicy?: RTCIceTransportPolicy,
 * }} Options
 */

/**
 * @typedef {{
 *   description?: RTCSessionDescriptionInit, candidate?: RTCIceCandidateInit | null, isLost?: true,
 * }} Message
 */

/** Between two attempts to reach the server. */
const RETRY_MS = 250;
/** An offer that is not answered by then was lost. */
const OFFER_AGAIN_MS = 1_000;

export class Bare {
  /** @type {string[]} */
  heard = [];
  /** @type {Record<string, number>} by text, when it first came */
  heardAtMs = {};
  /** @type {number[]} codes of what went wrong while gathering (RFC 8656, and 701) */
  errors = [];
  /** @type {Options} */
  #options;
  /** @type {RTCPeerConnection} */
  #pc;
  /** @type {RTCDataChannel} */
  #channel;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {string[]} */
  #unsent = [];
  /** @type {Promise<unknown>} */
  #steps = Promise.resolve();

  /** @param {Options} options */
  constructor(options) {
    this.#options = options;
    const { iceServers, iceTransportPolicy = 'all' } = options;
    const pc = new RTCPeerConnection({ iceServers, iceTransportPolicy });
    this.#pc = pc;
    this.#channel = pc.createDataChannel('', { negotiated: true, id: 0 });
    this.#channel.onmessage = ({ data }) => {
      this.heard.push(String(data));
      this.heardAtMs[String(data)] ??= Date.now();
    };
    pc.onicecandidate = ({ candidate }) => this.#signal({ candidate });
    pc.onicecandidateerror = ({ errorCode }) => this.errors.push(errorCode);
    pc.onnegotiationneeded = () => {
      if (options.end === 'a') void this.#offer();
    };
    pc.oniceconnectionstatechange = () => {
      if (pc.iceConnectionState === 'disconnected' || pc.iceConnectionState === 'failed') this.#restart();
    };
    this.#connect();
  }

  get isOpen() {
    return this.#channel.readyState === 'open';
  }
  /** How far each part of the connection has come, for whoever wonders why it came no further. */
  get states() {
    const { connectionState, iceConnectionState, iceGatheringState, signalingState } = this.#pc;
    return { connectionState, iceConnectionState, iceGatheringState, signalingState };
  }

  /** @param {string} text */
  say(text) {
    this.#channel.send(text);
  }

  stats() {
    return this.#pc.getStats();
  }

  close() {
    this.#pc.close();
    this.#options = { ...this.#options, room: '' };
    this.#socket?.close();
  }

  #connect() {
    if (this.#options.room === '') return;
    const socket = new WebSocket(`wss://${location.host}/${this.#options.room}/${this.#options.end}`);
    this.#socket = socket;
    socket.onopen = () => {
      for (const text of this.#unsent.splice(0)) socket.send(text);
    };
    socket.onclose = () => {
      if (socket === this.#socket) setTimeout(() => this.#connect(), RETRY_MS);
    };
    socket.onmessage = ({ data }) => {
      /** @type {unknown} */
      const message = JSON.parse(String(data));
      this.#steps = this.#steps.then(() => this.#receive(/** @type {Message} */ (message)));
    };
  }

  /** The old socket may be as dead as the path, without a word of it. */
  #restart() {
    const old = this.#socket;
    this.#connect();
    old?.close();
    if (this.#options.end === 'b') this.#signal({ isLost: true });
    else this.#pc.restartIce();
  }

  async #offer() {
    await this.#pc.setLocalDescription();
    this.#sayOffer();
  }

  #sayOffer() {
    if (this.#pc.signalingState !== 'have-local-offer') return;
    this.#signal({ description: this.#pc.localDescription });
    setTimeout(() => this.#sayOffer(), OFFER_AGAIN_MS);
  }

  /** @param {Message} message */
  async #receive({ description, candidate, isLost }) {
    if (isLost === true) this.#pc.restartIce();
    if (candidate != null) await this.#pc.addIceCandidate(candidate);
    if (description === undefined) return;
    // To an offer that was said twice.
    if (description.type === 'answer' && this.#pc.signalingState !== 'have-local-offer') return;
    await this.#pc.setRemoteDescription(description);
    if (description.type !== 'offer') return;
    await this.#pc.setLocalDescription();
    this.#signal({ description: this.#pc.localDescription });
  }

  /** @param {object} message */
  #signal(message) {
    const text = JSON.stringify(message);
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text);
    else this.#unsent.push(text);
  }
}

Object.assign(globalThis, {
  /** @param {Options} options */
  startBare: (options) => {
    const bare = new Bare(options);
    Object.assign(globalThis, { bare });
  },
});
