import { createMeeting, expect, expectConnected, expectHeard, joinMeeting, say, test } from './journey';

test('a guest waits for the host and is connected when the host opens the meeting', async ({
  host,
  guest,
}) => {
  const link = await createMeeting(host);
  await host.page.goto('/');
  await expect(host.page.getByRole('list', { name: 'Your meetings' })).toBeVisible();

  await joinMeeting(guest, link, 'Grace');
  const status = guest.page.getByRole('status').filter({ hasText: 'Waiting for the host' });
  await expect(status).toBeVisible();
  await guest.page.getByRole('button', { name: 'Tell me when the host is here' }).click();

  // No further click at the guest's side, and one at the host's.
  await host.page.getByRole('list', { name: 'Your meetings' }).getByRole('link').click();
  await expectConnected(host, guest);
  await say(host, 'Sorry to keep you waiting');
  await expectHeard(guest, 'Sorry to keep you waiting');
});

test('a tab in the background says in its title that the host is here, and names nobody', async ({
  host,
  guest,
}) => {
  const link = await createMeeting(host);
  await host.page.goto('/');
  await joinMeeting(guest, link, 'Grace');
  await expect(guest.page.getByText('Waiting for the host').first()).toBeVisible();
  const titles: string[] = [];
  await guest.page.exposeFunction('titleChanged', (title: string) => titles.push(title));
  await guest.page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
    const report = (globalThis as unknown as { titleChanged: (title: string) => void }).titleChanged;
    const title = document.querySelector('title');
    if (title !== null)
      new MutationObserver(() => report(document.title)).observe(title, { childList: true });
  });
  await host.page.getByRole('list', { name: 'Your meetings' }).getByRole('link').click();
  await expect.poll(() => titles.join('|')).toContain('is here');
});

test('with the lobby on the host decides who comes in', async ({ host, guest }) => {
  const link = await createMeeting(host);
  await host.page.getByRole('checkbox', { name: /Ask me before anyone comes in/ }).check();
  await joinMeeting(guest, link, 'Mallory');
  await expect(
    guest.page.getByRole('status').filter({ hasText: 'Asking the host to let you in' }),
  ).toBeVisible();
  const waitingRoom = host.page.getByRole('region', { name: 'Waiting room' });

  await test.step('turned away', async () => {
    await waitingRoom.getByRole('button', { name: 'Turn away Mallory' }).click();
    await expect(guest.page.getByRole('alert')).toContainText(/did not let you in|turned/i);
  });

  await test.step('admitted', async () => {
    await joinMeeting(guest, link, 'Grace');
    await waitingRoom.getByRole('button', { name: 'Admit Grace' }).click();
    await expectConnected(host, guest);
    await say(guest, 'Thank you');
    await expectHeard(host, 'Thank you');
  });
});
