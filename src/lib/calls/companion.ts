import { MEDIA_SOURCES, type MediaSource } from '../protocol/media';
import type { CallMessage } from '../protocol/message';
import type { CallPort } from './call-port';
import { QualityGauge } from './quality';
import type { OwnMedia } from './own-media';
import { tuningOf } from './tuning';

/** One other person in the meeting, as a call sees them; they may lose their connection and come back on another. */
export class Companion {
  name: string;
  /** For how many looks in a row they have been missing. */
  lostTicks = 0;
  readonly #changed: () => void;
  readonly #streams = new Map<MediaSource, MediaStream>();
  #port: CallPort | null = null;
  #gauge = new QualityGauge();
  /** What was said last on this connection, and whether room was made on it. */
  #told = '';
  #isSealed: boolean | null = null;

  constructor(name: string, changed: () => void) {
    this.name = name;
    this.#changed = changed;
  }

  get isConnected(): boolean {
    return this.#port !== null;
  }
  /** Whether this connection seals; `null` before room was made on it. */
  get isSealed(): boolean | null {
    return this.#isSealed;
  }
  get gauge(): QualityGauge {
    return this.#gauge;
  }
  get refused(): number {
    return this.#port?.refused() ?? 0;
  }

  attach(port: CallPort): void {
    this.detach();
    this.#port = port;
    port.onTrack((source, track) => {
      const stream = new MediaStream([track]);
      this.#streams.set(source, stream);
      track.onmute = track.onunmute = () => this.#changed();
      this.#changed();
    });
  }

  /** What was seen last stays until the next connection brings its own. */
  detach(): void {
    this.#port = null;
    this.#told = '';
    this.#isSealed = null;
    this.#gauge = new QualityGauge();
  }

  /** Says it unless it was the last thing said. */
  tell(message: CallMessage | null): void {
    if (message === null || this.#port === null) return;
    const told = JSON.stringify(message);
    if (told === this.#told) return;
    this.#told = told;
    this.#port.talk(message);
  }

  /** Everything is negotiated while it rings. */
  prepare(isSealed: boolean): void {
    if (this.#isSealed !== null || this.#port === null) return;
    this.#isSealed = isSealed;
    this.#port.prepare(isSealed);
  }

  /** Everything that this person gives, or nothing of it. */
  send(own: OwnMedia, isSending: boolean): void {
    if (this.#port === null || this.#isSealed === null) return;
    for (const source of MEDIA_SOURCES) {
      this.#port.send(source, isSending ? own.track(source) : null, tuningOf(source, own));
    }
  }

  /** `null` until it was negotiated. */
  stream(source: MediaSource): MediaStream | null {
    return this.#streams.get(source) ?? null;
  }

  /** Frames of it come, and open. */
  isComing(source: MediaSource): boolean {
    return (
      this.#streams
        .get(source)
        ?.getTracks()
        .some((track) => !track.muted && track.readyState === 'live') ?? false
    );
  }

  async measure(): Promise<void> {
    const port = this.#port;
    if (port === null) return;
    const report = await port.statistics();
    if (port === this.#port) this.#gauge.take(new Map(report), performance.now());
  }
}
