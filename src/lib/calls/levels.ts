/** How loud each voice is, and who is speaking. */

/** Below this a microphone hears a quiet room, above it nobody speaks louder: dB of full scale. */
const QUIET_DB = -60;
const LOUD_DB = -10;
/** -45 dB: above a fan, below a soft voice. */
const SPEAKING_LEVEL = 0.3;
const ON_AFTER_MS = 100;
/** Longer than the gaps between words. */
const OFF_AFTER_MS = 600;
const EVERY_MS = 50;
/** Samples that an analyser looks at: 43 ms at 48 kHz, so hardly a moment is passed over. */
const WINDOW = 2048;

/** `otherSinceMs`: since when the level has been saying the opposite of `isSpeaking`; null when it agrees. */
export type Speech = { readonly isSpeaking: boolean; readonly otherSinceMs: number | null };
export const SILENT: Speech = { isSpeaking: false, otherSinceMs: null };

/** Slow to call a noise a voice, slower to call a pause the end of it. `level` from 0 to 1. */
export function nextSpeech(speech: Speech, level: number, atMs: number): Speech {
  const { isSpeaking } = speech;
  const isLoud = level > SPEAKING_LEVEL;
  if (isLoud === isSpeaking) return { isSpeaking, otherSinceMs: null };
  const otherSinceMs = speech.otherSinceMs ?? atMs;
  const isLong = atMs - otherSinceMs >= (isSpeaking ? OFF_AFTER_MS : ON_AFTER_MS);
  return isLong ? { isSpeaking: !isSpeaking, otherSinceMs: null } : { isSpeaking, otherSinceMs };
}

/** 0 to 1, even to the ear: the mean power of the samples on a scale of decibels. */
export function levelOfSamples(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const db = 10 * Math.log10(power);
  // No power at all is minus infinity; no samples, or broken ones, are no number.
  if (Number.isNaN(db)) return 0;
  return Math.min(1, Math.max(0, (db - QUIET_DB) / (LOUD_DB - QUIET_DB)));
}

type Voice = {
  readonly track: MediaStreamTrack;
  /** Held, because Firefox collects a source that nobody holds, and its sound with it. */
  readonly source: MediaStreamAudioSourceNode;
  readonly analyser: AnalyserNode;
  level: number;
  speech: Speech;
};

/**
 * Listens to any number of voices with one audio context and one timer. Nothing is played here. A voice from another
 * person must also be played by some element of the page: Chromium gives no sound of it otherwise (crbug.com/121673).
 */
export class Levels {
  readonly #onSpeaking: (id: string, isSpeaking: boolean) => void;
  readonly #voices = new Map<string, Voice>();
  readonly #samples = new Float32Array(WINDOW);
  readonly #stop = new AbortController();
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(onSpeaking: (id: string, isSpeaking: boolean) => void) {
    this.#onSpeaking = onSpeaking;
  }

  /** The first sound track of what is given; null, or none, and it is silent. The same track again changes nothing. */
  set(id: string, from: MediaStream | MediaStreamTrack | null): void {
    const track = soundOf(from);
    const before = this.#voices.get(id);
    if (before?.track === track) return;
    before?.source.disconnect();
    this.#voices.delete(id);
    const voice = track === null ? null : this.#listen(track, before?.speech ?? SILENT);
    if (voice !== null) this.#voices.set(id, voice);
    else if (before?.speech.isSpeaking === true) this.#onSpeaking(id, false);
    this.#keepTime();
  }

  /** 0 to 1, as of the last 50 ms; 0 for what is not set. */
  levelOf(id: string): number {
    return this.#voices.get(id)?.level ?? 0;
  }

  /** Says nothing more. */
  close(): void {
    this.#stop.abort();
    for (const { source } of this.#voices.values()) source.disconnect();
    this.#voices.clear();
    this.#keepTime();
    const context = this.#context;
    this.#context = null;
    if (context !== null) settle(context.close());
  }

  #listen(track: MediaStreamTrack, speech: Speech): Voice | null {
    if (this.#stop.signal.aborted) return null;
    try {
      const context = (this.#context ??= this.#makeContext());
      const source = context.createMediaStreamSource(new MediaStream([track]));
      const analyser = context.createAnalyser();
      analyser.fftSize = WINDOW;
      source.connect(analyser);
      this.#wake();
      return { track, source, analyser, level: 0, speech };
    } catch {
      // Firefox refuses a source whose sample rate is not the context's: a meter that stays at rest is no reason to
      // end a call.
      return null;
    }
  }

  #makeContext(): AudioContext {
    const context = new AudioContext();
    const { signal } = this.#stop;
    const wake = () => this.#wake();
    // Asleep before the first press on the page (autoplay policy), and after a phone call on iOS.
    context.addEventListener('statechange', wake, { signal });
    for (const press of ['pointerdown', 'keydown']) document.addEventListener(press, wake, { signal });
    return context;
  }

  #wake(): void {
    const context = this.#context;
    if (context === null || context.state === 'running' || context.state === 'closed') return;
    settle(context.resume());
  }

  #keepTime(): void {
    const isNeeded = this.#voices.size > 0;
    if (isNeeded) this.#timer ??= setInterval(() => this.#measure(), EVERY_MS);
    else if (this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  #measure(): void {
    const atMs = performance.now();
    for (const [id, voice] of this.#voices) {
      voice.analyser.getFloatTimeDomainData(this.#samples);
      voice.level = levelOfSamples(this.#samples);
      const { isSpeaking } = voice.speech;
      voice.speech = nextSpeech(voice.speech, voice.level, atMs);
      if (voice.speech.isSpeaking !== isSpeaking) this.#onSpeaking(id, voice.speech.isSpeaking);
    }
  }
}

function soundOf(from: MediaStream | MediaStreamTrack | null): MediaStreamTrack | null {
  if (from instanceof MediaStream) return from.getAudioTracks()[0] ?? null;
  return from?.kind === 'audio' ? from : null;
}

/** A context that will not start or close is tried again at the next press, or is gone; the meter shows it. */
function settle(work: Promise<void>): void {
  work.catch(() => undefined);
}
