import type { CallFigures, Quality } from './view';

/** One person's connection in figures and one word, from what the browser counts (webrtc-stats). Pure. */

/** Of `RTCPeerConnection.getStats()`. What is in it is each browser's own affair, so nothing is taken on trust. */
export type StatsReport = ReadonlyMap<string, unknown>;
type Figures = Omit<CallFigures, 'refused'>;
type Picture = NonNullable<CallFigures['picture']>;
type Entry = Readonly<Record<string, unknown>>;
type Sample = { readonly atMs: number; readonly entries: ReadonlyMap<string, Entry> };

/** Long enough for a figure that can be read, short enough to see what was just done about it. */
const WINDOW_MS = 4_000;
/** Voice codecs hide about this much. */
const BAD_LOSS = 0.04;
const BAD_RTT_MS = 500;
/** What browsers' buffers level out without being heard. */
const BAD_JITTER_MS = 80;
/** Less than a small picture and a voice. */
const SCARCE_BITS_PER_S = 250_000;
/** One freeze is also what a camera that was just turned off and on looks like. */
const BAD_FREEZES = 2;
const BAD_FREEZE_S = 1;
/** Samples for which another word must hold before it is said. */
const HOLD_SAMPLES = 2;

const NO_FIGURES: Figures = {
  rttMs: null,
  jitterMs: null,
  lostIn: null,
  lostOut: null,
  bitsInPerS: null,
  bitsOutPerS: null,
  picture: null,
  ownPicture: null,
};

/** One per connection: a new connection counts from nought again, under the same names. */
export class QualityGauge {
  #samples: readonly Sample[] = [];
  #figures = NO_FIGURES;
  #quality: Quality = 'none';
  #next: { word: Quality; samples: number } = { word: 'none', samples: 0 };

