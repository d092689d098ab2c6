import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { anId, idsOf, PROCESSING, using } from '../../../tests/support/fake-devices';
import { openCamera, openMicrophone } from './capture';
import { Devices, type DevicesOwner, type DeviceWishes } from './devices.svelte';
import type { DeviceKind } from './view';

const WISHES: DeviceWishes = { microphone: '', camera: '', speaker: '', processing: PROCESSING };

const media = navigator.mediaDevices;

/** Every track that `getUserMedia` gives while the test runs. */
function watchTracks(): MediaStreamTrack[] {
  const tracks: MediaStreamTrack[] = [];
  const open = media.getUserMedia.bind(media);
  vi.spyOn(media, 'getUserMedia').mockImplementation(async (constraints) => {
    const stream = await open(constraints);
    tracks.push(...stream.getTracks());
    return stream;
  });
  return tracks;
}

/** Pulls some plugs: no browser lets a page do that, so the list is shortened on its way. */
async function unplug(isGone: (info: MediaDeviceInfo) => boolean): Promise<void> {
  const all = await media.enumerateDevices();
  vi.spyOn(media, 'enumerateDevices').mockResolvedValue(all.filter((info) => !isGone(info)));
  media.dispatchEvent(new Event('devicechange'));
}

function plugIn(): void {
  vi.restoreAllMocks();
  media.dispatchEvent(new Event('devicechange'));
}

