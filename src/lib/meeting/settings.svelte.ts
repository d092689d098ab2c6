import { codeOf, ParleyError, type ErrorCode } from '../protocol/errors';
import { cleanName } from '../protocol/text';
import { Signaling } from '../signaling/signaling';
import { dropReceived } from '../vault/lock';
import { Vault, type Profile } from '../vault/vault';
import { Device } from './device.svelte';
import type { SettingsView } from './view';

/** What this device keeps apart from meetings, and what the server says of itself. */
export class Settings implements SettingsView {
  #vault: Vault | null = null;
  readonly #signaling: Signaling;
  #name = $state.raw('');
  #hidesAddress = $state.raw(false);
  #logMode = $state.raw<SettingsView['logMode']>(null);
  #trouble = $state.raw<ErrorCode | null>(null);
  #device = $state.raw<Device | null>(null);

  constructor() {
    this.#signaling = new Signaling({
      onEvent: () => undefined,
      onState: (state) => {
        if (state.at === 'open') void this.#did(this.#ask());
      },
    });
  }

  get name(): string {
    return this.#name;
  }
  get hidesAddress(): boolean {
    return this.#hidesAddress;
  }
  get logMode(): SettingsView['logMode'] {
    return this.#logMode;
  }

  get trouble(): ErrorCode | null {
    return this.#trouble;
  }

  get device(): Device | null {
    return this.#device;
  }

  async start(): Promise<void> {
    this.#signaling.start();
    await this.open();
  }

  /** Once more after somebody unlocked. Throws `vault/locked`. */
  async open(): Promise<void> {
    const vault = await Vault.open();
    this.#vault = vault;
    const device = new Device(vault);
    const [{ name, hidesAddress }] = await Promise.all([vault.profile(), device.look()]);
    this.#name = name;
    this.#hidesAddress = hidesAddress;
    // Last: what is kept here can be changed from now on.
    this.#device = device;
  }

  setName(name: string): Promise<boolean> {
    return this.#keep({ name: cleanName(name) });
  }

  setHidesAddress(on: boolean): Promise<boolean> {
    return this.#keep({ hidesAddress: on });
  }

  forgetEverything(): Promise<boolean> {
    const forget = async () => {
      await this.#open.erase();
      this.#name = '';
      this.#hidesAddress = false;
      await dropReceived('all');
    };
    return this.#did(forget());
  }

  destroy(): void {
    this.#signaling.close();
    this.#vault?.close();
  }

  async #ask(): Promise<void> {
    this.#logMode = (await this.#signaling.serverInfo()).logMode;
    this.#signaling.close();
  }

  #keep(patch: Partial<Pick<Profile, 'name' | 'hidesAddress'>>): Promise<boolean> {
    const keep = async () => {
      await this.#open.setProfile(patch);
      this.#name = patch.name ?? this.#name;
      this.#hidesAddress = patch.hidesAddress ?? this.#hidesAddress;
    };
    return this.#did(keep());
  }

  /** Throws `vault/locked` before it was opened: nothing is ever taken for kept that is not. */
  get #open(): Vault {
    if (this.#vault === null) throw new ParleyError('vault/locked');
    return this.#vault;
  }

  async #did(work: Promise<unknown>): Promise<boolean> {
    try {
      await work;
      return true;
    } catch (fault) {
      const code = codeOf(fault);
      // The next session asks again.
      if (code !== 'signaling/unreachable') this.#trouble = code;
      return false;
    }
  }
}
