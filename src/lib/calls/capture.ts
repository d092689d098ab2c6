import { ParleyError, type ErrorCode } from '../protocol/errors';
import type { ScreenContent, SoundProcessing } from './view';

/** The members of screen-capture's dictionaries that TypeScript's library does not have yet. */
type ScreenSound = MediaTrackConstraints & {
  readonly suppressLocalAudioPlayback: boolean;
  readonly restrictOwnAudio: boolean;
};
type ScreenOptions = DisplayMediaStreamOptions & {
  readonly audio: ScreenSound;
  readonly systemAudio: 'include' | 'exclude';
  readonly selfBrowserSurface: 'include' | 'exclude';
  readonly surfaceSwitching: 'include' | 'exclude';
};

/** Names that getUserMedia rejects with (mediacapture-main); everything that is not listed is a fault of ours. */
const CODE_OF_NAME: Readonly<Record<string, ErrorCode>> = {
  NotAllowedError: 'media/not-allowed',
  SecurityError: 'media/not-allowed',
  NotFoundError: 'media/no-device',
  OverconstrainedError: 'media/no-device',
  NotReadableError: 'media/busy',
  AbortError: 'media/busy',
};

/**
 * One voice. `''` is the system's own choice, and so is a device that is no longer there. Throws `media/not-allowed`,
 * `media/no-device`, `media/busy`.
 */
export async function openMicrophone(
  deviceId: string,
  { echoCancellation, noiseSuppression, autoGainControl }: SoundProcessing,
): Promise<MediaStreamTrack> {
  const wishes = { echoCancellation, noiseSuppression, autoGainControl, channelCount: { ideal: 1 } };
  const stream = await openDevice(deviceId, (device) => ({ audio: { ...wishes, ...device } }));
  return onlyTrack(stream.getAudioTracks());
}

/**
 * `''` and `isBlurred`: as for the microphone; null leaves the background to the system. Throws `media/not-allowed`,
 * `media/no-device`, `media/busy`.
 */
export async function openCamera(
  deviceId: string,
  { isSavingData, isBlurred }: { isSavingData: boolean; isBlurred: boolean | null },
): Promise<MediaStreamTrack> {
  const wishes = { ...pictureOf(isSavingData), ...blurOf(isBlurred) };
  const stream = await openDevice(deviceId, (device) => ({
    // A phone has a camera on either side; a chosen one needs no wish for a side.
    video: { ...wishes, ...(device ?? { facingMode: { ideal: 'user' } }) },
  }));
  const track = onlyTrack(stream.getVideoTracks());
  track.contentHint = 'motion';
  return track;
}

/**
 * A screen, a window or a tab, by the browser's own dialog; null when the person closed it. `sound` is null where the
 * browser or the choice gives none. Must be called in the task of a click. Throws `media/no-screen`,
 * `media/not-allowed` (no secure context, or the operating system forbids it), `media/busy`.
 */
export async function openScreen(
  content: ScreenContent,
): Promise<{ picture: MediaStreamTrack; sound: MediaStreamTrack | null } | null> {
  const media = mediaDevices();
  // No browser on a phone has it.
  if (typeof media.getDisplayMedia !== 'function') throw new ParleyError('media/no-screen');
  const options: ScreenOptions = {
    video: { frameRate: frameRateOf(content) },
    audio: {
      // Music and films, which the processing made for voices would spoil.
      echoCancellation: false,
      noiseSuppression: false,
      autoGainControl: false,
      suppressLocalAudioPlayback: false,
      // With the whole system's sound the others would hear themselves (screen-capture, restrictOwnAudio).
      restrictOwnAudio: true,
    },
    systemAudio: 'include',
    selfBrowserSurface: 'exclude',
    surfaceSwitching: 'include',
  };
  try {
    const stream = await media.getDisplayMedia(options);
    const picture = onlyTrack(stream.getVideoTracks());
    // Our two words are those of mst-content-hint: keep every pixel, or keep every frame.
    picture.contentHint = content;
    const sound = stream.getAudioTracks()[0] ?? null;
    if (sound !== null) sound.contentHint = 'music';
    return { picture, sound };
  } catch (thrown) {
    if (nameOf(thrown) === 'NotAllowedError' && !isForbiddenBySystem(thrown)) return null;
    // There it means that the system has nothing to show, which has nothing to do with a camera.
    if (nameOf(thrown) === 'NotFoundError') throw new ParleyError('media/no-screen', { cause: thrown });
    throw mediaFault(thrown);
  }
}

