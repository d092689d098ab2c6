import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { createMeeting, expect, expectConnected, expectHeard, joinMeeting, say, test } from './journey';
import { importBackup, keptRows, lockWith, newPassphrase } from './kept';

const PASSPHRASE = 'lantern walnut cloud river';

const meetings = (page: Page) => page.getByRole('list', { name: 'Your meetings' }).getByRole('link');
const locked = (page: Page) => page.getByRole('region', { name: 'Locked' });

async function unlock(page: Page, passphrase = PASSPHRASE): Promise<void> {
  await locked(page).getByLabel('Passphrase').fill(passphrase);
  await locked(page).getByRole('button', { name: 'Unlock', exact: true }).click();
}

/** The meeting's own name, as the list of Home has it. */
async function nameOf(page: Page): Promise<string> {
  await page.goto('/');
  return (await meetings(page).locator('bdi').innerText()).trim();
}

test('a passphrase locks everything that is kept here', async ({ host, guest }) => {
  const link = await createMeeting(host);
  const name = await nameOf(host.page);
  await lockWith(host.page, PASSPHRASE);

  await test.step('in this window it stays open, from page to page', async () => {
    await host.page.getByRole('link', { name: 'Home' }).first().click();
    await expect(meetings(host.page)).toContainText(name);
    await meetings(host.page).click();
    await expect(host.page.getByRole('textbox', { name: 'Invite link' })).toHaveValue(link);
  });

  await test.step('another window opens without asking, as long as this one is there', async () => {
    const first = host.page;
    const second = await host.newTab();
    await second.goto('/');
    await expect(meetings(second)).toContainText(name);
    host.page = first;
    await second.close();
  });

  await test.step('locked: every window forgets it, and nothing of it is shown', async () => {
    const first = host.page;
    const second = await host.newTab();
    await second.goto('/settings');
    await second.getByRole('button', { name: 'Lock now' }).click();
    for (const page of [first, second]) {
      await expect(locked(page)).toBeVisible();
      await expect(page.locator('body')).not.toContainText(name);
    }
    await second.close();
    host.page = first;
  });

  await test.step('a wrong passphrase is told, the right one brings it back', async () => {
    await unlock(host.page, 'lantern walnut');
    await expect(host.page.getByRole('alert')).toContainText('not the passphrase');
    await unlock(host.page);
    await expect(host.page.getByRole('textbox', { name: 'Invite link' })).toHaveValue(link);
    await joinMeeting(guest, link, 'Grace');
    await expectConnected(host, guest);
  });

  await test.step('without its window it is locked', async () => {
    const page = await host.newTab();
    for (const other of host.context.pages()) if (other !== page) await other.close();
    await page.goto('/');
    await expect(locked(page)).toBeVisible();
    await page.goto('/settings');
    await expect(locked(page)).toBeVisible();
    await unlock(page);
    await page.getByRole('button', { name: 'Remove the lock' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await expect(page.getByRole('button', { name: 'Lock with a passphrase' })).toBeEnabled();
    await page.reload();
    await page.goto('/');
    await expect(meetings(page)).toContainText(name);
  });
});

test('a guest with a locked device can come in without unlocking', async ({ host, guest }) => {
  const link = await createMeeting(host);
  await guest.page.goto('/');
  await lockWith(guest.page, PASSPHRASE);
  await guest.page.goto(link);
  await locked(guest.page).getByRole('button', { name: 'Go on without unlocking' }).click();
  await guest.page.getByRole('textbox', { name: 'Your name' }).fill('Grace');
  await guest.page.getByRole('button', { name: 'Join' }).click();
  await expectConnected(host, guest);
});

test('a lost passphrase: start afresh, and a backup brings everything back', async ({ host, guest }) => {
  const link = await createMeeting(host);
  const name = await nameOf(host.page);
  await host.page.goto('/settings');
  await expect(host.page.getByText('There is no backup yet.')).toBeVisible();
  await host.page.getByRole('button', { name: 'Export encrypted backup' }).click();
  const saving = host.page.waitForEvent('download');
  await newPassphrase(host.page, { title: 'Export encrypted backup', action: 'Save backup' }, PASSPHRASE);
  const download = await saving;
  expect(download.suggestedFilename()).toMatch(/^parley-\d{4}-\d\d-\d\d\.parley$/);
  const path = await download.path();
  const bytes = readFileSync(path);
  for (const secret of [name, link.slice(-68), 'meetings']) expect(bytes.includes(secret)).toBe(false);
  await expect(host.page.getByText('The last backup is of')).toBeVisible();

  await test.step('the passphrase of the lock is lost', async () => {
    await lockWith(host.page, PASSPHRASE);
    await host.page.reload();
    await locked(host.page).getByRole('button', { name: 'I lost the passphrase' }).click();
    await host.page.getByRole('dialog').getByRole('button', { name: 'Forget everything' }).click();
    await expect(host.page.getByRole('button', { name: 'Lock with a passphrase' })).toBeEnabled();
  });

  for (const visitor of [host, guest]) {
    await test.step(visitor === host ? 'here again' : 'on another device', async () => {
      const { page } = visitor;
      await importBackup(page, path);
      const dialog = page.getByRole('dialog', { name: 'Import backup' });
      await dialog.getByLabel('Passphrase of the backup').fill('something else');
      await dialog.getByRole('button', { name: 'Open' }).click();
      await expect(dialog.getByRole('alert')).toContainText('not the passphrase');
      await dialog.getByLabel('Passphrase of the backup').fill(PASSPHRASE);
      await dialog.getByRole('button', { name: 'Open' }).click();
      await expect(dialog.getByRole('list', { name: 'What is imported' })).toContainText(`${name} is added`);
      await dialog.getByRole('button', { name: 'Import' }).click();
      await expect(page.getByText('Imported: 1 added, 0 replaced.')).toBeVisible();
      await page.goto('/');
      await meetings(page).click();
      await expect(page.getByRole('textbox', { name: 'Invite link' })).toHaveValue(link);
      await page.getByRole('button', { name: 'Leave' }).click();
    });
  }
});

test('a plain export warns, and a file that is no backup changes nothing', async ({ host }) => {
  await createMeeting(host);
  const { page } = host;
  await page.goto('/settings');
  await page.getByRole('button', { name: 'Export without encryption' }).click();
  const dialog = page.getByRole('dialog', { name: 'Export without encryption?' });
  await expect(dialog).toContainText('Whoever gets that file can join all your meetings');
  const saving = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Export' }).click();
  const contents = JSON.parse(readFileSync(await (await saving).path(), 'utf8')) as { format: string };
  expect(contents.format).toBe('parley');

  const spoilt = [Buffer.from('hello'), Buffer.from(JSON.stringify({ ...contents, meetings: 7 }))];
  for (const buffer of spoilt) {
    await page.getByLabel('Import backup').setInputFiles({ name: 'x.parley', mimeType: '', buffer });
    const dialog = page.getByRole('dialog', { name: 'Import backup' });
    await expect(dialog.getByRole('alert')).toContainText(/backup/);
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
  }
  await page.goto('/');
  await expect(meetings(page)).toHaveCount(1);
});

test('a passkey unlocks, and the recovery passphrase does when it is lost', async ({ host, server }) => {
  const { page, context } = host;
  // A passkey belongs to a name, not to an address.
  const origin = server.url.replace('127.0.0.1', 'localhost');
  const session = await context.newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      hasPrf: true,
      automaticPresenceSimulation: true,
    },
  });
  await page.goto(`${origin}/settings`);
  await page.getByRole('textbox', { name: 'Your name' }).fill('Ada');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Lock with a passkey' }).click();
  await newPassphrase(
    page,
    { title: 'Lock with a passkey', action: 'Make the passkey', label: 'Recovery passphrase' },
    PASSPHRASE,
  );
  await expect(page.getByText('or your passkey')).toBeVisible();

  await page.reload();
  await locked(page).getByRole('button', { name: 'Unlock with the passkey' }).click();
  await expect(page.getByRole('textbox', { name: 'Your name' })).toHaveValue('Ada');

  await session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
  await page.reload();
  await unlock(page);
  await expect(page.getByRole('textbox', { name: 'Your name' })).toHaveValue('Ada');
});

