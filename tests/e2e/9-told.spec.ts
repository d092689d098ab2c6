import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { CDPSession, Page } from '@playwright/test';
import { Device, PushService } from '../server/push-service';
import { ParleyServer } from '../support/server';
import { createMeeting, expect, joinMeeting, test, type Visitor } from './journey';
import { expectWritten, lockWith } from './kept';

const hmac = (key: Uint8Array | string, ...data: (Uint8Array | string)[]): Buffer =>
  data.reduce((mac, part) => mac.update(part), createHmac('sha256', key)).digest();

/** Section 4, made here by other means. */
const pushTagOf = (id: Buffer, secret: Buffer): Buffer =>
  hmac(hmac('parley1', secret), 'parley1 push', id, Uint8Array.of(1)).subarray(0, 16);

/**
 * A link to the same meeting whose tag is text, for the browser's debugging protocol delivers text and no bytes. Its
 * secret is not the host's, which matters to nobody who only waits.
 */
function linkWithTextTag(link: string): { link: string; tag: string } {
  const id = Buffer.from(link.slice(-68), 'base64url').subarray(1, 17);
  for (;;) {
    const secret = randomBytes(32);
    const tag = pushTagOf(id, secret);
    if (tag.some((byte) => byte >= 0x80)) continue;
    const checked = Buffer.concat([Uint8Array.of(1), id, secret]);
    const check = createHash('sha256').update('parley1 link').update(checked).digest().subarray(0, 2);
    const fragment = Buffer.concat([checked, check]).toString('base64url');
    return { link: link.slice(0, -68) + fragment, tag: tag.toString('latin1') };
  }
}

/** What pushes to the service worker of this browser. It answers when it began (ms since 1970). */
async function pusher({ context }: Visitor, origin: string): Promise<(data: string) => Promise<number>> {
  const page = await context.newPage();
  const session: CDPSession = await context.newCDPSession(page);
  const registration = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const own = registrations.find(({ scopeURL }) => scopeURL === `${origin}/`);
      if (own !== undefined) resolve(own.registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  const registrationId = await registration;
  return async (data) => {
    const sinceMs = Date.now();
    await session.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data });
    return sinceMs;
  };
}

// What the browser's own push service says to a private window, where it is none.
test.use({ expectedProblems: [/does not support the Push API in incognito mode/] });

type Shown = { title: string; body: string; data: unknown };

/** Runs in the page and in the service worker: what was put on show since then, though it took the place of an older one. */
async function shownSince(sinceMs: number): Promise<Shown[]> {
  const worker = 'registration' in globalThis ? (globalThis as unknown as ServiceWorkerGlobalScope) : null;
  const registration = worker?.registration ?? (await navigator.serviceWorker.ready);
  const shown = (await registration.getNotifications()) as (Notification & { timestamp: number })[];
  return shown
    .filter(({ timestamp }) => timestamp >= sinceMs)
    .map(({ title, body, data }) => ({ title, body, data: data as unknown }));
}

async function expectShown(page: Page, sinceMs: number, expected: Shown): Promise<void> {
  await expect.poll(() => page.evaluate(shownSince, sinceMs)).toEqual([expected]);
}

const UNKNOWN: Shown = { title: 'A meeting is starting', body: '', data: null };

/** In the service worker, the system's click: tests cannot press what the system draws, and only a true press may open a window. */
async function click(): Promise<string[]> {
  const scope = globalThis as unknown as ServiceWorkerGlobalScope;
  const [notification] = await scope.registration.getNotifications();
  if (notification === undefined) throw new Error('no notification');
  const opened: string[] = [];
  scope.clients.openWindow = (url) => {
    opened.push(String(url));
    return Promise.resolve(null);
  };
  const event = new NotificationEvent('notificationclick', { notification });
  const done = new Promise<unknown>((resolve) => Object.assign(event, { waitUntil: resolve }));
  scope.dispatchEvent(event);
  await done;
  return opened;
}

const untilKept = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });

