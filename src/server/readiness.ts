import type { Clock } from './limits';

/** What the server needs beside itself to take anybody in. */
export type Need = 'registry' | 'redis';
export type Standing = 'ready' | 'starting' | 'draining' | Need;
/** Whether it is there. Rejecting and taking too long are a no. */
export type Check = () => Promise<boolean>;

const PATIENCE_MS = 1_000;
/** However many ask, what is needed is looked at once in that time. */
const FRESH_MS = 1_000;

/** Whether the server takes people, and if not, why, in a word. */
export class Readiness {
  readonly #clock: Clock;
  #phase: 'starting' | 'serving' | 'draining' = 'starting';
  #checks: readonly (readonly [Need, Check])[] = [];
  #asked: { readonly atMs: number; readonly missing: Promise<Need | null> } | null = null;

  constructor(clock: Clock = () => performance.now()) {
    this.#clock = clock;
  }

  serve(checks: Partial<Record<Need, Check>> = {}): void {
    this.#checks = (['registry', 'redis'] as const).flatMap((need) => {
      const check = checks[need];
      return check === undefined ? [] : [[need, withPatience(check)] as const];
    });
    this.#become('serving');
  }

  drain(): void {
    this.#become('draining');
  }

  /** Never rejects. */
  async standing(): Promise<Standing> {
    const missing = this.#phase === 'serving' ? await this.#missing() : null;
    // Asked after the wait: it may have begun to drain meanwhile.
    return this.#phase === 'serving' ? (missing ?? 'ready') : this.#phase;
  }

  #become(phase: 'serving' | 'draining'): void {
    // The end comes once, also when it comes while everything is still being opened.
    if (this.#phase !== 'draining') this.#phase = phase;
  }

  #missing(): Promise<Need | null> {
    const nowMs = this.#clock();
    if (this.#asked === null || nowMs - this.#asked.atMs >= FRESH_MS) {
      this.#asked = { atMs: nowMs, missing: this.#look() };
    }
    return this.#asked.missing;
  }

  async #look(): Promise<Need | null> {
    const isThere = await Promise.all(this.#checks.map(([, check]) => check()));
    return this.#checks.find((_, index) => isThere[index] !== true)?.[0] ?? null;
  }
}

/** One that hangs is waited for by all who ask meanwhile, and not begun again beside itself. */
function withPatience(check: Check): Check {
  let running: Promise<boolean> | null = null;
  return async () => {
    running ??= ask(check).finally(() => (running = null));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS, false)));
    try {
      return await Promise.race([running, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

async function ask(check: Check): Promise<boolean> {
  try {
    return await check();
  } catch {
    // Why it is not there is for the log of whoever uses it; here the answer is that it is not.
    return false;
  }
}
