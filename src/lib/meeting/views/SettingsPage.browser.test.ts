import { expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import type { SettingsView } from '../view';
import SettingsPage from './SettingsPage.svelte';

function settingsView(name: string) {
  const saved: string[] = [];
  const settings: SettingsView = {
    name,
    device: null,
    hidesAddress: false,
    logMode: null,
    setName: (wanted) => void saved.push(wanted),
    setHidesAddress: () => undefined,
    forgetEverything: () => undefined,
  };
  return { settings, saved };
}

const PAGE = { backup: null, onmove: () => undefined };
const box = page.getByRole('textbox', { name: 'Your name' });
const save = page.getByRole('button', { name: 'Save' });

test('a name that is typed before the vault has been opened stays, and is what is saved', async () => {
  const { rerender } = await render(SettingsPage, { ...PAGE, settings: null });
  await box.fill('Ada ');
  await expect.element(save).toBeDisabled();
  const { settings, saved } = settingsView('Before');
  await rerender({ settings });
  await expect.element(box).toHaveValue('Ada ');
  await save.click();
  expect(saved).toEqual(['Ada']);
});

test('the name that is kept comes into a box that nobody has touched', async () => {
  const { rerender } = await render(SettingsPage, { ...PAGE, settings: null });
  await rerender({ settings: settingsView('Ada').settings });
  await expect.element(box).toHaveValue('Ada');
});
