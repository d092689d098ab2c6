import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { anId, PROCESSING, using } from '../../../tests/support/fake-devices';
import {
  applyBlur,
  applySavingData,
  applyScreenContent,
  openCamera,
  openMicrophone,
  openScreen,
} from './capture';

const CAMERA = { isSavingData: false, isBlurred: null };
/** Of the right shape, and no device's. */
const GONE = 'f'.repeat(64);

const media = navigator.mediaDevices;

const refuse = (name: string, message = 'refused') => Promise.reject(new DOMException(message, name));

afterEach(() => {
  vi.restoreAllMocks();
});

describe('capture', () => {
  test('a microphone with the wished processing', async () => {
    const on = await using(openMicrophone('', PROCESSING));
    expect([on.kind, on.readyState]).toEqual(['audio', 'live']);
    expect(on.getSettings()).toMatchObject(PROCESSING);
    const off = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const plain = await using(openMicrophone('', off));
    expect(plain.getSettings()).toMatchObject(off);
    // Chromium writes an ideal value as the plain value.
    expect(plain.getConstraints().channelCount).toBe(1);
  });

  test('a camera, and a smaller picture while it runs', async () => {
    const camera = await using(openCamera('', CAMERA));
    expect([camera.kind, camera.readyState, camera.contentHint]).toEqual(['video', 'live', 'motion']);
    expect(camera.getSettings()).toMatchObject({ width: 1280, height: 720 });
    const before = camera.getConstraints();
    await applySavingData(camera, true);
    await expect.poll(() => camera.getSettings()).toMatchObject({ width: 640, height: 360, frameRate: 15 });
    expect(camera.getConstraints().facingMode).toEqual(before.facingMode);
    await applySavingData(camera, false);
    await expect.poll(() => camera.getSettings()).toMatchObject({ width: 1280, height: 720 });
    const small = await using(openCamera('', { isSavingData: true, isBlurred: null }));
    expect(small.getSettings()).toMatchObject({ width: 640, height: 360 });
  });

  test('the chosen device, and the default one when that is gone', async () => {
    for (const index of [0, 1]) {
      const id = await anId('audioinput', index);
      expect((await using(openMicrophone(id, PROCESSING))).getSettings().deviceId).toBe(id);
    }
    const camera = await anId('videoinput');
    expect((await using(openCamera(camera, CAMERA))).getSettings().deviceId).toBe(camera);
    expect((await using(openMicrophone(GONE, PROCESSING))).readyState).toBe('live');
    expect((await using(openCamera(GONE, CAMERA))).readyState).toBe('live');
  });

  test('asks for the background only where the browser knows it', async () => {
    const ask = vi.spyOn(media, 'getUserMedia');
    const supported = vi.spyOn(media, 'getSupportedConstraints');
    for (const [isKnown, isBlurred, expected] of [
      [true, true, { ideal: true }],
      [true, false, { ideal: false }],
      [true, null, undefined],
      [false, true, undefined],
    ] as const) {
      supported.mockReturnValue({ backgroundBlur: isKnown });
      await using(openCamera('', { isSavingData: false, isBlurred }));
      expect(ask.mock.lastCall?.[0]?.video).toHaveProperty('facingMode', { ideal: 'user' });
      const video = ask.mock.lastCall?.[0]?.video as MediaTrackConstraints;
      expect(video.backgroundBlur).toEqual(expected);
    }
  });

  test('keeps a blurred background when the picture gets smaller', async () => {
    vi.spyOn(media, 'getSupportedConstraints').mockReturnValue({ backgroundBlur: true });
    const camera = await using(openCamera('', CAMERA));
    // This Chromium has no blur and forgets that it was asked for it.
    const held = { ...camera.getConstraints(), backgroundBlur: { ideal: true } };
    vi.spyOn(camera, 'getConstraints').mockReturnValue(held);
    const apply = vi.spyOn(camera, 'applyConstraints');
    await applySavingData(camera, true);
    expect(apply.mock.lastCall?.[0]).toMatchObject({
      backgroundBlur: { ideal: true },
      width: { ideal: 640 },
    });
    await applyBlur(camera, false);
    expect(apply.mock.lastCall?.[0]).toMatchObject({ ...held, backgroundBlur: { ideal: false } });
  });

  test('changes one after the other what a browser does not change together', async () => {
    vi.spyOn(media, 'getSupportedConstraints').mockReturnValue({ backgroundBlur: true });
    const camera = await using(openCamera('', CAMERA));
    const apply = vi.spyOn(camera, 'applyConstraints').mockImplementation((asked) => {
      const isMixed = asked?.backgroundBlur !== undefined && asked.width !== undefined;
      return isMixed ? refuse('OverconstrainedError') : Promise.resolve();
    });
    await applyBlur(camera, true);
    expect(apply.mock.lastCall?.[0]).toEqual({ backgroundBlur: { ideal: true } });
    apply.mockImplementation(() => refuse('OverconstrainedError'));
    await expect(applySavingData(camera, true)).rejects.toMatchObject({ code: 'media/no-device' });
  });

  test.each([
    ['NotAllowedError', 'media/not-allowed'],
    ['SecurityError', 'media/not-allowed'],
    ['NotFoundError', 'media/no-device'],
    ['OverconstrainedError', 'media/no-device'],
    ['NotReadableError', 'media/busy'],
    ['AbortError', 'media/busy'],
    ['TypeError', 'internal/fault'],
  ])('%s is %s', async (name, code) => {
    const ask = vi.spyOn(media, 'getUserMedia').mockImplementation(() => refuse(name));
    await expect(openMicrophone('', PROCESSING)).rejects.toMatchObject({ code });
    expect(ask).toHaveBeenCalledTimes(1);
    await expect(openCamera('x', CAMERA)).rejects.toMatchObject({ code });
    // Only a device that is gone is asked for again, as the default.
    expect(ask).toHaveBeenCalledTimes(code === 'media/no-device' ? 3 : 2);
  });

  test('an insecure page has no devices', async () => {
    vi.spyOn(navigator, 'mediaDevices', 'get').mockReturnValue(undefined as unknown as MediaDevices);
    const notAllowed = { code: 'media/not-allowed' };
    await expect(openMicrophone('', PROCESSING)).rejects.toMatchObject(notAllowed);
    await expect(openCamera('', CAMERA)).rejects.toMatchObject(notAllowed);
    await expect(openScreen('text')).rejects.toMatchObject(notAllowed);
  });
});

