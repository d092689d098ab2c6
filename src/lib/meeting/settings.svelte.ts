import { codeOf, type ErrorCode } from '../protocol/errors';
import { cleanName } from '../protocol/text';
import { Signaling } from '../signaling/signaling';
import { dropReceived } from '../vault/lock';
import { Vault } from '../vault/vault';
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
        if (state.at === 'open') this.#do(this.#ask());
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
    this.#vault = await Vault.open();
    const device = new Device(this.#vault);
    await device.look();
    this.#device = device;
    const { name, hidesAddress } = await this.#vault.profile();
    this.#name = name;
    this.#hidesAddress = hidesAddress;
  }

  setName(name: string): void {
    this.#name = cleanName(name);
    if (this.#vault !== null) this.#do(this.#vault.setProfile({ name: this.#name }));
  }

  setHidesAddress(on: boolean): void {
    this.#hidesAddress = on;
    if (this.#vault !== null) this.#do(this.#vault.setProfile({ hidesAddress: on }));
  }

  forgetEverything(): void {
    const forgotten = () => {
      this.#name = '';
      this.#hidesAddress = false;
    };
    if (this.#vault === null) return;
    this.#do(this.#vault.erase().then(forgotten));
    this.#do(dropReceived('all'));
  }

  destroy(): void {
    this.#signaling.close();
    this.#vault?.close();
  }

  async #ask(): Promise<void> {
    this.#logMode = (await this.#signaling.serverInfo()).logMode;
    this.#signaling.close();
  }

  #do(work: Promise<unknown>): void {
    work.catch((fault: unknown) => {
      const code = codeOf(fault);
      // The next session asks again.
      if (code !== 'signaling/unreachable') this.#trouble = code;
    });
  }
}
