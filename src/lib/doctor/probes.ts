import type { AddressKind } from './address-kind';
import { addressKinds, countCandidates, hasVpn, mappingOf, readCandidate } from './candidates';
import type { SeenCandidate } from './candidates';
import type { ConnectionFacts, Mapping, ServerError } from './facts';
import { until } from './waiting';
import type { Transport, TransportHandlers } from '../signaling/transport';

/**
 * The tests themselves, each on connections of its own that are closed when it answers. When the signal ends, it answers
 * with what it has seen by then.
 */

type OpenTransport = (handlers: TransportHandlers) => Transport;

/** Whether the server greets over that transport. */
export async function reachesServer(open: OpenTransport, signal: AbortSignal): Promise<boolean> {
  const isGreeted = await until<boolean>(signal, (done) => {
    const transport = open({
      event: (event) => {
        if (event.type === 'hello') done(true);
      },
      lost: () => done(false),
    });
    return () => transport.close();
  });
  return isGreeted === true;
}

/**
 * This device's clock minus the server's, to a second, by the `Date` of an answer (RFC 9110 section 6.6.1). `null`
 * without an answer. A path that no service worker and no cache answers.
 */
export async function clockSkew(signal: AbortSignal): Promise<number | null> {
  const beganMs = Date.now();
  const response = await answerOf('/healthz', signal);
  const serverMs = Date.parse(response?.headers.get('Date') ?? '');
  // The server's second began at most a second before, the answer was on its way for half the time.
  return Number.isNaN(serverMs) ? null : (beganMs + Date.now()) / 2 - serverMs - 500;
}

async function answerOf(path: string, signal: AbortSignal): Promise<Response | null> {
  try {
    return await fetch(path, { cache: 'no-store', signal });
  } catch (fault) {
    // Offline or out of time: no answer. Whatever else `fetch` throws is a fault of ours.
    if (signal.aborted || fault instanceof TypeError) return null;
    throw fault;
  }
}

export type StunSight = Pick<ConnectionFacts['gathered'], 'host' | 'srflx' | 'end'> & {
  readonly errors: readonly ServerError[];
  readonly mapping: Mapping;
  readonly addresses: readonly AddressKind[];
  readonly hasVpn: boolean | null;
};

/** Gathers as a meeting would, without relays. */
export async function gather(urls: readonly string[], signal: AbortSignal): Promise<StunSight> {
  const pc = new RTCPeerConnection({ iceServers: urls.length === 0 ? [] : [{ urls: [...urls] }] });
  const seen: SeenCandidate[] = [];
  const errors = collectErrors(pc);
  pc.onicecandidate = ({ candidate }) => {
    const read = candidate === null ? null : readCandidate(candidate);
    if (read !== null) seen.push(read);
  };
  try {
    pc.createDataChannel('');
    await pc.setLocalDescription();
    await until<true>(signal, (done) => {
      pc.onicegatheringstatechange = () => {
        if (pc.iceGatheringState === 'complete') done(true);
      };
      return () => (pc.onicegatheringstatechange = null);
    });
    const { host, srflx } = countCandidates(seen);
    return {
      host,
      srflx,
      end: pc.iceGatheringState === 'complete' ? 'complete' : 'overdue',
      errors,
      mapping: mappingOf(seen),
      addresses: addressKinds(seen),
      hasVpn: hasVpn(await pc.getStats()),
    };
  } finally {
    pc.close();
  }
}

export type RelaySight = {
  /** Addresses that the relay gave out to each of the two. */
  readonly count: number;
  /** Data went from one connection of this page to another and back, through the relay. */
  readonly isPassed: boolean;
  readonly errors: readonly ServerError[];
};

/** What comes back is what was sent. */
const PROOF = 'through';

/** Two connections of this page that know one relay, spoken to in one way, and no other path than through it. */
export async function passThrough(server: RTCIceServer, signal: AbortSignal): Promise<RelaySight> {
  const settings: RTCConfiguration = { iceServers: [server], iceTransportPolicy: 'relay' };
  const [here, there] = [new RTCPeerConnection(settings), new RTCPeerConnection(settings)];
  const [errorsHere, errorsThere] = [collectErrors(here), collectErrors(there)];
  const counts = new Map([here, there].map((pc) => [pc, 0]));
  try {
    const isPassed = await until<boolean>(signal, (done) => {
      const channel = here.createDataChannel('');
      channel.onopen = () => channel.send(PROOF);
      channel.onmessage = ({ data }) => done(data === PROOF);
      there.ondatachannel = ({ channel: other }) => {
        other.onmessage = ({ data }) => other.send(String(data));
      };
      const described = describe(here, there);
      // A connection that was closed meanwhile has nothing to tell.
      const failed = () => {
        if (here.signalingState !== 'closed') done(false);
      };
      const hand = (from: RTCPeerConnection, to: RTCPeerConnection) => {
        from.onicecandidate = ({ candidate }) => {
          if (candidate === null || candidate.candidate === '') return;
          counts.set(from, (counts.get(from) ?? 0) + 1);
          described.then(() => to.addIceCandidate(candidate)).catch(failed);
        };
        // Refused: no need to sit out the limit.
        from.onicegatheringstatechange = () => {
          if (from.iceGatheringState === 'complete' && counts.get(from) === 0) done(false);
        };
      };
      hand(here, there);
      hand(there, here);
      described.catch(failed);
      return () => undefined;
    });
    return {
      count: Math.min(...counts.values()),
      isPassed: isPassed === true,
      errors: [...errorsHere, ...errorsThere],
    };
  } finally {
    here.close();
    there.close();
  }
}

async function describe(here: RTCPeerConnection, there: RTCPeerConnection): Promise<void> {
  // Written first and set together, so that no candidate comes before both ends can take one.
  const offer = await here.createOffer();
  await there.setRemoteDescription(offer);
  await here.setLocalDescription(offer);
  await there.setLocalDescription();
  if (there.localDescription !== null) await here.setRemoteDescription(there.localDescription);
}

function collectErrors(pc: RTCPeerConnection): readonly ServerError[] {
  const errors: ServerError[] = [];
  pc.onicecandidateerror = ({ errorCode, url }) => errors.push({ code: errorCode, url });
  return errors;
}

export type MediaOutcome = 'good' | 'not-allowed' | 'no-device' | 'in-use' | 'no-answer';

/** Opens the device and lets go of it at once. Nothing is recorded, shown or sent. */
export async function opensDevice(kind: 'audio' | 'video', signal: AbortSignal): Promise<MediaOutcome> {
  // Not there on a page that did not come over https.
  const devices: MediaDevices | undefined = navigator.mediaDevices;
  if (devices === undefined) return 'not-allowed';
  const outcome = await until<MediaOutcome>(signal, (done) => {
    devices.getUserMedia({ [kind]: true }).then(
      (stream) => {
        // Also when nobody waits any more: an answer that came too late must not leave the camera on.
        for (const track of stream.getTracks()) track.stop();
        done('good');
      },
      (fault: unknown) => done(outcomeOf(fault)),
    );
    return () => undefined;
  });
  return outcome ?? 'no-answer';
}

/** mediacapture-streams section 10.3. */
function outcomeOf(fault: unknown): MediaOutcome {
  const name = fault instanceof DOMException ? fault.name : '';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'no-device';
  return name === 'NotReadableError' || name === 'AbortError' ? 'in-use' : 'not-allowed';
}
