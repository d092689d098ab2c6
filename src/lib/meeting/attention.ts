import { whenIdle } from '../ui/idle';
import { m } from '../words/messages';

/** How often the title changes to and fro while it asks for attention. */
const BLINK_MS = 1_200;
const RING_MS = 2_500;
/** A connection that is away for less is back before anybody could do anything. */
const PATIENCE_MS = 6_000;

/**
 * Tells a person who is looking elsewhere: a sound, and the title of the tab. Never a name of a meeting or a person,
 * for a title stands in histories and on shared screens (section 1).
 */
export class Attention {
  #audio: AudioContext | null = null;
  #blinking: ReturnType<typeof setInterval> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #ringing: ReturnType<typeof setInterval> | undefined;
  #title = '';
  #isDestroyed = false;

  constructor() {
    document.addEventListener('visibilitychange', this.#seen);
  }

  /** A person just pressed something: from now on the browser lets this page make sounds. */
  allow(): void {
    // Opening the sound device takes tens of milliseconds, and whoever pressed Join is waiting for something else.
    whenIdle(() => {
      if (!this.#isDestroyed) this.#audio ??= new AudioContext();
    });
  }

  /** The host is here, or somebody came. */
  arrival(): void {
    this.#sound([523.25, 783.99]);
    this.#call(m.somebody_here());
  }

  /** With every change: a connection that stays away is heard of, once, by whoever is looking elsewhere or talking on. */
  connection(isAway: boolean): void {
    if (!isAway) {
      clearTimeout(this.#patience);
      this.#patience = undefined;
      return;
    }
    this.#patience ??= setTimeout(() => {
      this.#sound([392, 311.13]);
      this.#call(m.reconnecting());
    }, PATIENCE_MS);
  }

  /** Somebody calls, until they are answered or give up. */
  ring(isRinging: boolean): void {
    if (isRinging === (this.#ringing !== undefined)) return;
    clearInterval(this.#ringing);
    this.#ringing = undefined;
    if (!isRinging) return this.#calm();
    const turn = () => this.#sound([659.25, 880, 659.25]);
    turn();
    this.#call(m.somebody_calls());
    this.#ringing = setInterval(turn, RING_MS);
  }

  message(): void {
    if (document.visibilityState === 'visible') return;
    this.#sound([659.25]);
    this.#call(m.new_message());
  }

  destroy(): void {
    this.#isDestroyed = true;
    document.removeEventListener('visibilitychange', this.#seen);
    this.#calm();
    this.connection(false);
    this.ring(false);
    void this.#audio?.close();
  }

  /** A short bell per note, one after the other. */
  #sound(notesHz: readonly number[]): void {
    const audio = this.#audio;
    if (audio === null || audio.state !== 'running') return;
    notesHz.forEach((frequency, index) => {
      const startS = audio.currentTime + index * 0.16;
      const oscillator = new OscillatorNode(audio, { type: 'sine', frequency });
      const gain = new GainNode(audio, { gain: 0 });
      gain.gain.linearRampToValueAtTime(0.12, startS + 0.01);
      gain.gain.exponentialRampToValueAtTime(0.0001, startS + 0.5);
      oscillator.connect(gain).connect(audio.destination);
      oscillator.start(startS);
      oscillator.stop(startS + 0.5);
    });
  }

  #call(text: string): void {
    if (document.visibilityState === 'visible') return;
    this.#calm();
    this.#title = document.title;
    let isShown = false;
    const turn = () => {
      isShown = !isShown;
      document.title = isShown ? `${text} · Parley` : this.#title;
    };
    turn();
    this.#blinking = setInterval(turn, BLINK_MS);
  }

  #calm(): void {
    if (this.#blinking === undefined) return;
    clearInterval(this.#blinking);
    this.#blinking = undefined;
    document.title = this.#title;
  }

  readonly #seen = (): void => {
    if (document.visibilityState === 'visible') this.#calm();
  };
}