test('a conversation is kept where the person wishes it, and nowhere else', async ({ host, guest }) => {
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);
  await say(guest, 'The answer is 42');
  await expectHeard(host, 'The answer is 42');
  const keeps = (page: Page) => page.getByRole('checkbox', { name: 'Keep the conversation' });
  await keeps(host.page).check();
  await say(host, 'Noted');
  await expectHeard(guest, 'Noted');
  // Once it arrived there: nothing that nobody got is shown as said later.
  await expect.poll(() => keptRows(host.page, 'history')).toHaveLength(2);

  await test.step('after a reload it is there for the one, and not for the other', async () => {
    await host.page.reload();
    await guest.page.reload();
    await guest.page.getByRole('textbox', { name: 'Your name' }).fill('Grace');
    await guest.page.getByRole('button', { name: 'Join' }).click();
    await expectConnected(host, guest);
    for (const text of ['The answer is 42', 'Noted']) await expectHeard(host, text);
    await say(guest, 'Again');
    await expectHeard(host, 'Again');
    await expect(guest.page.getByRole('log').getByText('Noted')).toHaveCount(0);
  });

  await test.step('switched off, it is deleted', async () => {
    await keeps(host.page).uncheck();
    await expect.poll(() => keptRows(host.page, 'history')).toHaveLength(0);
    await host.page.reload();
    await expectConnected(host);
    await expect(host.page.getByRole('log').getByText('Again')).toHaveCount(0);
  });
});
