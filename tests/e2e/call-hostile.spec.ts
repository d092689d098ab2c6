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
import { expect, test, type Visitor } from './journey';

// Pictures are encoded and decoded in software, on as few cores as there are.
test.describe.configure({ timeout: 120_000 });

/** What a call does with a browser, a person or a page that is not as it should be. */

/** How many frames the worker told this page that it refused. */
declare const refused: { count: number };
declare const told: unknown[];

async function countRefused({ page }: Visitor): Promise<void> {
  await page.addInitScript(() => {
    const seen = { count: 0 };
    Object.assign(globalThis, { refused: seen });
    const Original = Worker;
    window.Worker = class extends Original {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        this.addEventListener('message', ({ data }: MessageEvent<{ type: string; count: number }>) => {
          if (data.type === 'frames-refused') seen.count = data.count;
        });
      }
    };
  });
}

const refusedBy = ({ page }: Visitor): Promise<number> => page.evaluate(() => refused.count);
/** Nothing of it is drawn: there is no picture at all in the element, not just a black one. */
const widthOf = ({ page }: Visitor, name: string): Promise<number> =>
  page
    .getByRole('group', { name, exact: true })
    .locator('video')
    .evaluateAll((all) => Math.max(0, ...all.map((video) => (video as HTMLVideoElement).videoWidth)));

test('a wrong key shows nothing and plays nothing', async ({ host, guest }) => {
  await guest.page.addInitScript(() => {
    const Original = RTCRtpScriptTransform;
    // Each source is opened with the key of another.
    const swapped: Record<string, string> = {
      microphone: 'screen-sound',
      'screen-sound': 'microphone',
      camera: 'screen',
      screen: 'camera',
    };
    window.RTCRtpScriptTransform = class extends Original {
      constructor(worker: Worker, options: { direction: string; source: string }) {
        super(
          worker,
          options.direction === 'receive' ? { ...options, source: swapped[options.source] } : options,
        );
      }
    };
  });
  await countRefused(guest);
  await meet(host, guest);
  await callByVideo(host, guest);
  await expectPicture(host, GUEST_VIDEO);
  await expect.poll(() => refusedBy(guest)).toBeGreaterThan(50);
  expect(await widthOf(guest, HOST_VIDEO)).toBe(0);
  await expectSilence(guest);
});

test('what was not sealed is neither shown nor played, and the call goes on', async ({ host, guest }) => {
  await guest.page.addInitScript(() => {
    Object.defineProperty(RTCRtpSender.prototype, 'transform', { set: () => undefined, get: () => null });
  });
  await countRefused(host);
  await meet(host, guest);
  await callByVideo(host, guest);
  await expectPicture(guest, HOST_VIDEO);
  await expect.poll(() => refusedBy(host)).toBeGreaterThan(50);
  expect(await widthOf(host, GUEST_VIDEO)).toBe(0);
  await expectSilence(host);
  await expectSound(guest);
});

test.describe('a browser that cannot seal', () => {
  const withoutTransform = ({ page }: Visitor) =>
    page.addInitScript(() => {
      Reflect.deleteProperty(window, 'RTCRtpScriptTransform');
    });

  test('is in a call all the same, and both read what that means', async ({ host, guest }) => {
    await withoutTransform(guest);
    await meet(host, guest);
    await callByVideo(host, guest);
    await Promise.all([expectPicture(host, GUEST_VIDEO), expectPicture(guest, HOST_VIDEO)]);
    for (const { page } of [host, guest]) {
      await expect(page.getByText(/transport encryption only/i).first()).toBeVisible();
    }
  });

  for (const who of ['host', 'guest'] as const) {
    test(`is refused where the meeting demands a seal, when the ${who} calls`, async ({ host, guest }) => {
      await withoutTransform(guest);
      const link = await openSealedMeeting(host);
      await guest.page.goto(link);
      await guest.page.getByRole('textbox', { name: 'Your name' }).fill('Grace');
      await press(guest, 'Join');
      const [caller, called] = who === 'host' ? [host, guest] : [guest, host];
      await expect(caller.page.getByRole('button', { name: 'Start voice' })).toBeEnabled();
      await press(caller, 'Start voice');
      await expect(caller.page.getByRole('alert').filter({ hasText: 'No call is possible' })).toBeVisible();
      await expect(called.page.getByRole('button', { name: 'Hang up' })).toBeHidden();
      await expect(caller.page.getByRole('button', { name: 'Hang up' })).toBeHidden();
    });
  }
});

