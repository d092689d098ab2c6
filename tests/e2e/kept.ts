import type { Locator, Page } from '@playwright/test';
import { expect } from './journey';

/** What lies in this browser's vault, from outside: which records, and how many times each was written. */

/** `[]` where the store, or the database, is not there yet. */
export function keptRows(
  page: Page,
  store: 'meetings' | 'history' | 'profile',
): Promise<{ revision: number }[]> {
  return page.evaluate(
    (name) =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('parley');
        // A new one is not made by looking.
        opening.onupgradeneeded = () => opening.transaction?.abort();
        opening.onerror = () => resolve([]);
        opening.onsuccess = () => {
          const database = opening.result;
          const reading = database.transaction(name).objectStore(name).getAll();
          reading.onerror = () => reject(new Error('unreadable'));
          reading.onsuccess = () => {
            database.close();
            resolve((reading.result as { revision: number }[]).map(({ revision }) => ({ revision })));
          };
        };
      }),
    store,
  );
}

/** How many times this browser's one meeting was written: its own row says nothing else. */
export async function expectWritten(page: Page, times: number): Promise<void> {
  await expect
    .poll(async () => (await keptRows(page, 'meetings'))[0]?.revision ?? 0)
    .toBeGreaterThanOrEqual(times);
}

/** Hands Settings a backup to import, once the page is ready for one: a file given to a control that is off is lost. */
export async function importBackup(
  page: Page,
  backup: Parameters<Locator['setInputFiles']>[0],
): Promise<void> {
  await page.goto('/settings');
  await page.getByLabel('Import backup').and(page.locator(':enabled')).setInputFiles(backup);
}

/** Locks this browser with a passphrase, in Settings. */
export async function lockWith(page: Page, passphrase: string): Promise<void> {
  await page.goto('/settings');
  await page.getByRole('button', { name: 'Lock with a passphrase' }).click();
  await newPassphrase(page, { title: 'Lock with a passphrase', action: 'Lock' }, passphrase);
  await expect(page.getByRole('button', { name: 'Lock now' })).toBeVisible();
}

/** Fills and confirms the dialog for a new passphrase. */
export async function newPassphrase(
  page: Page,
  { title, action, label = 'Passphrase' }: { title: string; action: string; label?: string },
  passphrase: string,
): Promise<void> {
  const dialog = page.getByRole('dialog', { name: title });
  await dialog.getByLabel(label, { exact: true }).fill(passphrase);
  await dialog.getByLabel('Once more').fill(passphrase);
  await dialog.getByRole('button', { name: action, exact: true }).click();
  await expect(dialog).toBeHidden();
}
