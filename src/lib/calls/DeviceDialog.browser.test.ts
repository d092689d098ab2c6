import { afterEach, expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import '../ui/tokens.css';
import '../ui/base.css';
import { callPerson, callView, devicesView, pictureStream, you } from '../../../tests/fakes/call-view';
import { DEVICE_WORDS as WORDS } from '../ui/words-device';
import DeviceDialog from './DeviceDialog.svelte';
import Level from './Level.svelte';
import MediaCheck from './MediaCheck.svelte';
import Sound from './Sound.svelte';
import type { DevicesView } from './view';

const button = (name: string) => page.getByRole('button', { name, exact: true });

afterEach(() => vi.restoreAllMocks());

test('sound goes to the chosen speaker, and is asked for where the browser holds it back', async () => {
  const sink = vi.spyOn(HTMLMediaElement.prototype, 'setSinkId').mockResolvedValue();
  const play = vi
    .spyOn(HTMLMediaElement.prototype, 'play')
    .mockRejectedValue(new DOMException('press first', 'NotAllowedError'));
  const chosen = { microphone: '', camera: '', speaker: 'ears' };
  const call = callView({
    people: [you(), callPerson({ sounds: [new MediaStream(), new MediaStream()] })],
    devices: devicesView({ chosen }),
  });
  await render(Sound, { call });
  await expect.element(button('Let me hear')).toBeVisible();
  expect(document.querySelectorAll('audio')).toHaveLength(2);
  expect(sink).toHaveBeenCalledWith('ears');
  play.mockReset();
  play.mockResolvedValue();
  await button('Let me hear').click();
  expect(play).toHaveBeenCalledTimes(2);
  await expect.element(button('Let me hear')).not.toBeInTheDocument();
});

const dialog = (over: Partial<DevicesView> = {}) => {
  const devices = devicesView(over);
  return {
    devices,
    shown: render(DeviceDialog, { devices, isOpen: true, onclose: () => undefined, levelOf: () => 0.5 }),
  };
};

test('devices are chosen by name', async () => {
  const { devices, shown } = dialog({ isBlurred: false });
  await shown;
  await expect.element(page.getByRole('dialog', { name: 'Devices' })).toBeVisible();
  for (const [name, id] of [
    ['Microphone', 'desk'],
    ['Camera', 'lid'],
    ['Speaker', 'ears'],
  ] as const) {
    await page.getByRole('combobox', { name, exact: true }).selectOptions(id);
  }
  await page.getByRole('checkbox', { name: 'Echo cancellation' }).click();
  await page.getByRole('checkbox', { name: 'Noise suppression' }).click();
  await page.getByRole('checkbox', { name: 'Automatic gain' }).click();
  await page.getByRole('checkbox', { name: 'Blur my background' }).click();
  expect(devices.calls).toEqual([
    ['choose', 'microphone', 'desk'],
    ['choose', 'camera', 'lid'],
    ['choose', 'speaker', 'ears'],
    ['setProcessing', { echoCancellation: false }],
    ['setProcessing', { noiseSuppression: false }],
    ['setProcessing', { autoGainControl: true }],
    ['setBlurred', true],
  ]);
  await button('Play a test sound').click();
  await expect.element(page.getByText('Playing two notes.')).toBeVisible();
});

test('what the browser cannot do is not offered', async () => {
  const { shown } = dialog({
    canChooseSpeaker: false,
    chosen: { microphone: 'gone', camera: '', speaker: '' },
  });
  await shown;
  expect(page.getByRole('combobox').elements()).toHaveLength(2);
  expect(page.getByRole('checkbox', { name: 'Blur my background' }).elements()).toHaveLength(0);
  await expect.element(page.getByRole('combobox', { name: 'Microphone' })).toHaveValue('gone');
});

test('the level is drawn with every frame and told now and then', async () => {
  let now = 0.25;
  let asked = 0;
  await render(Level, {
    level: () => {
      asked += 1;
      return now;
    },
  });
  const meter = page.getByRole('meter', { name: 'Microphone level' });
  await expect.element(meter).toHaveAttribute('aria-valuenow', '25');
  now = 3;
  await expect.element(meter).toHaveAttribute('aria-valuenow', '100');
  expect(asked).toBeGreaterThan(2);
});

test('the check before joining starts the devices, shows them, explains trouble and stops them', async () => {
  const devices = devicesView({
    preview: { camera: pictureStream(), level: () => 0.5, trouble: 'media/not-allowed' },
  });
  const { unmount } = await render(MediaCheck, { devices });
  await expect.element(page.getByRole('group', { name: 'Your video' })).toBeVisible();
  const video = document.querySelector('video');
  expect(video && getComputedStyle(video).scale).toBe('-1 1');
  await expect.element(page.getByRole('meter')).toHaveAttribute('aria-valuenow', '50');
  await expect.element(page.getByRole('combobox', { name: 'Microphone' })).toBeVisible();
  await expect.element(page.getByRole('alert')).toHaveTextContent(WORDS['media/not-allowed']().what);
  await button('Try again').click();
  await unmount();
  expect(devices.calls).toEqual([['startPreview'], ['startPreview'], ['stopPreview']]);
});