async function openSealedMeeting({ page }: Visitor): Promise<string> {
  await page.goto('/');
  await page.getByRole('button', { name: 'New meeting' }).click();
  await page.getByRole('checkbox', { name: /Only calls sealed/ }).check();
  const link = page.getByRole('textbox', { name: 'Invite link' });
  await expect(link).toHaveValue(/#/);
  return link.inputValue();
}

test.describe('devices that say no', () => {
  /** The browser's own refusals, for one kind of device. */
  const refuse = ({ page }: Visitor, kind: 'audio' | 'video', name: string) =>
    page.addInitScript(
      ([kind, name]) => {
        const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (wishes) =>
          (wishes as Record<string, unknown> | undefined)?.[kind] === undefined
            ? open(wishes)
            : Promise.reject(new DOMException('', name));
      },
      [kind, name] as const,
    );

  test('no permission: what to do is said, and the person hears the others', async ({ host, guest }) => {
    await refuse(guest, 'audio', 'NotAllowedError');
    await meet(host, guest);
    await press(host, 'Start voice');
    await press(guest, 'Accept');
    await expect(guest.page.getByRole('alert').filter({ hasText: 'was not allowed' })).toBeVisible();
    await expectSound(guest);
    await expect(guest.page.getByRole('button', { name: 'Unmute' })).toBeVisible();
  });

  test('another program has the camera: the call goes on by voice', async ({ host, guest }) => {
    await refuse(guest, 'video', 'NotReadableError');
    await meet(host, guest);
    await callByVideo(host, guest);
    await expect(guest.page.getByRole('alert').filter({ hasText: 'in use' })).toBeVisible();
    await Promise.all([expectPicture(guest, HOST_VIDEO), expectSound(host)]);
  });
});

test('no key, no frame and no label of a key comes to the page', async ({ host, guest }) => {
  for (const { page } of [host, guest]) {
    await page.addInitScript(() => {
      const seen: unknown[] = [];
      Object.assign(globalThis, { told: seen });
      const Original = Worker;
      window.Worker = class extends Original {
        constructor(url: string | URL, options?: WorkerOptions) {
          super(url, options);
          this.addEventListener('message', ({ data }) => seen.push(data));
        }
      };
    });
  }
  await meet(host, guest);
  await callByVideo(host, guest);
  await Promise.all([expectPicture(host, GUEST_VIDEO), expectPicture(guest, HOST_VIDEO)]);
  for (const { page } of [host, guest]) {
    const found = await page.evaluate(() => {
      const kinds = new Set<string>();
      const strange: string[] = [];
      const walk = (value: unknown, path: string): void => {
        if (value instanceof CryptoKey) strange.push(`${path}: a key`);
        else if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) kinds.add(`bytes ${path}`);
        else if (typeof value === 'string' && /parley1|SFrame/.test(value)) strange.push(`${path}: ${value}`);
        else if (typeof value === 'object' && value !== null) {
          const name = value.constructor.name;
          if (/Frame|Stream$|Port/.test(name)) strange.push(`${path}: ${name}`);
          for (const [key, part] of Object.entries(value)) walk(part, `${path}.${key}`);
        }
      };
      for (const event of told) walk(event, (event as { type: string }).type);
      return { strange, bytes: [...kinds].sort() };
    });
    expect(found.strange).toEqual([]);
    // Sealed envelopes for the server, the vault's sealed keys, and the random name of a stream of messages.
    const known =
      /^bytes (envelope\.bytes|answer\.output\.sealedKeys\.(iv|ciphertext)|talk\.message\.(stream|heardStream))$/;
    expect(found.bytes.filter((path) => !known.test(path))).toEqual([]);
  }
});
