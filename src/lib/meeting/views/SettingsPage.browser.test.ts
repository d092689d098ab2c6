import { expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import type { DeviceView, SettingsView } from '../view';
import SettingsPage from './SettingsPage.svelte';

/** What was asked to be kept, and is when `keeps`. */
function settingsView(name: string, { isOpen = true, keeps = true } = {}) {
  const asked: (string | boolean)[] = [];
  const keep = (wish: string | boolean) => {
    asked.push(wish);
    return Promise.resolve(keeps);
  };
  const settings: SettingsView = {
    name,
    device: isOpen ? DEVICE : null,
    hidesAddress: false,
    logMode: 'normal',
    setName: keep,
    setHidesAddress: keep,
    forgetEverything: () => keep('everything'),
  };
  return { settings, asked };
}

const never = () => Promise.reject(new Error('not asked for here'));
const DEVICE: DeviceView = {
  lock: null,
  keeping: null,
  setLock: never,
  removeLock: never,
  setLockAfter: never,
  lockNow: () => undefined,
  saveBackup: never,
  backupToMove: never,
  needsPassphrase: never,
  readBackup: never,
  persist: never,
};
const PAGE = { backup: null, onmove: () => undefined };
const box = page.getByRole('textbox', { name: 'Your name' });
const save = page.getByRole('button', { name: 'Save' });
const hide = page.getByRole('checkbox', { name: /^Hide my address/ });

test('a name that is typed before the vault has been opened stays, and is what is saved', async () => {
  const { rerender } = await render(SettingsPage, { ...PAGE, settings: null });
  await box.fill('Ada ');
  await expect.element(save).toBeDisabled();
  const { settings, asked } = settingsView('Before');
  await rerender({ settings });
  await expect.element(box).toHaveValue('Ada ');
  await save.click();
  expect(asked).toEqual(['Ada']);
  await expect.element(page.getByText('Saved on this device.')).toBeVisible();
});

test('the name that is kept comes into a box that nobody has touched', async () => {
  const { rerender } = await render(SettingsPage, { ...PAGE, settings: null });
  await rerender({ settings: settingsView('Ada').settings });
  await expect.element(box).toHaveValue('Ada');
});

test('nothing can be changed while the vault is still being opened, or is locked', async () => {
  const { rerender } = await render(SettingsPage, {
    ...PAGE,
    settings: settingsView('', { isOpen: false }).settings,
  });
  const forget = page.getByRole('button', { name: 'Forget everything' });
  for (const control of [save, hide, forget]) await expect.element(control).toBeDisabled();
  await rerender({ settings: settingsView('').settings });
  for (const control of [save, hide, forget]) await expect.element(control).toBeEnabled();
});

test('what was not kept is not called saved, and nothing that was typed is lost', async () => {
  const { settings, asked } = settingsView('Before', { keeps: false });
  await render(SettingsPage, { ...PAGE, settings });
  await box.fill('Ada');
  await save.click();
  await hide.click();
  expect(asked).toEqual(['Ada', true]);
  await expect.element(hide).not.toBeChecked();
  await expect.element(box).toHaveValue('Ada');
  expect(page.getByText('Saved on this device.').elements()).toHaveLength(0);
});
