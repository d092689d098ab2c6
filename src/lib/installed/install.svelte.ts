/** What Chromium gives a page that may be installed, to be used when the person asks for it. */
type InstallEvent = Event & { prompt(): Promise<unknown> };

/**
 * `button`: the browser installs when it is asked; `share-sheet`: iPhone and iPad, where the person does it by hand.
 * `none`: it is installed, or this browser has no such thing.
 */
export type InstallWay = 'button' | 'share-sheet' | 'none';

/** Whether this app can be put on the device's home screen, and how. */
export class Install {
  #event = $state.raw<InstallEvent | null>(null);
  readonly #isByHand: boolean;
  readonly #stop = new AbortController();

  constructor() {
    // Safari's own mark of a page that can be put on the home screen: false in a tab, true in the app.
    this.#isByHand = 'standalone' in navigator && navigator.standalone === false;
    const { signal } = this.#stop;
    addEventListener(
      'beforeinstallprompt',
      (event) => {
        // The browser's own banner would come at a moment of its choosing.
        event.preventDefault();
        this.#event = event as InstallEvent;
      },
      { signal },
    );
    addEventListener('appinstalled', () => (this.#event = null), { signal });
  }

  get way(): InstallWay {
    if (this.#event !== null) return 'button';
    return this.#isByHand ? 'share-sheet' : 'none';
  }

  /** Done when the person has answered. The browser asks them once for each of its offers. */
  async ask(): Promise<void> {
    const event = this.#event;
    this.#event = null;
    await event?.prompt();
  }

  destroy(): void {
    this.#stop.abort();
  }
}
