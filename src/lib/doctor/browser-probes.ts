import { openServerSentEvents } from '../signaling/server-sent-events';
import { openWebSocket } from '../signaling/websocket';
import { clockSkew, gather, opensDevice, passThrough, reachesServer } from './probes';

/** What a check tries with; other than the browser's own only in tests. */
export type Probes = {
  websocket(signal: AbortSignal): Promise<boolean>;
  serverSentEvents(signal: AbortSignal): Promise<boolean>;
  clockSkew: typeof clockSkew;
  hasWebRtc(): boolean;
  gather: typeof gather;
  passThrough: typeof passThrough;
  opensDevice: typeof opensDevice;
};

export const BROWSER_PROBES: Probes = {
  websocket: (signal) => reachesServer((handlers) => openWebSocket(handlers), signal),
  serverSentEvents: (signal) => reachesServer(openServerSentEvents, signal),
  clockSkew,
  // Firefox without WebRTC has no such class; extensions take it away.
  hasWebRtc: () => typeof globalThis.RTCPeerConnection === 'function',
  gather,
  passThrough,
  opensDevice,
};
