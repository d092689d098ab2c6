/**
 * Typing hints: sent and forgotten, never acknowledged. The writer repeats "on" while keys are pressed, so a hint
 * whose "off" was lost fades by itself on the other side.
 */

/** Runs something after a delay; the answer calls it off. Injected, so that tests own the clock. */
export type Later = (delayMs: number, run: () => void) => () => void;

/** Often enough for the other side's fading, rare enough to cost nothing. */
export const REPEAT_MS = 3_000;
/** No key for that long: the person is reading or has left. */
export const IDLE_MS = 5_000;
/** A hint not repeated fades: one repetition may be late. */
export const FADE_MS = 8_000;

export const timeoutLater: Later = (delayMs, run) => {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
};

/** Tells the others that the person here is typing. */
export class TypingHint {
  readonly #now: () => number;
  readonly #later: Later;
  readonly #send: (isTyping: boolean) => void;
  /** Null while the others take this person for idle. */
  #toldAtMs: number | null = null;
  #cancelIdle: () => void = () => undefined;

  constructor(options: { now: () => number; later: Later; send: (isTyping: boolean) => void }) {
    this.#now = options.now;
    this.#later = options.later;
    this.#send = options.send;
  }

  set(isTyping: boolean): void {
    this.#cancelIdle();
    if (!isTyping) {
      if (this.#toldAtMs !== null) this.#send(false);
      this.#toldAtMs = null;
      return;
    }
    const nowMs = this.#now();
    if (this.#toldAtMs === null || nowMs - this.#toldAtMs >= REPEAT_MS) {
      this.#toldAtMs = nowMs;
      this.#send(true);
    }
    this.#cancelIdle = this.#later(IDLE_MS, () => this.set(false));
  }

  /** Falls silent. */
  destroy(): void {
    this.#cancelIdle();
  }
}
