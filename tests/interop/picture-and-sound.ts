import { expect } from './pair';
import { named, type Person } from './person';

/** What somebody sees and hears of a call, measured in the page itself, and what the page says of the connection. */

/**
 * The mean difference of a colour between one moment and eight frames later, 0 to 255; NaN where there is no picture.
 * A black picture does not change, and neither does one that nobody could open.
 */
async function motionOf({ page }: Person, name: string): Promise<number> {
  const group = await page.$(named('group', name));
  const video = await group?.$('video');
  await group?.dispose();
  if (video == null) return NaN;
  const motion = await video.evaluate(async (element) => {
    const canvas = new OffscreenCanvas(64, 36);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (!(element instanceof HTMLVideoElement) || context === null || element.videoWidth === 0) return NaN;
    const look = () => {
      context.drawImage(element, 0, 0, 64, 36);
      return context.getImageData(0, 0, 64, 36).data;
    };
    const ended = AbortSignal.timeout(5_000);
    const nextFrame = () =>
      new Promise((resolve) => {
        element.requestVideoFrameCallback(resolve);
        ended.addEventListener('abort', resolve, { once: true });
      });
    const before = look();
    for (let i = 0; i < 8; i++) await nextFrame();
    if (ended.aborted) return NaN;
    const after = look();
    return before.reduce((sum, value, i) => sum + Math.abs(value - (after[i] ?? 0)), 0) / before.length;
  });
  await video.dispose();
  return motion;
}

export async function expectPicture(person: Person, name: string): Promise<void> {
  await expect
    .poll(() => motionOf(person, name), `${name} moves in ${person.browserName}`)
    .toBeGreaterThan(0.5);
}

/**
 * The loudest that comes out of the page's <audio> elements within a second and a half, 0 to 1; `null` where no
 * AudioContext runs. Chromium's fake microphone beeps once a second.
 */
async function loudestSample({ page }: Person): Promise<number | null> {
  return page.evaluate(async () => {
    const streams = [...document.querySelectorAll('audio')].flatMap(({ srcObject }) =>
      srcObject instanceof MediaStream && srcObject.getAudioTracks().length > 0 ? srcObject : [],
    );
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    // Held, because Firefox collects a source that nobody holds, and its sound with it.
    const sources = streams.map((stream) => context.createMediaStreamSource(stream));
    for (const source of sources) source.connect(analyser);
    const samples = new Float32Array(2048);
    const until = performance.now() + 1_500;
    let loudest = 0;
    while (performance.now() < until) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      analyser.getFloatTimeDomainData(samples);
      loudest = Math.max(loudest, ...samples.map(Math.abs));
    }
    const isRunning = context.state === 'running';
    for (const source of sources) source.disconnect();
    await context.close();
    return isRunning ? loudest : null;
  });
}

/** How loud what was decoded within a second and a half is in the mean, 0 to 1 (webrtc-stats, totalAudioEnergy). */
async function meanDecoded({ page }: Person): Promise<number> {
  return page.evaluate(async () => {
    const { connections } = globalThis as unknown as { connections: RTCPeerConnection[] };
    const sum = async (): Promise<{ energy: number; seconds: number }> => {
      const reports = await Promise.all(connections.map((connection) => connection.getStats()));
      const sounds = reports
        .flatMap((report) => [...report.values()] as RTCInboundRtpStreamStats[])
        .filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
      return {
        energy: sounds.reduce((total, { totalAudioEnergy = 0 }) => total + totalAudioEnergy, 0),
        seconds: sounds.reduce(
          (most, { totalSamplesDuration = 0 }) => Math.max(most, totalSamplesDuration),
          0,
        ),
      };
    };
    const before = await sum();
    const until = performance.now() + 1_500;
    while (performance.now() < until) await new Promise((resolve) => requestAnimationFrame(resolve));
    const after = await sum();
    const seconds = after.seconds - before.seconds;
    return seconds > 0 ? Math.sqrt((after.energy - before.energy) / seconds) : NaN;
  });
}

/** Without a device for sound Firefox keeps every AudioContext suspended; then what its decoder wrote counts. */
const loudness = async (person: Person): Promise<number> =>
  (await loudestSample(person)) ?? (await meanDecoded(person));

export async function expectSound(person: Person): Promise<void> {
  await expect.poll(() => loudness(person), `${person.browserName} hears the other`).toBeGreaterThan(0.05);
}

export async function expectSilence(person: Person): Promise<void> {
  await expect.poll(() => loudness(person), `${person.browserName} hears nothing`).toBeLessThan(0.01);
}

export type Figures = { theirPicture: string; yourPicture: string; refused: string };

/** What the page says of its connection with `name`, in figures that the person opens and closes again. */
export async function figuresOf({ page }: Person, name: string): Promise<Figures> {
  await page.mouse.move(300, 200 + Math.random() * 50);
  // How good the connection is stands in the name, and changes.
  const word = `::-p-xpath(//button[starts-with(normalize-space(.), "Connection with ${name}:")])`;
  await page.locator(word).click();
  const group = await page.locator(named('group', `Connection with ${name}`)).waitHandle();
  const rows = await group.waitForSelector('dl');
  const pairs = await rows?.evaluate((list) =>
    [...list.children].map((row) =>
      [row.querySelector('dt'), row.querySelector('dd')].map((cell) => cell?.textContent),
    ),
  );
  await page.keyboard.press('Escape');
  await group.dispose();
  const said = new Map(pairs?.map(([what = '', value = '']) => [what, value.replaceAll('\u00a0', ' ')]));
  return {
    theirPicture: said.get('Their picture') ?? '',
    yourPicture: said.get('Your picture') ?? '',
    refused: said.get('Frames refused') ?? '',
  };
}
