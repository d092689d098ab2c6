import { createMeeting, expect, expectConnected, expectHeard, joinMeeting, say, test } from './journey';

test('a guest opens the link, gives a name, and is connected', async ({ host, guest }) => {
  const link = await createMeeting(host);
  await guest.page.goto(link);

  await test.step('opening a link joins nobody', async () => {
    await expect(guest.page.getByRole('button', { name: 'Join' })).toBeVisible();
    expect(new URL(guest.page.url()).hash).toBe('');
    await expect(host.page.getByRole('textbox', { name: 'Invite link' })).toBeVisible();
    await expect(guest.page.getByText('The host is here')).toBeVisible();
  });

  await guest.page.getByRole('textbox', { name: 'Your name' }).fill('Grace');
  await guest.page.getByRole('checkbox', { name: /Remember my name/ }).check();
  await guest.page.getByRole('button', { name: 'Join' }).click();
  await expectConnected(host, guest);
  await expect(host.page.getByRole('list', { name: 'People' })).toContainText('Grace');
  await say(guest, 'Good morning');
  await expectHeard(host, 'Good morning');
  await say(host, 'Good morning to you');
  await expectHeard(guest, 'Good morning to you');

  await test.step('the name is remembered, if wished', async () => {
    await guest.page.goto(link);
    await expect(guest.page.getByRole('textbox', { name: 'Your name' })).toHaveValue('Grace');
  });
});

test.describe('without the WebSocket', () => {
  test.use({ expectedProblems: [[/WebSocket connection to .* failed/], { scope: 'test' }] });

  test('connects where no WebSocket opens, by server-sent events', async ({ host, guest }) => {
    for (const { page } of [host, guest]) {
      await page.addInitScript(() => {
        // What a proxy that cuts upgrades looks like to a page.
        window.WebSocket = class extends WebSocket {
          constructor(url: string | URL) {
            super(new URL('/no-such-endpoint', url));
          }
        };
      });
    }
    const link = await createMeeting(host);
    await joinMeeting(guest, link, 'Sam');
    await expectConnected(host, guest);
    await say(guest, 'By the other way');
    await expectHeard(host, 'By the other way');
  });
});

test('where a browser cannot transfer a data channel, its bytes are shuttled and all else is the same', async ({
  host,
  guest,
}) => {
  await guest.page.addInitScript(() => {
    window.Worker = class extends Worker {
      override postMessage(message: unknown, options?: unknown): void {
        const transfer = Array.isArray(options) ? (options as unknown[]) : [];
        if (transfer.some((one) => one instanceof RTCDataChannel)) {
          throw new DOMException('RTCDataChannel cannot be transferred', 'DataCloneError');
        }
        super.postMessage(message, transfer as Transferable[]);
      }
    };
  });
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Ada');
  await expectConnected(host, guest);
  await say(guest, 'Shuttled there');
  await expectHeard(host, 'Shuttled there');
  await say(host, 'and back');
  await expectHeard(guest, 'and back');
});

test('hidden where the server has no relay: nobody is connected, no address is told, and the reason is said', async ({
  host,
  guest,
}) => {
  const link = await createMeeting(host);
  const told: string[] = [];
  await guest.page.exposeFunction('told', (text: string) => told.push(text));
  await guest.page.addInitScript(() => {
    const tell = (globalThis as unknown as { told: (text: string) => void }).told;
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        this.addEventListener('icecandidate', ({ candidate }) => tell(candidate?.candidate ?? ''));
      }
    };
  });
  await guest.page.goto(link);
  await guest.page.getByRole('textbox', { name: 'Your name' }).fill('Grace');
  await guest.page.getByRole('checkbox', { name: 'Hide my address' }).check();
  await guest.page.getByRole('button', { name: 'Join' }).click();
  await expect(guest.page.getByRole('alert')).toContainText('Your address cannot be hidden here');
  await expect(guest.page.getByRole('textbox', { name: 'Message' })).toBeHidden();
  // Gathering came to its end, and there was nothing in it.
  await expect.poll(() => told).toContain('');
  expect(told.filter((candidate) => candidate !== '')).toEqual([]);
});
