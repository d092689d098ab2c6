import { expectPicture, expectSilence, expectSound } from './call';
import { createMeeting, expect, expectConnected, joinMeeting, test, type Visitor } from './journey';

test.use({ permissions: ['camera', 'microphone'] });

async function press({ page }: Visitor, name: string): Promise<void> {
  await page.mouse.move(200 + Math.random() * 50, 300);
  await page.getByRole('button', { name, exact: true }).click();
}

async function meet(host: Visitor, guest: Visitor): Promise<void> {
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);
}

test('voice, video, mute, screen, hang up', async ({ host, guest }) => {
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
    await expectPicture(host, 'Grace’s video'.replace('’', "'"));
    await press(host, 'Start video');
    await expectPicture(guest, "the host's video");
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
    await expect(host.page.getByRole('group', { name: "Grace's video" }).locator('video')).toBeHidden();
  });

  await test.step('hang up', async () => {
    await press(guest, 'Hang up');
    await expect(host.page.getByText('Grace hung up')).toBeVisible();
    await expect(host.page.getByRole('button', { name: 'Start voice' })).toBeVisible();
  });
});
