import type { BrowserContext, Page } from '@playwright/test';
import { backupOf } from '../support/backup-file.mjs';
import { createMeeting, expect, expectConnected, test, type Visitor } from './journey';
import { importBackup, keptRows, lockWith } from './kept';

/** Where a vault ends: a full disk, a browser that dies, a person who walks away. */
const MANY = 500;

test.use({ expectedProblems: [/in the middle/] });

const countMeetings = async (page: Page): Promise<number> => (await keptRows(page, 'meetings')).length;

/** Up to the button that does it. */
async function lookAtImport(page: Page): Promise<void> {
  await importBackup(page, backupOf(MANY));
  await expect(page.getByRole('button', { name: 'Import', exact: true })).toBeVisible({ timeout: 30_000 });
}

/** Runs in the page: it stands still within the transaction, with so many records written. */
function stopAtPut(last: number): void {
  let puts = 0;
  const handler: ProxyHandler<typeof IDBObjectStore.prototype.put> = {
    apply(put, store: IDBObjectStore, args: Parameters<typeof put>) {
      if (store.name === 'meetings' && ++puts === last) {
        reportError(new Error('in the middle'));
        for (;;);
      }
      return put.apply(store, args);
    },
  };
  const { prototype } = IDBObjectStore;
  Object.assign(prototype, {
    put: new Proxy(Reflect.get<IDBObjectStore, 'put'>(prototype, 'put'), handler),
  });
}

/** As if the system had ended them. */
async function killPages({ context }: Visitor): Promise<void> {
  const session = await context.browser()?.newBrowserCDPSession();
  const { processInfo } = (await session?.send('SystemInfo.getProcessInfo')) ?? { processInfo: [] };
  for (const { type, id } of processInfo) if (type === 'renderer') process.kill(id, 'SIGKILL');
}

/** Nobody reads or writes what is kept here until the page that is given back is closed. */
async function holdVault(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto('/privacy');
  await page.evaluate(holdStorage);
  return page;
}

/** Runs in the page. */
function holdStorage(): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('parley');
    opening.onerror = () => reject(new Error('no database'));
    opening.onsuccess = () => {
      const stores = [...opening.result.objectStoreNames];
      const [first = ''] = stores;
      const store = opening.result.transaction(stores, 'readwrite').objectStore(first);
      // A transaction lives while something is asked of it.
      const hold = () => {
        store.count().onsuccess = hold;
      };
      store.count().onsuccess = () => {
        resolve();
        hold();
      };
    };
  });
}

const importing = (page: Page) => page.getByRole('button', { name: 'Import', exact: true });

test('an import that is cut off has done nothing', async ({ host }) => {
  await createMeeting(host);
  for (const put of [1, 250, MANY]) {
    await test.step(`at record ${put}`, async () => {
      const page = await host.newTab();
      for (const other of host.context.pages()) if (other !== page) await other.close();
      await page.addInitScript(stopAtPut, put);
      await lookAtImport(page);
      const stopped = page.waitForEvent('pageerror', ({ message }) => message === 'in the middle');
      const crashed = page.waitForEvent('crash');
      // Never answered.
      importing(page)
        .click({ noWaitAfter: true })
        .catch(() => undefined);
      await stopped;
      await killPages(host);
      await crashed;

      const next = await host.newTab();
      await next.goto('/');
      await expect(next.getByRole('list', { name: 'Your meetings' }).getByRole('link')).toHaveCount(1);
      expect(await countMeetings(next)).toBe(1);
    });
  }

  await lookAtImport(host.page);
  await importing(host.page).click();
  await expect(host.page.getByText(/^Imported: 500 added/)).toBeVisible({ timeout: 30_000 });
});

