/** Short, because it may be over in a moment; then long enough that all who wait are no load on a server that comes back. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 5_000;

/**
 * For a server that is there and cannot do what it was asked (section 13, `unavailable`): it is asked again until it
 * can, with pauses that grow to a bound, one at a time. Whoever owns it is told once how it stands.
 */
export class Retry {
  readonly #tell: (code: 'signaling/unavailable' | null) => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** The last pause; none since the server could. */
  #pauseMs = 0;
  #isTold = false;
  #isOver = false;

  constructor(tell: (code: 'signaling/unavailable' | null) => void) {
    this.#tell = tell;
  }

  /** It could not, and has not done it since. */
  get isOn(): boolean {
    return this.#pauseMs > 0;
  }
  get isWaiting(): boolean {
    return this.#timer !== null;
  }

  /** It cannot now: `again` follows, unless somebody waits for that already. */
  refused(again: () => void, isTold = true): void {
    if (this.#isOver) return;
    if (isTold && !this.#isTold) {
      this.#isTold = true;
      this.#tell('signaling/unavailable');
    }
    if (this.#timer !== null) return;
    this.#pauseMs = Math.min(this.#pauseMs * 2 || FIRST_PAUSE_MS, MAX_PAUSE_MS);
    // Up to half of it is left out, so that no two clients come back in step.
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        again();
      },
      this.#pauseMs * (0.5 + Math.random() / 2),
    );
  }

  /** It can. */
  done(): void {
    this.stop();
    if (this.#isTold) this.#tell(null);
    this.#isTold = false;
  }

  /** Whatever is asked next is the first of its kind, as in a new session. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#pauseMs = 0;
  }

  /** Nobody wants it any more, and an answer that is still on its way changes nothing. */
  close(): void {
    this.stop();
    this.#isOver = true;
  }
}
