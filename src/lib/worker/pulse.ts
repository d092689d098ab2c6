/** How often an idle path is asked whether it is there. */
export const PULSE_INTERVAL_MS = 1_000;
/** Nothing heard for that long: the path is taken for dead. Two pulses lost and half a second's grace. */
export const SILENCE_MS = 2_500;

export type PulseReport = { isAlive: boolean; rttMs: number | null };

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
  #isAlive = true;
  #rttMs: number | null = null;

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#heardAtMs = this.#tickedAtMs = options.now();
  }

  /** Any authentic message is a sign of life. */
  heard(): void {
    this.#heardAtMs = this.#options.now();
    if (!this.#isAlive) {
      this.#isAlive = true;
      this.#report();
    }
  }

  /** `stamp` is what the ping carried: milliseconds of this side's clock, modulo 2^32. */
  ponged(stamp: number): void {
    const rttMs = (Math.round(this.#options.now()) - stamp) >>> 0;
    // A stamp that this side did not send recently measures nothing.
    if (rttMs > 60_000) return;
    this.#rttMs = rttMs;
    this.#report();
  }

  /** Asks now: the page woke, or the network or the other end changed. The answer has one interval's time. */
  ask(): void {
    const nowMs = this.#options.now();
    this.#heardAtMs = nowMs - SILENCE_MS + PULSE_INTERVAL_MS;
    this.#ping(nowMs);
  }

  tick(): void {
    const nowMs = this.#options.now();
    const hasSlept = nowMs - this.#tickedAtMs > SILENCE_MS;
    this.#tickedAtMs = nowMs;
    if (hasSlept) return this.ask();
    if (this.#isAlive && nowMs - this.#heardAtMs > SILENCE_MS) {
      this.#isAlive = false;
      this.#report();
    }
    if (nowMs - this.#askedAtMs >= PULSE_INTERVAL_MS) this.#ping(nowMs);
  }

  #ping(nowMs: number): void {
    this.#askedAtMs = nowMs;
    this.#options.sendPing(Math.round(nowMs) >>> 0);
  }
  #report(): void {
    this.#options.report({ isAlive: this.#isAlive, rttMs: this.#rttMs });
  }
}
