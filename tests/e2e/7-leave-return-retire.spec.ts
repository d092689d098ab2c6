import {
  createMeeting,
  expect,
  expectConnected,
  expectHeard,
  joinMeeting,
  say,
  test,
  Visitor,
} from './journey';

test('leave, come back by the list and by the link, retire', async ({ host, guest }) => {
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);

  await test.step('the guest leaves, and the host sees it', async () => {
    await guest.page.getByRole('button', { name: 'Leave' }).click();
    await expect(host.page.getByRole('list', { name: 'People' })).not.toContainText('Grace');
  });

  await test.step('Home says who is there', async () => {
    await guest.page.goto('/');
    const item = guest.page.getByRole('list', { name: 'Your meetings' }).getByRole('link');
    await expect(item).toContainText('Host is here');
    await host.page.getByRole('button', { name: 'Leave' }).click();
    await expect(item).toContainText('Nobody here');
    await host.page.goto('/');
    await host.page.getByRole('list', { name: 'Your meetings' }).getByRole('link').click();
    await expect(item).toContainText('Host is here');
  });

  await test.step('back by the list, and by the same link', async () => {
    await guest.page.getByRole('list', { name: 'Your meetings' }).getByRole('link').click();
    await guest.page.getByRole('textbox', { name: 'Your name' }).fill('Grace');
    await guest.page.getByRole('button', { name: 'Join' }).click();
    await expectConnected(host, guest);
    await joinMeeting(guest, link, 'Grace');
    await expectConnected(host, guest);
    await say(guest, 'Here again');
    await expectHeard(host, 'Here again');
  });

  await test.step('retire: everyone is told, and the link is dead for everyone', async () => {
    await host.page.getByRole('button', { name: 'Retire meeting' }).click();
    const dialog = host.page.getByRole('dialog', { name: 'Retire this meeting?' });
    await dialog.getByRole('button', { name: 'Keep' }).click();
    await expect(dialog).toBeHidden();
    await host.page.getByRole('button', { name: 'Retire meeting' }).click();
    await dialog.getByRole('button', { name: 'Retire' }).click();
    await expect(guest.page.getByRole('alert')).toContainText(/retired/i);
    await expect(host.page.getByText(/retired/i).first()).toBeVisible();

    await joinMeeting(guest, link, 'Grace');
    await expect(guest.page.getByRole('alert')).toContainText(/retired/i);
    await host.page.goto('/');
    await expect(host.page.getByRole('list', { name: 'Your meetings' })).toBeHidden();
  });
});

test('a new link: the old one opens nothing, the new one does', async ({ host, guest }) => {
  const old = await createMeeting(host);
  await host.page.goto('/');
  await host.page.getByRole('button', { name: /^More for / }).click();
  await host.page.getByRole('menuitem', { name: 'New link' }).click();
  const confirm = host.page.getByRole('dialog').getByRole('button', { name: /new link/i });
  if (await confirm.isVisible()) await confirm.click();
  await host.page.getByRole('list', { name: 'Your meetings' }).getByRole('link').click();
  const box = host.page.getByRole('textbox', { name: 'Invite link' });
  await expect(box).not.toHaveValue(old);
  const renewed = await box.inputValue();
  expect(renewed.slice(0, -60)).toBe(old.slice(0, -60));

  await joinMeeting(guest, old, 'Grace');
  await expect(guest.page.getByRole('alert')).toContainText(/replaced/i);
  await joinMeeting(guest, renewed, 'Grace');
  await expectConnected(host, guest);
});

test('a third person reads that the meeting is full', async ({
  host,
  guest,
  playwright,
  browserName,
  launchOptions,
  server,
}) => {
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);
  const browser = await playwright[browserName].launch(launchOptions);
  const page = await browser.newPage({ baseURL: server.url });
  await page.goto(link);
  await page.getByRole('textbox', { name: 'Your name' }).fill('Third');
  await page.getByRole('button', { name: 'Join' }).click();
  await expect(page.getByRole('alert')).toContainText(/full/i);
  await say(guest, 'Undisturbed');
  await expectHeard(host, 'Undisturbed');
  await browser.close();
});

test('a guest whose tab was closed keeps the place from nobody', async ({ host, guest, server }) => {
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);
  const before = guest.page;
  await guest.newTab();
  await before.close();
  await expect(host.page.getByRole('status').filter({ hasText: 'Reconnecting' })).toBeVisible();

  // Somebody else: another profile, and so another participant.
  const context = await guest.context.browser()?.newContext({ baseURL: server.url });
  if (context === undefined) throw new Error('no browser');
  const edsger = new Visitor(context, await context.newPage(), []);
  await joinMeeting(edsger, link, 'Edsger');
  await expectConnected(edsger);
  await expect(host.page.getByRole('list', { name: 'People' })).toContainText('Edsger');
  await expect(host.page.getByRole('list', { name: 'People' })).not.toContainText('Grace');
  await context.close();
});

for (const who of ['host', 'guest'] as const) {
  test(`of two windows of one ${who} one leads, and the other says so`, async ({ host, guest }) => {
    const link = await createMeeting(host);
    await joinMeeting(guest, link, 'Grace');
    await expectConnected(host, guest);
    const one = who === 'host' ? host : guest;
    const first = one.page;
    await one.newTab();
    await one.page.goto(link);
    await expect(one.page.getByRole('alert')).toContainText('another window');
    await say(who === 'host' ? guest : host, 'Undisturbed');
    await expect(first.getByRole('log').getByText('Undisturbed', { exact: true })).toHaveCount(1);

    await one.page.getByRole('button', { name: 'Use it here' }).click();
    await expect(first.getByRole('alert')).toContainText('another window');
    if (who === 'guest') await joinMeeting(guest, link, 'Grace');
    await expectConnected(host, guest);
    await say(host, 'From here on here');
    await expectHeard(guest, 'From here on here');

    // And back again.
    const second = one.page;
    one.page = first;
    await first.getByRole('button', { name: 'Use it here' }).click();
    await expect(second.getByRole('alert')).toContainText('another window');
    if (who === 'guest') await joinMeeting(guest, link, 'Grace');
    await expectConnected(host, guest);
  });
}
