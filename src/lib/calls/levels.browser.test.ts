import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Levels } from './levels';

/** A tone of this loudness; 0 is silence. */
function oscillator(gain: number): MediaStreamTrack {
  const context = new AudioContext();
  const [tone, volume, out] = [
    new OscillatorNode(context, { frequency: 440 }),
    new GainNode(context, { gain }),
    context.createMediaStreamDestination(),
  ];
  tone.connect(volume).connect(out);
  tone.start();
  onTestFinished(() => context.close());
  const track = out.stream.getAudioTracks()[0];
  if (track === undefined) throw new Error('a destination has a track');
  return track;
}

/** A page that captures may also run an audio context without a press on it (autoplay policy). */
async function capture(): Promise<void> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  onTestFinished(() => stream.getTracks().forEach((track) => track.stop()));
}

describe('levels', () => {
  function listen() {
    const said: [id: string, isSpeaking: boolean][] = [];
    const levels = new Levels((...one) => said.push(one));
    onTestFinished(() => levels.close());
    return { levels, said };
  }

  test('a tone is loud and speaks, silence is neither', async () => {
    await capture();
    const { levels, said } = listen();
    levels.set('tone', new MediaStream([oscillator(0.3)]));
    levels.set('soft', oscillator(0.02));
    levels.set('still', oscillator(0));
    await expect.poll(() => levels.levelOf('tone')).toBeGreaterThan(0.8);
    await expect.poll(() => levels.levelOf('soft')).toBeGreaterThan(0.3);
    expect(levels.levelOf('soft')).toBeLessThan(0.6);
    await vi.waitFor(() => expect(said).toHaveLength(2));
    expect(said.sort()).toEqual([
      ['soft', true],
      ['tone', true],
    ]);
    expect(levels.levelOf('still')).toBeLessThan(0.05);
    expect(levels.levelOf('nobody')).toBe(0);
  });

  test('speaking ends with the voice, and at once when it is taken away', async () => {
    await capture();
    const { levels, said } = listen();
    const [muted, removed] = [oscillator(0.3), oscillator(0.3)];
    levels.set('muted', muted);
    levels.set('removed', removed);
    await vi.waitFor(() => expect(said).toHaveLength(2));
    const listenAnew = vi.spyOn(AudioContext.prototype, 'createMediaStreamSource');
    onTestFinished(() => listenAnew.mockRestore());
    levels.set('removed', removed);
    levels.set('muted', new MediaStream([muted]));
    expect(listenAnew).not.toHaveBeenCalled();
    expect(said).toHaveLength(2);
    levels.set('removed', null);
    expect(said.at(-1)).toEqual(['removed', false]);
    expect(levels.levelOf('removed')).toBe(0);
    muted.enabled = false;
    await vi.waitFor(() => expect(said.at(-1)).toEqual(['muted', false]));
    expect(levels.levelOf('muted')).toBeLessThan(0.05);
    levels.set('muted', new MediaStream());
    expect(said).toHaveLength(4);
  });

  test('closed, it lets go of the audio context and takes nothing more', async () => {
    const close = vi.spyOn(AudioContext.prototype, 'close');
    const { levels } = listen();
    levels.set('tone', oscillator(0.3));
    levels.close();
    levels.set('tone', oscillator(0.3));
    levels.close();
    expect(close).toHaveBeenCalledTimes(1);
    expect(levels.levelOf('tone')).toBe(0);
  });
});
