import { onTestFinished } from 'vitest';
import type { SoundProcessing } from '../../src/lib/calls/view';

/** Chromium's stand-ins for microphones and cameras, in browser tests. */

export const PROCESSING: SoundProcessing = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

/** Stopped when the test is over, so that no test hears another's. */
export async function using(track: Promise<MediaStreamTrack>): Promise<MediaStreamTrack> {
  const opened = await track;
  onTestFinished(() => opened.stop());
  return opened;
}

export async function idsOf(kind: MediaDeviceKind): Promise<string[]> {
  const infos = await navigator.mediaDevices.enumerateDevices();
  return infos.filter((info) => info.kind === kind && info.deviceId !== 'default').map((i) => i.deviceId);
}

/** A real device of this kind: the fake ones of Chromium, of which there are two microphones at least. */
export async function anId(kind: MediaDeviceKind, index = 0): Promise<string> {
  const id = (await idsOf(kind))[index];
  if (id === undefined) throw new Error(`no ${kind} ${index}`);
  return id;
}