test('a full disk is said, and what was there stays as it was', async ({ host, server }) => {
  const { page, context } = host;
  const session = await context.newCDPSession(page);
  const limit = (quotaSize?: number) =>
    session.send('Storage.overrideQuotaForOrigin', {
      origin: server.url,
      ...(quotaSize === undefined ? {} : { quotaSize }),
    });
  // Room for a meeting and not for 500. Before anything is kept: the browser looks only now and then how much there is.
  await limit(200_000);
  const link = await createMeeting(host);
  await lookAtImport(page);
  await importing(page).click();
  const dialog = page.getByRole('dialog', { name: 'Import backup' });
  await expect(dialog.getByRole('alert')).toContainText(/no room/i, { timeout: 30_000 });
  expect(await countMeetings(page)).toBe(1);

  await test.step('with room again it goes on from there', async () => {
    await limit();
    await importing(page).click();
    await expect(page.getByText(/^Imported: 500 added/)).toBeVisible({ timeout: 30_000 });
    expect(await countMeetings(page)).toBe(MANY + 1);
    await page.goto(link);
    await expect(page.getByRole('textbox', { name: 'Invite link' })).toHaveValue(link);
  });
});

test('settings cannot be changed before they were read, however long that takes', async ({ host }) => {
  const { page, context } = host;
  await page.goto('/settings');
  const name = page.getByRole('textbox', { name: 'Your name' });
  const save = page.getByRole('button', { name: 'Save' });
  const hide = page.getByRole('checkbox', { name: 'Hide my address' });
  await expect(save).toBeEnabled();

  const other = await holdVault(context);
  await page.reload();
  // Said by the server, once the page is alive and has loaded what it needs.
  await expect(page.getByText(/^Normal: what happened/)).toBeVisible();
  await name.fill('Ada');
  for (const control of [save, hide]) await expect(control).toBeDisabled();

  await other.close();
  await save.click();
  await expect(page.getByText('Saved on this device.')).toBeVisible();
  await hide.check();
  await expect.poll(() => keptRows(page, 'profile')).toEqual([{ revision: 2 }]);
  await page.reload();
  await expect(name).toHaveValue('Ada');
  await expect(hide).toBeChecked();
});

test('a guest who joins before the vault is open is remembered all the same', async ({ host, guest }) => {
  const link = await createMeeting(host);
  await guest.page.goto('/settings');
  await expect(guest.page.getByRole('button', { name: 'Save' })).toBeEnabled();
  const other = await holdVault(guest.context);
  await guest.page.goto(link);
  const name = guest.page.getByRole('textbox', { name: 'Your name' });
  await name.fill('Grace');
  await guest.page.getByRole('checkbox', { name: /Remember my name/ }).check();
  await guest.page.getByRole('button', { name: 'Join' }).click();
  await expect(name).toBeHidden();
  await other.close();
  await expectConnected(host, guest);
  await guest.page.goto(link);
  await expect(name).toHaveValue('Grace');
});

test.describe('with a clock that jumps', () => {
  // The page gives up a socket that was silent for so long, perhaps in the middle of a word.
  test.use({ expectedProblems: [/WebSocket is already in CLOSING or CLOSED state/] });

  test('nobody does anything for five minutes: it locks by itself, but not in a meeting', async ({
    host,
  }) => {
    const { page } = host;
    await page.clock.install();
    await createMeeting(host);
    await lockWith(page, 'lantern walnut cloud river');
    await page.getByLabel('Locks by itself').selectOption({ label: 'After 5 minutes' });
    const list = page.getByRole('list', { name: 'Your meetings' });
    await page.getByRole('link', { name: 'Home' }).first().click();
    await expect(list).toBeVisible();

    await test.step('somebody who does something keeps it open', async () => {
      await page.clock.fastForward('04:30');
      await page.keyboard.press('Shift');
      await page.clock.fastForward('04:30');
      await expect(list).toBeVisible();
    });

    await test.step('a meeting keeps it open', async () => {
      await list.getByRole('link').click();
      const invite = page.getByRole('textbox', { name: 'Invite link' });
      await expect(invite).toBeVisible();
      await page.clock.fastForward('06:00');
      await expect(invite).toBeVisible();
      await page.getByRole('button', { name: 'Leave' }).click();
    });

    await test.step('nobody is here', async () => {
      await page.getByRole('link', { name: 'Home' }).first().click();
      await expect(list).toBeVisible();
      await page.clock.fastForward('05:30');
      await expect(page.getByRole('region', { name: 'Locked' })).toBeVisible();
      await expect(list).toBeHidden();
    });
  });
});
