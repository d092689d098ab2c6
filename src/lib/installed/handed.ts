import { getContext, setContext } from 'svelte';

/** To be sent in the meeting that is opened next, once somebody is there and the person says so. */
export type HandedToMeeting = {
  title: string;
  text: string;
  files: readonly File[];
  /** Of a backup for one's own other device: what that device asks for. */
  passphrase: string | null;
};

/**
 * What one page of this window brings along to the next: in memory only, so that nothing shared from another app and no
 * backup on its way lies anywhere in plain. Each is taken once.
 */
export class Handed {
  #toMeeting: HandedToMeeting | null = null;
  #backup: File | null = null;

  toMeeting(what: HandedToMeeting): void {
    this.#toMeeting = what;
  }
  takeToMeeting(): HandedToMeeting | null {
    const what = this.#toMeeting;
    this.#toMeeting = null;
    return what;
  }
  /** For Settings to look at. */
  backup(file: File): void {
    this.#backup = file;
  }
  takeBackup(): File | null {
    const file = this.#backup;
    this.#backup = null;
    return file;
  }
}

const KEY = 'handed';
export const provideHanded = (): Handed => setContext(KEY, new Handed());
export const useHanded = (): Handed => getContext<Handed>(KEY);
