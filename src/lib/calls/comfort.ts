/** What a page may ask of the system while a call goes on: a screen that stays awake, and keys that mute and hang up. */
export type ComfortHandlers = {
  toggleMicrophone(): void;
  toggleCamera(): void;
  hangUp(): void;
};

export class Comfort {
  #lock: WakeLockSentinel | null = null;
  #isOn = false;

  begin(handlers: ComfortHandlers): void {
    if (this.#isOn) return;
    this.#isOn = true;
    document.addEventListener('visibilitychange', this.#wake);
    this.#wake();
    this.#keys({
      togglemicrophone: () => handlers.toggleMicrophone(),
      togglecamera: () => handlers.toggleCamera(),
      hangup: () => handlers.hangUp(),
    });
  }

  tell(state: { isMuted: boolean; hasCamera: boolean }): void {
    if (!this.#isOn || !('mediaSession' in navigator)) return;
    const session: Partial<Pick<MediaSession, 'setMicrophoneActive' | 'setCameraActive'>> =
      navigator.mediaSession;
    void session.setMicrophoneActive?.(!state.isMuted);
    void session.setCameraActive?.(state.hasCamera);
  }

  end(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    document.removeEventListener('visibilitychange', this.#wake);
    void this.#lock?.release();
    this.#lock = null;
    this.#keys({ togglemicrophone: null, togglecamera: null, hangup: null });
  }

  /** The system takes the lock away with the page's visibility (screen-wake-lock §5.3). */
  readonly #wake = (): void => {
    if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    navigator.wakeLock.request('screen').then(
      (lock) => {
        if (this.#isOn) this.#lock = lock;
        else void lock.release();
      },
      // A battery that is low, or a policy: the screen then goes dark as it always does.
      () => null,
    );
  };

  #keys(handlers: Record<'togglemicrophone' | 'togglecamera' | 'hangup', (() => void) | null>): void {
    if (!('mediaSession' in navigator)) return;
    for (const [action, handler] of Object.entries(handlers)) {
      try {
        navigator.mediaSession.setActionHandler(action as MediaSessionAction, handler);
      } catch (fault) {
        // An action that this browser does not know (mediasession §5.2).
        if (!(fault instanceof TypeError)) throw fault;
      }
    }
  }
}