describe('a screen', () => {
  /** Chromium without a window has no dialog to choose in: what it gives is drawn here. */
  function drawn(withSound: boolean): MediaStream {
    const canvas = document.createElement('canvas');
    canvas.getContext('2d')?.fillRect(0, 0, 10, 10);
    const stream = canvas.captureStream(30);
    if (withSound) {
      const context = new AudioContext();
      onTestFinished(() => context.close());
      for (const track of context.createMediaStreamDestination().stream.getTracks()) stream.addTrack(track);
    }
    return stream;
  }

  test('with its sound, or without, and hints for what it shows', async () => {
    const ask = vi.spyOn(media, 'getDisplayMedia');
    ask.mockResolvedValueOnce(drawn(true)).mockResolvedValueOnce(drawn(false));
    const film = await openScreen('motion');
    expect(film?.picture.contentHint).toBe('motion');
    expect(film?.sound?.kind).toBe('audio');
    expect(ask.mock.lastCall?.[0]).toMatchObject({
      video: { frameRate: { ideal: 30 } },
      audio: { suppressLocalAudioPlayback: false },
      systemAudio: 'include',
      selfBrowserSurface: 'exclude',
      surfaceSwitching: 'include',
    });
    const slides = await openScreen('text');
    expect([slides?.picture.contentHint, slides?.sound]).toEqual(['text', null]);
    expect(ask.mock.lastCall?.[0]).toMatchObject({ video: { frameRate: { max: 15 } } });
    if (slides === null) throw new Error('a screen');
    await applyScreenContent(slides.picture, 'motion');
    expect(slides.picture.contentHint).toBe('motion');
    expect(slides.picture.getConstraints().frameRate).toEqual({ ideal: 30, max: 30 });
  });

  test('is none when the dialog was closed', async () => {
    const ask = vi.spyOn(media, 'getDisplayMedia');
    ask.mockImplementation(() => refuse('NotAllowedError', 'Permission denied'));
    expect(await openScreen('text')).toBeNull();
  });

  test.each([
    ['NotAllowedError', 'Permission denied by system', 'media/not-allowed'],
    ['NotReadableError', '', 'media/busy'],
    ['NotFoundError', '', 'media/no-screen'],
    ['InvalidStateError', '', 'internal/fault'],
  ])('%s %s is %s', async (name, message, code) => {
    vi.spyOn(media, 'getDisplayMedia').mockImplementation(() => refuse(name, message));
    await expect(openScreen('text')).rejects.toMatchObject({ code });
  });

  test('cannot be shown where the browser has no such function', async () => {
    Object.defineProperty(media, 'getDisplayMedia', { value: undefined, configurable: true });
    onTestFinished(() => void Reflect.deleteProperty(media, 'getDisplayMedia'));
    await expect(openScreen('text')).rejects.toMatchObject({ code: 'media/no-screen' });
  });
});
