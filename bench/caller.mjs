import { VISITOR } from './visitor.mjs';

/**
 * Somebody in a call, inside the page, on top of `visitor.mjs`: presses what stands there, takes the time by the page's
 * own clock, and reads the page's connections and its workers' messages, which are hooked before the page's own scripts.
 *
 * The function is sent into pages as text, so it stands on its own. It leaves its hands as `globalThis.caller`.
 */
function caller() {
  /** @typedef {{ visitor: import('./visitor.mjs').Visitor }} Visited */
  /** What of an entry of RTCStatsReport is read here (webrtc-stats §8). */
  /**
   * @typedef {RTCInboundRtpStreamStats & RTCOutboundRtpStreamStats & {
   *   estimatedPlayoutTimestamp?: number, freezeCount?: number, totalFreezesDuration?: number,
   *   qualityLimitationReason?: string,
   * }} Entry
   */

  /** @typedef {{ nowMs: number, frame: VideoFrameCallbackMetadata }} Shown */

  /** @type {RTCPeerConnection[]} */
  const connections = [];
  class HookedConnection extends RTCPeerConnection {
    /** @param {RTCConfiguration} [configuration] */
    constructor(configuration) {
      super(configuration);
      connections.push(this);
    }
  }

  /** The last word about each connection; and how much was heard at all, so that silence is not taken for peace. */
  /** @type {Map<string, number>} */
  const refused = new Map();
  let heard = 0;
  class HookedWorker extends Worker {
    /**
     * @param {string | URL} url
     * @param {WorkerOptions} [options]
     */
    constructor(url, options) {
      super(url, options);
      this.addEventListener('message', ({ data }) => {
        heard++;
        if (data?.type === 'frames-refused') refused.set(data.connection, data.count);
      });
    }
  }
  Object.assign(globalThis, { RTCPeerConnection: HookedConnection, Worker: HookedWorker });

  const { visitor } = /** @type {Visited} */ (/** @type {unknown} */ (globalThis));

  /** Of all that stand, the entries of one type and kind, the busiest first. */
  const entries = async (/** @type {string} */ type, /** @type {string} */ kind) => {
    const standing = connections.filter(({ connectionState }) => connectionState === 'connected');
    const reports = await Promise.all(standing.map((pc) => pc.getStats()));
    const all = reports.flatMap((report) => /** @type {Entry[]} */ ([...report.values()]));
    const bytes = (/** @type {Entry} */ one) => one.bytesReceived ?? one.bytesSent ?? 0;
    return all.filter((one) => one.type === type && one.kind === kind).sort((a, b) => bytes(b) - bytes(a));
  };

  const hands = {
    /** @param {string} name of a button, as soon as there is one */
    async press(name) {
      (await visitor.when(() => visitor.button(name))).click();
    },

    /** Until there is no such button. */
    async without(/** @type {string} */ name) {
      await visitor.when(() => (visitor.button(name) === null ? true : null));
    },

    /**
     * Presses Accept, and waits for the first picture of the page's first video element. Milliseconds from the press:
     * `receivedMs` until its last packet was there, `presentedMs` until the browser handed it over to be composed,
     * `shownMs` until the page was told so. `place` is what the picture's group is called.
     */
    async accept() {
      const button = await visitor.when(() => visitor.button('Accept'));
      const fromMs = performance.now();
      button.click();
      const video = await visitor.when(() => document.querySelector('video'));
      const place = video.closest('[role="group"]')?.getAttribute('aria-label') ?? '';
      const { nowMs, frame } = await new Promise((/** @type {(shown: Shown) => void} */ resolve) =>
        video.requestVideoFrameCallback((_, frame) => resolve({ nowMs: performance.now(), frame })),
      );
      return {
        shownMs: nowMs - fromMs,
        presentedMs: frame.presentationTime - fromMs,
        receivedMs: (frame.receiveTime ?? NaN) - fromMs,
        width: frame.width,
        place,
      };
    },

    /** What the page says of the call. */
    said: () => document.querySelector('[role="region"][aria-label="Call"]')?.textContent ?? '',

    /** What arrives now of the other's camera and microphone, and what leaves of the own camera. */
    async received() {
      const [[video], [audio], [sent]] = await Promise.all([
        entries('inbound-rtp', 'video'),
        entries('inbound-rtp', 'audio'),
        entries('outbound-rtp', 'video'),
      ]);
      const [soundAt, pictureAt] = [audio?.estimatedPlayoutTimestamp, video?.estimatedPlayoutTimestamp];
      return {
        atMs: performance.now(),
        framesDecoded: video?.framesDecoded ?? 0,
        width: video?.frameWidth ?? 0,
        height: video?.frameHeight ?? 0,
        freezes: video?.freezeCount ?? 0,
        frozenS: video?.totalFreezesDuration ?? 0,
        /** How far the sound is ahead of the picture. */
        leadMs: soundAt === undefined || pictureAt === undefined ? null : soundAt - pictureAt,
        framesEncoded: sent?.framesEncoded ?? 0,
        limit: sent?.qualityLimitationReason ?? '',
      };
    },

    /** How many frames did not open, and how many messages of workers were seen while listening for that. */
    refusals: () => ({ refused: [...refused.values()].reduce((sum, count) => sum + count, 0), heard }),
  };
  Object.assign(globalThis, { caller: hands });
  return hands;
}

/** @typedef {ReturnType<typeof caller>} Caller */
/** @typedef {Awaited<ReturnType<Caller['received']>>} Received */

/** The script to install in a context. */
export const CALLER = `${VISITOR} (${caller.toString()})();`;
