import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelOfSamples, nextSpeech, SILENT, type Speech } from './levels';

const sine = (amplitude: number): Float32Array =>
  Float32Array.from({ length: 4800 }, (_, i) => amplitude * Math.sin((i / 48) * 2 * Math.PI));

describe('a level', () => {
  it.each([
    ['silence', new Float32Array(2048), 0],
    ['full scale, -3 dB', sine(1), 1],
    ['-10 dB and louder', sine(0.4472), 1],
    ['-35 dB, in the middle', sine(0.02515), 0.5],
    ['-60 dB and softer', sine(0.0013), 0],
    ['no samples', new Float32Array(0), 0],
    ['broken samples', new Float32Array([NaN, 1]), 0],
    ['infinite samples', new Float32Array([Infinity, 1]), 1],
  ])('%s', (_, samples, level) => {
    expect(levelOfSamples(samples)).toBeCloseTo(level, 2);
  });

  it('is always from 0 to 1', () => {
    fc.assert(
      fc.property(fc.float32Array(), (samples) => {
        const level = levelOfSamples(samples);
        expect(level >= 0 && level <= 1).toBe(true);
      }),
    );
  });
});

/** What was said, and when, of levels that come every 50 ms. */
function spoken(...parts: [level: number, forMs: number][]): [atMs: number, isSpeaking: boolean][] {
  const said: [number, boolean][] = [];
  let speech: Speech = SILENT;
  let atMs = 0;
  for (const [level, forMs] of parts) {
    for (const endMs = atMs + forMs; atMs < endMs; atMs += 50) {
      const next = nextSpeech(speech, level, atMs);
      if (next.isSpeaking !== speech.isSpeaking) said.push([atMs, next.isSpeaking]);
      speech = next;
    }
  }
  return said;
}

describe('speaking', () => {
  it('is on after 100 ms of voice and off after 600 ms without', () => {
    expect(spoken([0, 1000], [0.5, 1000], [0.1, 2000])).toEqual([
      [1100, true],
      [2600, false],
    ]);
  });

  it('is no click, however loud', () => {
    expect(spoken([0, 200], [1, 100], [0, 500], [1, 50], [0, 50], [1, 50], [0, 50])).toEqual([]);
  });

  it('goes on over the gaps between words', () => {
    expect(spoken([0.5, 500], [0, 550], [0.5, 500], [0, 550], [0.5, 50], [0, 600])).toEqual([[100, true]]);
  });

  it('is not the noise of a room', () => {
    expect(spoken([0.3, 60_000])).toEqual([]);
  });

  it('is decided by time, however rarely it is asked', () => {
    const first = nextSpeech(SILENT, 1, 1000);
    expect(first.isSpeaking).toBe(false);
    expect(nextSpeech(first, 1, 2000)).toEqual({ isSpeaking: true, otherSinceMs: null });
  });
});
