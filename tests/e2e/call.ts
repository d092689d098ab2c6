import { createMeeting, expect, expectConnected, joinMeeting, type Visitor } from './journey';

export const HOST_VIDEO = "the host's video";
export const GUEST_VIDEO = "Grace's video";

/** The controls give way to the picture while nothing moves. */
export async function press({ page }: Visitor, name: string): Promise<void> {
  await page.mouse.move(200 + Math.random() * 50, 300);
  await page.getByRole('button', { name, exact: true }).click();
}

export async function meet(host: Visitor, guest: Visitor): Promise<void> {
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);
}

/** The host calls with a camera, and Grace accepts, with hers or without. */
export async function callByVideo(host: Visitor, guest: Visitor, withCamera = true): Promise<void> {
  await press(host, 'Start video');
  await guest.page.getByRole('checkbox', { name: /camera/i }).setChecked(withCamera);
  await press(guest, 'Accept');
}

/** What somebody sees and hears of a call, measured in the page itself. */

/** How much a picture moves: the mean difference of a pixel between moments, 0 to 255; NaN where there is no picture. */
export async function motionOf({ page }: Visitor, name: string): Promise<number> {
  return page
    .getByRole('group', { name, exact: true })
    .locator('video')
    .first()
    .evaluate(async (element) => {
      const video = element as HTMLVideoElement;
      const canvas = new OffscreenCanvas(64, 36);
      const context = canvas.getContext('2d', { willReadFrequently: true });
      if (context === null || video.videoWidth === 0) return NaN;
      const look = () => {
        context.drawImage(video, 0, 0, 64, 36);
        return context.getImageData(0, 0, 64, 36).data;
      };
      const nextFrame = () => new Promise((resolve) => video.requestVideoFrameCallback(resolve));
      const before = look();
      for (let i = 0; i < 8; i++) await nextFrame();
      const after = look();
      return before.reduce((sum, value, i) => sum + Math.abs(value - (after[i] ?? 0)), 0) / before.length;
    });
}

/** The picture of the other's fake camera moves and has colours of its own. */
export async function expectPicture(visitor: Visitor, name: string): Promise<void> {
  await expect(visitor.page.getByRole('group', { name, exact: true }).locator('video').first()).toBeVisible();
  await expect.poll(() => motionOf(visitor, name), { timeout: 20_000 }).toBeGreaterThan(0.5);
}

/** The loudest that was heard of the others within a second: 0 to 1. */
export async function loudness({ page }: Visitor): Promise<number> {
  return page.evaluate(async () => {
    const streams = [...document.querySelectorAll('audio')].flatMap(({ srcObject }) =>
      srcObject instanceof MediaStream && srcObject.getAudioTracks().length > 0 ? srcObject : [],
    );
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    for (const stream of streams) context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(2048);
    const until = performance.now() + 1_500;
    let loudest = 0;
    while (performance.now() < until) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      analyser.getFloatTimeDomainData(samples);
      loudest = Math.max(loudest, ...samples.map(Math.abs));
    }
    await context.close();
    return loudest;
  });
}

/** The fake microphone beeps once a second. */
export async function expectSound(visitor: Visitor): Promise<void> {
  await expect.poll(() => loudness(visitor), { timeout: 20_000 }).toBeGreaterThan(0.05);
}

export async function expectSilence(visitor: Visitor): Promise<void> {
  await expect.poll(() => loudness(visitor), { timeout: 20_000 }).toBeLessThan(0.01);
}