test('with no page open: the name for who keeps the meeting, and nothing for who is locked', async ({
  host,
  guest,
  server,
}) => {
  const real = await createMeeting(host);
  await host.page.goto('/');
  const { link, tag } = linkWithTextTag(real);
  await guest.context.grantPermissions(['notifications'], { origin: server.url });
  await joinMeeting(guest, link, 'Grace');
  await expect(guest.page.getByText('Waiting for the host').first()).toBeVisible();
  await untilKept(guest.page);
  await guest.page.getByRole('button', { name: 'Tell me when the host is here' }).click();
  await expectWritten(guest.page, 2);
  await guest.page.goto('/');
  const item = guest.page.getByRole('list', { name: 'Your meetings' }).getByRole('link');
  const name = (await item.locator('bdi').innerText()).trim();
  const address = await item.getAttribute('href');
  await guest.page.close();
  const push = await pusher(guest, server.url);

  const looking = async (): Promise<Page> => {
    const page = await guest.newTab();
    await page.goto('/how-it-works');
    return page;
  };
  await test.step('a meeting that is kept here', async () => {
    const sinceMs = await push(tag);
    const page = await looking();
    const data = address?.replace('/m#s-', '');
    await expectShown(page, sinceMs, { title: 'The host is here', body: name, data });
  });

  await test.step('a click on it opens that meeting', async () => {
    const sinceMs = await push(tag);
    const [worker] = guest.context.serviceWorkers();
    if (worker === undefined) throw new Error('no service worker');
    await expect.poll(() => worker.evaluate(shownSince, sinceMs)).toHaveLength(1);
    const opened = await worker.evaluate(click);
    expect(opened).toEqual([address]);
    expect(await worker.evaluate(shownSince, 0)).toEqual([]);
    await guest.page.goto(opened[0] ?? '');
    await expect(guest.page.getByText(name).first()).toBeVisible();
    await guest.page.goto('/how-it-works');
  });

  for (const [what, data] of [
    ['a tag of nobody', 'x'.repeat(16)],
    ['4 KB', 'x'.repeat(4096)],
    ['nothing', ''],
    ['an address', 'https://elsewhere.example/m'],
  ] as const) {
    await test.step(what, async () => {
      await expectShown(guest.page, await push(data), UNKNOWN);
    });
  }

  await test.step('locked', async () => {
    await lockWith(guest.page, 'lantern walnut cloud');
    const before = guest.page;
    const sinceMs = await push(tag);
    const page = await looking();
    await before.close();
    await expectShown(page, sinceMs, UNKNOWN);
  });
});

test('the server is asked, and tells once when the host comes', async ({
  playwright,
  browserName,
  launchOptions,
}) => {
  const service = await PushService.start();
  const server = new ParleyServer({ PUSH_SERVICES: service.origin });
  await server.start();
  const device = new Device(service.origin);
  const browser = await playwright[browserName].launch(launchOptions);
  const people = await Promise.all(
    ['host', 'guest'].map(async () => {
      const context = await browser.newContext({ baseURL: server.url, permissions: ['notifications'] });
      return { context, page: await context.newPage() };
    }),
  );
  const [host, guest] = people;
  if (host === undefined || guest === undefined) throw new Error('two people');
  // No push service of a browser can be reached here: this one stands for it, the rest is the app's.
  await guest.context.addInitScript((subscription) => {
    const bytes = (text: string) =>
      Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0)).buffer;
    PushManager.prototype.subscribe = () =>
      Promise.resolve({
        endpoint: subscription.endpoint,
        getKey: (name: 'p256dh' | 'auth') => bytes(subscription[name]),
      } as unknown as PushSubscription);
  }, device.subscription);

  await host.page.goto('/m#new');
  const invite = host.page.getByRole('textbox', { name: 'Invite link' });
  await expect(invite).toHaveValue(/#/);
  const link = await invite.inputValue();
  await host.page.goto('/');
  await guest.page.goto(link);
  await guest.page.getByRole('textbox', { name: 'Your name' }).fill('Grace');
  await guest.page.getByRole('button', { name: 'Join' }).click();
  await expect(guest.page.getByText('Waiting for the host').first()).toBeVisible();
  await untilKept(guest.page);
  await guest.page.getByRole('button', { name: 'Tell me when the host is here' }).click();
  // Saved, wished, and once more with the time at which the server took it.
  await expectWritten(guest.page, 3);
  await guest.context.close();

  await host.page.getByRole('list', { name: 'Your meetings' }).getByRole('link').click();
  const push = await service.next();
  const bytes = Buffer.from(link.slice(-68), 'base64url');
  expect(device.open(push.body)).toEqual(pushTagOf(bytes.subarray(1, 17), bytes.subarray(17, 49)));
  expect(service.rest).toEqual([]);
  await browser.close();
  await server.close();
  await service.close();
});