beforeEach(async () => {
  // The permission for names in the list is given with the first opening.
  for (const track of [
    await openMicrophone('', PROCESSING),
    await openCamera('', { isSavingData: false, isBlurred: null }),
  ])
    track.stop();
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('devices', () => {
  async function start(wishes: Partial<DeviceWishes> = {}, owner: Partial<DevicesOwner> = {}) {
    const saved: DeviceWishes[] = [];
    const choices: (DeviceKind | 'processing' | 'blur')[] = [];
    const faults: string[] = [];
    const devices = new Devices({
      load: async () => ({ ...WISHES, ...wishes }),
      save: (one) => saved.push(one),
      onChoice: (kind) => choices.push(kind),
      onFault: (code) => faults.push(code),
      ...owner,
    });
    onTestFinished(() => devices.destroy());
    await devices.start();
    return { devices, saved, choices, faults };
  }

  test('are listed once each, with the system’s own choice first', async () => {
    const { devices, choices } = await start();
    for (const [kind, theirs] of [
      ['microphone', 'audioinput'],
      ['camera', 'videoinput'],
      ['speaker', 'audiooutput'],
    ] as const) {
      const [first, ...rest] = devices.listed[kind];
      const ids = await idsOf(theirs);
      expect(rest.map(({ id }) => id)).toEqual(ids);
      expect(rest.every(({ label }) => label !== '')).toBe(true);
      expect(first).toEqual(ids.length === 0 ? undefined : { id: '', label: 'System default' });
    }
    expect(devices.listed.microphone.length).toBeGreaterThan(2);
    expect(devices.listed.camera.length).toBeGreaterThan(1);
    expect(devices.chosen).toEqual({ microphone: '', camera: '', speaker: '' });
    expect(devices.canChooseSpeaker).toBe(true);
    expect(choices).toEqual([]);
  });

  test('have no list before permission, and one with the first opening', async () => {
    const all = await media.enumerateDevices();
    const unnamed = all.map(
      ({ kind }) => ({ kind, deviceId: '', groupId: '', label: '' }) as MediaDeviceInfo,
    );
    const microphone = await anId('audioinput', 1);
    const list = vi.spyOn(media, 'enumerateDevices').mockResolvedValueOnce(unnamed);
    const { devices, choices } = await start({ microphone });
    list.mockRestore();
    expect(devices.listed.microphone).toEqual([]);
    await using(devices.openMicrophone());
    await expect.poll(() => devices.listed.microphone.length).toBeGreaterThan(2);
    expect(choices).toEqual([]);
  });

  test('are opened as they were chosen, at once and the next time', async () => {
    const id = await anId('audioinput', 1);
    const { devices, saved, choices } = await start();
    devices.choose('microphone', id);
    devices.choose('microphone', id);
    devices.setProcessing({ noiseSuppression: false });
    expect(devices.chosen.microphone).toBe(id);
    expect(devices.processing).toEqual({ ...PROCESSING, noiseSuppression: false });
    expect(choices).toEqual(['microphone', 'processing']);
    expect(saved).toHaveLength(2);
    const wished = saved.at(-1);
    expect(wished).toEqual({
      ...WISHES,
      microphone: id,
      processing: { ...PROCESSING, noiseSuppression: false },
    });
    const { devices: again } = await start(wished);
    for (const one of [devices, again]) {
      const settings = (await using(one.openMicrophone())).getSettings();
      expect(settings).toMatchObject({ deviceId: id, noiseSuppression: false, echoCancellation: true });
      expect((await using(one.openCamera(true))).getSettings().width).toBe(640);
    }
  });

  test('a choice made before the earlier ones were read stays, and so do the earlier ones', async () => {
    const [microphone, camera] = [await anId('audioinput', 1), await anId('videoinput')];
    const loaded = Promise.withResolvers<DeviceWishes>();
    const save = vi.fn<(wishes: DeviceWishes) => void>();
    const owner = { load: () => loaded.promise, save, onChoice: () => undefined, onFault: () => undefined };
    const devices = new Devices(owner);
    onTestFinished(() => devices.destroy());
    const started = devices.start();
    devices.choose('microphone', microphone);
    const opening = using(devices.openCamera(false));
    expect(save).not.toHaveBeenCalled();
    loaded.resolve({ ...WISHES, camera });
    await started;
    expect(devices.chosen).toEqual({ microphone, camera, speaker: '' });
    expect(save.mock.calls).toEqual([[{ ...WISHES, microphone, camera }]]);
    expect((await opening).getSettings().deviceId).toBe(camera);
  });

  test('wishes that cannot be read are a fault, and everything works with the defaults', async () => {
    const { devices, faults } = await start({}, { load: () => Promise.reject(new Error('broken')) });
    expect(faults).toEqual(['internal/fault']);
    expect((await using(devices.openMicrophone())).readyState).toBe('live');
  });

  test('one that is unplugged is wished for until it is back', async () => {
    const id = await anId('audioinput', 1);
    const { devices, saved, choices } = await start({ microphone: id });
    expect(devices.chosen.microphone).toBe(id);
    await unplug(({ deviceId }) => deviceId === id);
    await expect.poll(() => devices.chosen.microphone).toBe('');
    expect(choices).toEqual(['microphone']);
    plugIn();
    await expect.poll(() => devices.chosen.microphone).toBe(id);
    expect(choices).toEqual(['microphone', 'microphone']);
    expect(saved).toEqual([]);
  });

  test('a plug concerns the call only if it is that of what is in use', async () => {
    const [first, second] = [await anId('audioinput', 0), await anId('audioinput', 1)];
    const { devices, choices } = await start({ microphone: first });
    await unplug(({ deviceId }) => deviceId === second);
    await expect.poll(() => devices.listed.microphone.some(({ id }) => id === second)).toBe(false);
    expect(choices).toEqual([]);
  });

  test('another system default is another device in use', async () => {
    const { devices, choices } = await start();
    const all = await media.enumerateDevices();
    const isOld = (info: MediaDeviceInfo) => info.kind === 'audioinput' && info.deviceId === 'default';
    expect(all.some(isOld)).toBe(true);
    const moved = all.map((info) =>
      isOld(info)
        ? { kind: info.kind, deviceId: info.deviceId, groupId: 'another', label: 'Default - Headset' }
        : info,
    );
    vi.spyOn(media, 'enumerateDevices').mockResolvedValue(moved as MediaDeviceInfo[]);
    media.dispatchEvent(new Event('devicechange'));
    await expect.poll(() => choices).toEqual(['microphone']);
    // No second device in the list for it.
    expect(devices.listed.microphone).toHaveLength((await idsOf('audioinput')).length + 1);
  });

  test('the last camera leaving and coming back', async () => {
    const { devices, choices } = await start();
    await unplug(({ kind }) => kind === 'videoinput');
    await expect.poll(() => devices.listed.camera).toEqual([]);
    expect(choices).toEqual(['camera']);
    plugIn();
    await expect.poll(() => choices).toEqual(['camera', 'camera']);
  });

  test('destroyed, they hear of no plug', async () => {
    const { devices, choices } = await start();
    devices.destroy();
    const list = vi.spyOn(media, 'enumerateDevices');
    media.dispatchEvent(new Event('devicechange'));
    expect(list).not.toHaveBeenCalled();
    expect(choices).toEqual([]);
  });

  describe('the background', () => {
    test('is the system’s where the camera does not offer both', async () => {
      const { devices, choices } = await start();
      await using(devices.openCamera(false));
      expect(devices.isBlurred).toBeNull();
      devices.setBlurred(true);
      expect([devices.isBlurred, choices]).toEqual([null, []]);
    });

    test('is blurred by wish, in the preview at once', async () => {
      vi.spyOn(media, 'getSupportedConstraints').mockReturnValue({ backgroundBlur: true });
      vi.spyOn(MediaStreamTrack.prototype, 'getCapabilities').mockReturnValue({
        backgroundBlur: [false, true],
      });
      const { devices, choices } = await start();
      devices.startPreview();
      await expect.poll(() => devices.isBlurred).toBe(false);
      await expect.poll(() => devices.preview?.camera?.active).toBe(true);
      const apply = vi.spyOn(MediaStreamTrack.prototype, 'applyConstraints');
      devices.setBlurred(true);
      expect([devices.isBlurred, choices]).toEqual([true, ['blur']]);
      expect(apply.mock.lastCall?.[0]).toMatchObject({ backgroundBlur: { ideal: true } });
      expect(apply.mock.contexts.at(-1)).toBe(devices.preview?.camera?.getVideoTracks()[0]);
      const ask = vi.spyOn(media, 'getUserMedia');
      await using(devices.openCamera(false));
      expect(ask.mock.lastCall?.[0]?.video).toMatchObject({ backgroundBlur: { ideal: true } });
    });
  });

  describe('the preview', () => {
    test('shows the camera and hears the microphone until it is stopped', async () => {
      const tracks = watchTracks();
      const { devices, choices } = await start();
      expect(devices.preview).toBeNull();
      devices.startPreview();
      devices.startPreview();
      expect(devices.preview).toMatchObject({ camera: null, trouble: null });
      await expect.poll(() => devices.preview?.camera?.getVideoTracks()[0]?.readyState).toBe('live');
      // Chromium's fake microphone beeps once a second.
      await expect.poll(() => devices.preview?.level()).toBeGreaterThan(0.1);
      expect(tracks.map(({ kind }) => kind).sort()).toEqual(['audio', 'video']);
      const { level } = devices.preview ?? { level: () => NaN };
      devices.stopPreview();
      expect(devices.preview).toBeNull();
      expect(tracks.map(({ readyState }) => readyState)).toEqual(['ended', 'ended']);
      expect([level(), choices]).toEqual([0, []]);
    });

    test('stopped while it opens: what comes late is stopped too', async () => {
      const tracks = watchTracks();
      const { devices } = await start();
      devices.startPreview();
      devices.stopPreview();
      devices.startPreview();
      devices.destroy();
      await expect.poll(() => tracks.length).toBe(4);
      await expect.poll(() => tracks.every(({ readyState }) => readyState === 'ended')).toBe(true);
      expect(devices.preview).toBeNull();
      devices.startPreview();
      expect(devices.preview).toBeNull();
    });

    test('follows a choice, and touches only what was chosen', async () => {
      const tracks = watchTracks();
      const { devices } = await start();
      devices.startPreview();
      await expect.poll(() => tracks.length).toBe(2);
      await expect.poll(() => devices.preview?.camera).not.toBeNull();
      const camera = devices.preview?.camera;
      const id = await anId('audioinput', 1);
      devices.choose('microphone', id);
      devices.setProcessing({ autoGainControl: false });
      await expect
        .poll(() => tracks.filter(({ kind, readyState }) => kind === 'audio' && readyState === 'live').length)
        .toBe(1);
      await expect.poll(() => tracks.length).toBe(4);
      await expect
        .poll(() => tracks.filter(({ readyState }) => readyState === 'live').map((one) => one.getSettings()))
        .toEqual([
          expect.objectContaining({ width: 1280 }),
          expect.objectContaining({ deviceId: id, autoGainControl: false }),
        ]);
      expect(devices.preview?.camera).toBe(camera);
    });

    test('says what is wrong, and goes on with what there is', async () => {
      const open = media.getUserMedia.bind(media);
      const ask = vi.spyOn(media, 'getUserMedia');
      ask.mockImplementation((constraints) =>
        constraints?.audio === undefined
          ? open(constraints)
          : Promise.reject(new DOMException('refused', 'NotAllowedError')),
      );
      const { devices, faults } = await start();
      devices.startPreview();
      await expect.poll(() => devices.preview?.trouble).toBe('media/not-allowed');
      await expect.poll(() => devices.preview?.camera?.active).toBe(true);
      expect(devices.preview?.level()).toBe(0);
      ask.mockRestore();
      devices.choose('microphone', await anId('audioinput', 1));
      await expect.poll(() => devices.preview?.trouble).toBeNull();
      expect(faults).toEqual([]);
    });

    test('opens anew what was unplugged', async () => {
      const id = await anId('audioinput', 1);
      const tracks = watchTracks();
      const { devices } = await start({ microphone: id });
      devices.startPreview();
      await expect.poll(() => tracks.some((one) => one.getSettings().deviceId === id)).toBe(true);
      await unplug(({ deviceId }) => deviceId === id);
      await expect.poll(() => tracks.length).toBe(3);
      await expect.poll(() => tracks.filter(({ readyState }) => readyState === 'live').length).toBe(2);
    });
  });
});
