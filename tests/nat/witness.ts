import type { Page } from '@playwright/test';

/** What a page's connections were told and did, as seen from inside the page. */
export type Testimony = {
  /** The policy and URLs of each connection's settings, with every change of them. */
  settings: RTCConfiguration[];
  /** Candidates of our own, as the browser gathered them. */
  gathered: string[];
  /** Everything the browser was handed of the other end: descriptions and candidates. */
  handed: string[];
  /** The same as it goes to and comes from workers: before it is sealed for the other end, and after it was opened. */
  given: string[];
  taken: string[];
  /** What went wrong while gathering: code, text and URL. */
  errors: string[];
  /** Every change of state, with milliseconds since the page began. */
  states: string[];
};

declare const testimony: Testimony;

/** Runs in every page before its own scripts. */
function installWitness(): void {
  const told: Testimony = {
    settings: [],
    gathered: [],
    handed: [],
    given: [],
    taken: [],
    errors: [],
    states: [],
  };
  const made: RTCPeerConnection[] = [];
  Object.assign(globalThis, { testimony: told, connections: made });
  const isAboutAddresses = (text: string) => /candidate:|^v=0/m.test(text);
  const textsIn = (value: unknown): string[] => {
    if (typeof value === 'string') return isAboutAddresses(value) ? [value] : [];
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
  };
  window.Worker = class extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      this.addEventListener('message', ({ data }) => told.taken.push(...textsIn(data)));
    }
    override postMessage(message: unknown, options?: StructuredSerializeOptions | Transferable[]): void {
      told.given.push(...textsIn(message));
      // The overloads differ in the last argument's type only.
      super.postMessage(message, options as StructuredSerializeOptions);
    }
  };
  const Original = RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      const number = made.push(this);
      if (configuration !== undefined) told.settings.push(configuration);
      const noteState = (name: string, state: string) =>
        told.states.push(`${Math.round(performance.now())} #${number} ${name} ${state}`);
      this.addEventListener('icecandidate', ({ candidate }) => {
        if (candidate !== null) told.gathered.push(candidate.candidate);
      });
      this.addEventListener('icecandidateerror', ({ errorCode, errorText, url }) =>
        told.errors.push(`${errorCode} ${errorText} ${url}`),
      );
      this.addEventListener('iceconnectionstatechange', () => noteState('ice', this.iceConnectionState));
      this.addEventListener('connectionstatechange', () => noteState('connection', this.connectionState));
      this.addEventListener('signalingstatechange', () => noteState('signaling', this.signalingState));
      this.addEventListener('icegatheringstatechange', () => noteState('gathering', this.iceGatheringState));
    }
    override setConfiguration(configuration?: RTCConfiguration): void {
      if (configuration !== undefined) told.settings.push(configuration);
      super.setConfiguration(configuration);
    }
    override addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void> {
      if (candidate?.candidate !== undefined) told.handed.push(candidate.candidate);
      return super.addIceCandidate(candidate);
    }
    override setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      told.handed.push(description.sdp ?? '');
      return super.setRemoteDescription(description);
    }
  };
}

export async function watchConnections(page: Page): Promise<void> {
  await page.addInitScript(installWitness);
}

/** Addresses of a candidate, or of every candidate and connection line in a description. */
export function addressesIn(text: string): string[] {
  const candidates = [...text.matchAll(/candidate:\S+ \d+ \S+ \d+ (\S+) \d+ typ \S+(?: raddr (\S+))?/g)];
  const connections = [...text.matchAll(/^(?:c|o)=.*IN IP[46] (\S+?)\r?$/gm)];
  return [...candidates, ...connections].flatMap(([, ...found]) => found.filter((one) => one !== undefined));
}

export function testify(page: Page): Promise<Testimony> {
  return page.evaluate(() => testimony);
}

/** What comes next is told alone. */
export function forgetTestimony(page: Page): Promise<void> {
  return page.evaluate(() => {
    for (const told of Object.values(testimony)) told.length = 0;
  });
}
