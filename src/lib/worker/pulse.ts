/** How often an idle path is asked whether it is there. */
export const PULSE_INTERVAL_MS = 1_000;
/** A pulse went unanswered: the way to the server is looked at already, so that it is there when it is needed. */
export const DOUBT_MS = 1_300;
/** Nothing heard for that long, from pulses of either side: the path is taken for dead. */
export const SILENCE_MS = 2_000;

export type PulseReport = { standing: 'alive' | 'doubtful' | 'dead'; rttMs: number | null };

type PulseOptions = {
  now: () => number;
  sendPing: (stamp: number) => void;
  report: (report: PulseReport) => void;
};

/**
 * The heartbeat of one open channel: notices within seconds what a browser takes 5 to 30 s to admit. Driven from
 * outside by `tick`, so that time is the caller's. A tick that comes very late means that this side slept; then the
 * other end is asked before it is declared dead.
 */
export class Pulse {
  readonly #options: PulseOptions;
  #heardAtMs: number;
  #tickedAtMs: number;
  #askedAtMs = -Infinity;
  #standing: PulseReport['standing'] = 'alive';
  #rttMs: number | null = null;

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#heardAtMs = this.#tickedAtMs = options.now();
  }

  /** Any authentic message is a sign of life. */
  heard(): void {
    this.#heardAtMs = this.#options.now();
    this.#become('alive');
  }

  /** `stamp` is what the ping carried: milliseconds of this side's clock, modulo 2^32. */
  ponged(stamp: number): void {
    const rttMs = (Math.round(this.#options.now()) - stamp) >>> 0;
    // A stamp that this side did not send recently measures nothing.
    if (rttMs > 60_000) return;
    this.#rttMs = rttMs;
    this.#options.report({ standing: this.#standing, rttMs });
  }

  /**
   * Asks now: the page woke, or the network or the other end changed. The answer has one interval's time; a silence
   * that has lasted longer, and in which this side was awake and asked already, is not drawn out by asking once more.
   */
  ask(): void {
    const nowMs = this.#options.now();
    const hasSlept = this.#wake(nowMs);
    const graceMs = nowMs - SILENCE_MS + PULSE_INTERVAL_MS;
    this.#heardAtMs = hasSlept ? graceMs : Math.min(this.#heardAtMs, graceMs);
    this.#ping(nowMs);
  }

  tick(): void {
    const nowMs = this.#options.now();
    if (nowMs - this.#tickedAtMs > SILENCE_MS) return this.ask();
    this.#wake(nowMs);
    const silentMs = nowMs - this.#heardAtMs;
    if (silentMs > SILENCE_MS) this.#become('dead');
    else if (silentMs > DOUBT_MS) this.#become('doubtful');
    if (nowMs - this.#askedAtMs >= PULSE_INTERVAL_MS) this.#ping(nowMs);
  }

  /** Whether this side has slept since it was last here. */
  #wake(nowMs: number): boolean {
    const hasSlept = nowMs - this.#tickedAtMs > SILENCE_MS;
    this.#tickedAtMs = nowMs;
    return hasSlept;
  }

  #ping(nowMs: number): void {
    this.#askedAtMs = nowMs;
    this.#options.sendPing(Math.round(nowMs) >>> 0);
  }

  #become(standing: PulseReport['standing']): void {
    if (standing === this.#standing) return;
    this.#standing = standing;
    this.#options.report({ standing, rttMs: this.#rttMs });
  }
}
