import { saveFile } from '../ui/save';
import { needsPassphrase, readBackup, writeBackup, type ImportPlan } from '../vault/backup';
import { isBackupDue } from '../vault/backup-age';
import { lockState, removeLock, setLock, setLockAfter, type LockState } from '../vault/lock';
import { suggestPassphrase } from '../vault/strength';
import { lockEverywhere } from '../vault/unlocked';
import type { Vault } from '../vault/vault';
import type { DeviceView, Keeping } from './view';

/** The download may still be reading. */
const REVOKE_AFTER_MS = 60_000;

/** This device's lock and its backups: the settings of a vault that is open. */
export class Device implements DeviceView {
  readonly #vault: Vault;
  #lock = $state.raw<LockState | null>(null);
  #keeping = $state.raw<Keeping | null>(null);

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  get lock(): LockState | null {
    return this.#lock;
  }
  get keeping(): Keeping | null {
    return this.#keeping;
  }

  async setLock(wishes: Parameters<DeviceView['setLock']>[0]): Promise<void> {
    const lockAfterMinutes = this.#lock?.kind === 'locked' ? this.#lock.lockAfterMinutes : 0;
    await setLock(this.#vault, { ...wishes, lockAfterMinutes });
    await this.look();
  }

  async removeLock(): Promise<void> {
    await removeLock(this.#vault);
    await this.look();
  }

  async setLockAfter(minutes: number): Promise<void> {
    await setLockAfter(this.#vault, minutes);
    await this.look();
  }

  lockNow(): void {
    lockEverywhere();
  }

  async saveBackup(passphrase: string | null): Promise<void> {
    const file = await this.#backup(passphrase);
    const url = saveFile(file, file.name);
    setTimeout(() => URL.revokeObjectURL(url), REVOKE_AFTER_MS);
    await this.#vault.setProfile({ backedUpAtMs: file.lastModified });
    await this.look();
  }

  async backupToMove(): Promise<{ backup: File; passphrase: string }> {
    const passphrase = suggestPassphrase();
    return { backup: await this.#backup(passphrase), passphrase };
  }

  needsPassphrase(file: Blob): Promise<boolean> {
    return needsPassphrase(file);
  }

  readBackup(file: Blob, passphrase: string | null): Promise<ImportPlan> {
    return readBackup(this.#vault, file, passphrase);
  }

  async #backup(passphrase: string | null): Promise<File> {
    const now = new Date();
    const contents = await writeBackup(this.#vault, passphrase, now.getTime());
    const ending = passphrase === null ? 'json' : 'parley';
    const name = `parley-${now.toISOString().slice(0, 10)}.${ending}`;
    return new File([contents], name, { lastModified: now.getTime() });
  }

  /** Asks the browser not to delete what is kept here when the disk is full. It may say no. */
  async persist(): Promise<boolean> {
    const isPersistent = (await navigator.storage?.persist?.()) ?? false;
    await this.look();
    return isPersistent;
  }

  /** Reads how it stands. */
  async look(): Promise<void> {
    const [lock, { meetings }, profile, isPersistent] = await Promise.all([
      lockState(),
      this.#vault.meetings(),
      this.#vault.profile(),
      navigator.storage?.persisted?.() ?? false,
    ]);
    this.#lock = lock;
    this.#keeping = {
      meetings: meetings.length,
      backedUpAtMs: profile.backedUpAtMs,
      isPersistent,
      isBackupDue: isBackupDue(profile, meetings),
    };
  }
}
