import { codeOf, type ErrorCode } from '../protocol/errors';
import { forgetLocked, lockState, unlock, unlockWithPasskey } from '../vault/lock';

/** A person in front of a locked device. */
export class Unlocking {
  readonly #onunlocked: () => void;
  #hasPasskey = $state.raw(false);
  #trouble = $state.raw<ErrorCode | null>(null);
  #isBusy = $state.raw(false);
  #waitS = $state.raw(0);
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(onunlocked: () => void) {
    this.#onunlocked = onunlocked;
  }

  get hasPasskey(): boolean {
    return this.#hasPasskey;
  }
  get trouble(): ErrorCode | null {
    return this.#trouble;
  }
  get isBusy(): boolean {
    return this.#isBusy;
  }
  /** Seconds until the next passphrase is looked at. */
  get waitS(): number {
    return this.#waitS;
  }

  async start(): Promise<void> {
    await this.#look();
  }

  destroy(): void {
    clearInterval(this.#timer);
  }

  unlock(passphrase: string): Promise<void> {
    return this.#try(() => unlock(passphrase));
  }

  unlockWithPasskey(): Promise<void> {
    return this.#try(() => unlockWithPasskey());
  }

  /** Everything on this device, for whoever lost the passphrase. */
  forget(): Promise<void> {
    return this.#try(() => forgetLocked());
  }

  async #try(work: () => Promise<void>): Promise<void> {
    this.#isBusy = true;
    this.#trouble = null;
    try {
      await work();
      this.#onunlocked();
    } catch (fault) {
      this.#trouble = codeOf(fault);
      await this.#look();
    } finally {
      this.#isBusy = false;
    }
  }

  async #look(): Promise<void> {
    const state = await lockState();
    clearInterval(this.#timer);
    if (state.kind === 'none') return;
    this.#hasPasskey = state.hasPasskey;
    this.#waitS = Math.ceil(state.waitMs / 1000);
    if (this.#waitS > 0) this.#timer = setInterval(() => this.#tick(), 1_000);
  }

  #tick(): void {
    this.#waitS -= 1;
    if (this.#waitS > 0) return;
    clearInterval(this.#timer);
    if (this.#trouble === 'vault/too-many-tries') this.#trouble = null;
  }
}
