import {
  callByVideo,
  expectPicture,
  expectSilence,
  expectSound,
  GUEST_VIDEO,
  HOST_VIDEO,
  meet,
  press,
} from './call';
import { expect, test } from './journey';

/** Everything that the page opened, where a test left word of it. */
declare const tracks: MediaStreamTrack[];

test('voice, video, mute, screen, hang up', async ({ host, guest }) => {
  // Three pictures are encoded and decoded in software, on as few cores as there are.
  test.setTimeout(150_000);
  await meet(host, guest);

  await test.step('the guest calls by voice, and is heard once the host accepts', async () => {
    await press(guest, 'Start voice');
    await expect(host.page.getByText('Grace is calling')).toBeVisible();
    await press(host, 'Accept');
    await Promise.all([expectSound(host), expectSound(guest)]);
    await expect(host.page.getByText(/Sealed with your link/).first()).toBeVisible();
  });

  await test.step('video, either way', async () => {
    await press(guest, 'Start video');
    await expectPicture(host, GUEST_VIDEO);
    await press(host, 'Start video');
    await expectPicture(guest, HOST_VIDEO);
  });

  await test.step('mute and unmute', async () => {
    await press(guest, 'Mute');
    await expectSilence(host);
    await press(guest, 'Unmute');
    await expectSound(host);
  });

  await test.step('a screen beside the camera', async () => {
    await press(host, 'Share screen');
    await expectPicture(guest, "the host's screen");
    await press(host, 'Stop sharing');
    await expect(guest.page.getByRole('group', { name: "the host's screen" })).toBeHidden();
    await press(guest, 'Stop video');
    await expect(host.page.getByRole('group', { name: GUEST_VIDEO }).locator('video')).toBeHidden();
  });

  await test.step('hang up', async () => {
    await press(guest, 'Hang up');
    await expect(host.page.getByText('Grace hung up')).toBeVisible();
    await expect(host.page.getByRole('button', { name: 'Start voice' })).toBeVisible();
  });
});

test('declined, and called once more', async ({ host, guest }) => {
  await meet(host, guest);
  await press(host, 'Start voice');
  await expect(host.page.getByText(/Ringing/)).toBeVisible();
  await press(guest, 'Decline');
  await expect(host.page.getByText('Grace declined')).toBeVisible();
  await expect(guest.page.getByRole('button', { name: 'Accept' })).toBeHidden();
  await press(host, 'Start voice');
  await press(guest, 'Accept');
  await expectSound(guest);
});

test('the caller gives up: the other reads that a call was missed', async ({ host, guest }) => {
  await meet(host, guest);
  await press(host, 'Start video');
  await expect(guest.page.getByRole('button', { name: 'Accept' })).toBeVisible();
  await press(host, 'Hang up');
  await expect(guest.page.getByText(/missed a call/)).toBeVisible();
});

test('both call at once, and are in one call', async ({ host, guest }) => {
  await meet(host, guest);
  await Promise.all([press(host, 'Start voice'), press(guest, 'Start voice')]);
  await Promise.all([expectSound(host), expectSound(guest)]);
});

test('another microphone in the middle of a call', async ({ host, guest }) => {
  await meet(host, guest);
  await press(guest, 'Start voice');
  await press(host, 'Accept');
  await expectSound(host);
  await press(guest, 'Devices');
  const microphones = guest.page.getByRole('combobox', { name: 'Microphone' });
  const labels = await microphones.locator('option').allTextContents();
  const other = labels.at(-1) ?? '';
  expect(labels.length).toBeGreaterThan(2);
  await microphones.selectOption({ label: other });
  await guest.page.keyboard.press('Escape');
  await expectSound(host);
  await test.step('and the next page of this device remembers it', async () => {
    await guest.page.reload();
    await guest.page.getByText('Check microphone and camera').click();
    await expect(
      guest.page.getByRole('combobox', { name: 'Microphone' }).locator('option:checked'),
    ).toHaveText(other);
  });
});

test('leaving the page hangs up at the other side within 3 s', async ({ host, guest }) => {
  await meet(host, guest);
  await press(guest, 'Start voice');
  await press(host, 'Accept');
  await expectSound(host);
  const from = Date.now();
  await guest.page.close();
  await expect(host.page.getByText('Grace hung up')).toBeVisible();
  expect(Date.now() - from).toBeLessThan(3_000);
});

test('leaving the meeting ends the call, and lets go of microphone and camera', async ({ host, guest }) => {
  await guest.page.addInitScript(() => {
    const tracks: MediaStreamTrack[] = [];
    Object.assign(globalThis, { tracks });
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wishes) => {
      const stream = await open(wishes);
      tracks.push(...stream.getTracks());
      return stream;
    };
  });
  await meet(host, guest);
  await callByVideo(host, guest);
  await expectSound(host);
  const live = () =>
    guest.page.evaluate(() => tracks.filter(({ readyState }) => readyState === 'live').length);
  expect(await live()).toBe(2);
  await press(guest, 'Leave');
  await expect.poll(live).toBe(0);
  await expect(host.page.getByText('Grace hung up')).toBeVisible();
});