/** A camera that runs goes on with a smaller or larger picture. Throws as `openCamera`. */
export function applySavingData(track: MediaStreamTrack, isSavingData: boolean): Promise<void> {
  return change(track, pictureOf(isSavingData));
}

/** A camera that runs goes on with or without its background; no effect where the browser has no such thing. */
export function applyBlur(track: MediaStreamTrack, isBlurred: boolean): Promise<void> {
  return change(track, blurOf(isBlurred));
}

/** A shared screen goes on, with sharp letters or with smooth movement. */
export function applyScreenContent(track: MediaStreamTrack, content: ScreenContent): Promise<void> {
  track.contentHint = content;
  return change(track, { frameRate: frameRateOf(content) });
}

/** Whether this camera lets a page choose: a background that the system holds one way is offered with one value. */
export function offersBlur(track: MediaStreamTrack): boolean {
  // Firefox got getCapabilities late (132); neither it nor Safari has backgroundBlur.
  const offered = track.getCapabilities?.().backgroundBlur ?? [];
  return supportsBlur() && offered.includes(true) && offered.includes(false);
}

/** Anything that the browser's media functions reject with, as one of our codes. */
export function mediaFault(thrown: unknown): ParleyError {
  if (thrown instanceof ParleyError) return thrown;
  return new ParleyError(CODE_OF_NAME[nameOf(thrown)] ?? 'internal/fault', { cause: thrown });
}

/** Throws `media/not-allowed`: without a secure context a browser has no `mediaDevices` at all. */
export function mediaDevices(): MediaDevices {
  const media: MediaDevices | undefined = navigator.mediaDevices;
  if (media === undefined) throw new ParleyError('media/not-allowed');
  return media;
}

async function openDevice(
  deviceId: string,
  constraintsFor: (device: { deviceId: ConstrainDOMString } | null) => MediaStreamConstraints,
): Promise<MediaStream> {
  const media = mediaDevices();
  if (deviceId !== '') {
    try {
      return await media.getUserMedia(constraintsFor({ deviceId: { exact: deviceId } }));
    } catch (thrown) {
      const fault = mediaFault(thrown);
      // Only the device itself is demanded, so only it can be what is missing.
      if (fault.code !== 'media/no-device') throw fault;
    }
  }
  try {
    return await media.getUserMedia(constraintsFor(null));
  } catch (thrown) {
    throw mediaFault(thrown);
  }
}

/** `applyConstraints` forgets what it is not told again (mediacapture-main, ConstrainablePattern). */
async function change(track: MediaStreamTrack, patch: MediaTrackConstraints): Promise<void> {
  try {
    await track.applyConstraints({ ...track.getConstraints(), ...patch });
  } catch {
    // Chromium has refused a background together with a size ("Mixing ImageCapture and non-ImageCapture constraints").
    // It does not forget the one when it is told the other.
    await track.applyConstraints(patch).catch((thrown: unknown) => {
      throw mediaFault(thrown);
    });
  }
}

const pictureOf = (isSavingData: boolean): MediaTrackConstraints =>
  isSavingData
    ? { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 15 } }
    : { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

const blurOf = (isBlurred: boolean | null): MediaTrackConstraints =>
  isBlurred !== null && supportsBlur() ? { backgroundBlur: { ideal: isBlurred } } : {};

const supportsBlur = (): boolean => mediaDevices().getSupportedConstraints().backgroundBlur === true;

/** Where it stands still a screen sends next to nothing; `min` would be refused (screen-capture, getDisplayMedia). */
const frameRateOf = (content: ScreenContent): ConstrainULong =>
  content === 'text' ? { ideal: 15, max: 15 } : { ideal: 30, max: 30 };

function onlyTrack(tracks: readonly MediaStreamTrack[]): MediaStreamTrack {
  const track = tracks[0];
  if (track === undefined) throw new ParleyError('media/no-device');
  return track;
}

/** By name: OverconstrainedError is no DOMException, and no Error either, in Safari and in older Chromium. */
function nameOf(thrown: unknown): string {
  const isNamed = typeof thrown === 'object' && thrown !== null && 'name' in thrown;
  return isNamed && typeof thrown.name === 'string' ? thrown.name : '';
}

/** Chromium has one name for a closed dialog and for macOS refusing the browser; only the words differ. */
const isForbiddenBySystem = (thrown: unknown): boolean =>
  thrown instanceof DOMException && thrown.message.includes('by system');