  /** About once a second. A moment that is not after the last one is left out. Never throws. */
  take(report: StatsReport, atMs: number): void {
    const last = this.#samples.at(-1)?.atMs ?? -Infinity;
    if (!Number.isFinite(atMs) || atMs <= last) return;
    const recent = this.#samples.findIndex((sample) => atMs - sample.atMs <= WINDOW_MS);
    // One beyond the window stays, so that rare samples can be compared too.
    const kept = this.#samples.slice(recent === -1 ? -1 : Math.max(0, recent - 1));
    this.#samples = [...kept, { atMs, entries: entriesOf(report) }];
    const window = new StatsWindow(this.#samples);
    this.#figures = figuresOf(window);
    if (this.#samples.length > 1) this.#say(wordOf(this.#figures, window));
  }

  get quality(): Quality {
    return this.#quality;
  }

  /** As of the last sample; what is counted over time is null before the second. */
  get figures(): Figures {
    return this.#figures;
  }

  #say(word: Quality): void {
    const samples = this.#next.word === word ? this.#next.samples + 1 : 1;
    this.#next = { word, samples };
    // Nothing said yet: the first word need not wait.
    if (this.#quality === 'none' || samples >= HOLD_SAMPLES) this.#quality = word;
  }
}

/** The samples side by side: what a stream counted while they were taken. */
class StatsWindow {
  readonly #samples: readonly Sample[];
  readonly #now: ReadonlyMap<string, Entry>;

  constructor(samples: readonly Sample[]) {
    this.#samples = samples;
    this.#now = samples.at(-1)?.entries ?? new Map<string, Entry>();
  }

  get spanMs(): number {
    return (this.#samples.at(-1)?.atMs ?? 0) - (this.#samples[0]?.atMs ?? 0);
  }

  now(id: unknown): Entry | undefined {
    return typeof id === 'string' ? this.#now.get(id) : undefined;
  }

  ofType(type: string): [id: string, entry: Entry][] {
    return [...this.#now].filter(([, entry]) => entry['type'] === type);
  }

  /** Of every sample in which it is a number, the oldest first. */
  series(id: string, field: string): number[] {
    return this.#samples.flatMap(({ entries }) => {
      const value = entries.get(id)?.[field];
      return isNumber(value) ? [value] : [];
    });
  }

  /** Null where fewer than two samples have it; a counter that began anew has grown by nothing. */
  growth(id: string, field: string): number | null {
    const [first, ...rest] = this.series(id, field);
    const last = rest.at(-1);
    return first === undefined || last === undefined ? null : Math.max(0, last - first);
  }

  /** Whether it said so in every sample, of which there are two at least. */
  isSteadily(id: string, field: string, value: string): boolean {
    return (
      this.#samples.length > 1 && this.#samples.every(({ entries }) => entries.get(id)?.[field] === value)
    );
  }
}

function figuresOf(window: StatsWindow): Figures {
  const pair = pairOf(window);
  // A stream that was turned off keeps its last jitter, size and loss for good.
  const incoming = flowing(window, 'inbound-rtp', 'packetsReceived');
  const outgoing = flowing(window, 'outbound-rtp', 'packetsSent');
  const remote = window.ofType('remote-inbound-rtp');
  const rttS =
    positive(pair?.['currentRoundTripTime']) ??
    largest(remote.map(([, entry]) => positive(entry['roundTripTime'])));
  // A picture's packets come in bursts, frame by frame, and its jitter with them: a voice tells more.
  const voices = incoming.filter(([, entry]) => kindOf(entry) === 'audio');
  const jitterS = largest(
    (voices.length > 0 ? voices : incoming).map(([, entry]) => positive(entry['jitter'])),
  );
  return {
    rttMs: rttS === null ? null : rttS * 1000,
    jitterMs: jitterS === null ? null : jitterS * 1000,
    lostIn: lostInOf(window),
    lostOut: lostOutOf(window, remote),
    bitsInPerS: bitsPerS(window, 'inbound-rtp', 'bytesReceived'),
    bitsOutPerS: bitsPerS(window, 'outbound-rtp', 'bytesSent'),
    picture: pictureOf(window, incoming, 'framesDecoded'),
    ownPicture: pictureOf(window, outgoing, 'framesEncoded'),
  };
}

function wordOf(figures: Figures, window: StatsWindow): Quality {
  const { rttMs, jitterMs, lostIn, lostOut, bitsInPerS, bitsOutPerS } = figures;
  if ([rttMs, jitterMs, lostIn, lostOut, bitsInPerS, bitsOutPerS].every((figure) => figure === null)) {
    return 'none';
  }
  const isOutBad = (lostOut ?? 0) > BAD_LOSS || isHeldBack(window);
  const isInBad = (lostIn ?? 0) > BAD_LOSS || (jitterMs ?? 0) > BAD_JITTER_MS || isFreezing(window);
  if ((rttMs ?? 0) > BAD_RTT_MS || (isOutBad && isInBad)) return 'weak';
  if (isOutBad) return 'weak-own';
  return isInBad ? 'weak-theirs' : 'good';
}

/** A picture that the network has kept small for the whole window, and little room left. */
function isHeldBack(window: StatsWindow): boolean {
  const available = positive(pairOf(window)?.['availableOutgoingBitrate']);
  if (available === null || available >= SCARCE_BITS_PER_S) return false;
  return window
    .ofType('outbound-rtp')
    .some(([id]) => window.isSteadily(id, 'qualityLimitationReason', 'bandwidth'));
}

function isFreezing(window: StatsWindow): boolean {
  return window.ofType('inbound-rtp').some(([id, entry]) => {
    // A screen on which nothing happens sends nothing. Chromium alone says which picture is one.
    if (kindOf(entry) !== 'video' || entry['contentType'] === 'screenshare') return false;
    const isOften = (window.growth(id, 'freezeCount') ?? 0) >= BAD_FREEZES;
    return isOften || (window.growth(id, 'totalFreezesDuration') ?? 0) >= BAD_FREEZE_S;
  });
}

function pairOf(window: StatsWindow): Entry | undefined {
  const transport = window.ofType('transport')[0]?.[1];
  // Firefox names no selected pair in its transport; there the pair itself says so.
  return (
    window.now(transport?.['selectedCandidatePairId']) ??
    window
      .ofType('candidate-pair')
      .find(
        ([, pair]) =>
          pair['selected'] === true || (pair['nominated'] === true && pair['state'] === 'succeeded'),
      )?.[1]
  );
}

function flowing(window: StatsWindow, type: string, counter: string): [id: string, entry: Entry][] {
  // With one sample nothing can be told apart, and everything counts.
  return window.ofType(type).filter(([id]) => window.spanMs === 0 || (window.growth(id, counter) ?? 0) > 0);
}

function lostInOf(window: StatsWindow): number | null {
  let [lost, received] = [0, 0];
  for (const [id] of window.ofType('inbound-rtp')) {
    // Falls where late packets came after all (RFC 3550, appendix A.3); then none were lost.
    lost += window.growth(id, 'packetsLost') ?? 0;
    received += window.growth(id, 'packetsReceived') ?? 0;
  }
  return lost + received > 0 ? lost / (lost + received) : null;
}

/** The mean of what the other side reported, each stream counting for as much as was sent of it. */
function lostOutOf(window: StatsWindow, remote: readonly [id: string, entry: Entry][]): number | null {
  let [lost, sent] = [0, 0];
  for (const [id, entry] of remote) {
    const parts = window.series(id, 'fractionLost').filter((part) => part >= 0 && part <= 1);
    const localId = entry['localId'];
    const weight = typeof localId === 'string' ? (window.growth(localId, 'packetsSent') ?? 0) : 1;
    if (parts.length === 0) continue;
    lost += (parts.reduce((sum, part) => sum + part, 0) / parts.length) * weight;
    sent += weight;
  }
  return sent > 0 ? lost / sent : null;
}

function bitsPerS(window: StatsWindow, type: string, counter: string): number | null {
  const grown = window.ofType(type).flatMap(([id]) => window.growth(id, counter) ?? []);
  if (grown.length === 0) return null;
  const bits = grown.reduce((sum, bytes) => sum + bytes, 0) * 8;
  return positive((bits * 1000) / window.spanMs);
}

/** The largest that moves: a shared screen before a face. */
function pictureOf(
  window: StatsWindow,
  streams: readonly [id: string, entry: Entry][],
  frameCounter: string,
): Picture | null {
  let found: Picture | null = null;
  for (const [id, entry] of streams) {
    const [width, height] = [positive(entry['frameWidth']), positive(entry['frameHeight'])];
    if (width === null || height === null || width * height === 0) continue;
    if (found !== null && found.width * found.height >= width * height) continue;
    const counted = ((window.growth(id, frameCounter) ?? 0) * 1000) / window.spanMs;
    const framesPerS = positive(entry['framesPerSecond']) ?? positive(counted) ?? 0;
    found = { width, height, framesPerS, codec: codecOf(window, entry) };
  }
  return found;
}

/** `video/VP8` is VP8; `''` where the browser does not say. */
function codecOf(window: StatsWindow, entry: Entry): string {
  const mimeType = window.now(entry['codecId'])?.['mimeType'];
  return typeof mimeType === 'string' ? mimeType.slice(mimeType.indexOf('/') + 1) : '';
}

/** `mediaType` is its older name, which Safari kept. */
const kindOf = (entry: Entry): unknown => entry['kind'] ?? entry['mediaType'];

function entriesOf(report: StatsReport): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const [id, entry] of report) if (isEntry(entry)) entries.set(id, entry);
  return entries;
}

const isEntry = (value: unknown): value is Entry => typeof value === 'object' && value !== null;

/** Beyond that no counter is exact, and sums might leave the numbers. */
const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER;

const positive = (value: unknown): number | null => (isNumber(value) && value >= 0 ? value : null);

const largest = (values: readonly (number | null)[]): number | null =>
  values.reduce((most, value) => (value !== null && (most === null || value > most) ? value : most), null);
