import { expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import '../../ui/tokens.css';
import '../../ui/base.css';
import { homeView } from '../../../../tests/fakes/meeting-view';
import type { MeetingItem } from '../view';
import MeetingList from './MeetingList.svelte';

const HOSTED: MeetingItem = {
  vaultId: 'h',
  name: 'Heron',
  role: 'host',
  status: 'you-are-host',
  wantsNotice: false,
};
const VISITED: MeetingItem = {
  vaultId: 'v',
  name: 'Otter',
  role: 'guest',
  status: 'host-here',
  wantsNotice: true,
};

async function choose(meeting: string, item: string): Promise<void> {
  await page.getByRole('button', { name: `More for ${meeting}` }).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}

test('each meeting is a link by its name, and its text says who is there', async () => {
  await render(MeetingList, { home: homeView([HOSTED, VISITED]) });
  const list = page.getByRole('list', { name: 'Your meetings' });
  const heron = list.getByRole('link', { name: 'Heron', exact: true });
  await expect.element(heron).toHaveAttribute('href', '/m#s-h');
  await expect.element(heron).toHaveTextContent('You are host');
  await expect
    .element(list.getByRole('link', { name: 'Otter', exact: true }))
    .toHaveTextContent('Host is here');
});

test('rename asks for the name in a dialog', async () => {
  const home = homeView([HOSTED]);
  await render(MeetingList, { home });
  await choose('Heron', 'Rename');
  const box = page.getByRole('textbox', { name: 'Meeting name' });
  await expect.element(box).toHaveValue('Heron');
  await box.fill('  Sundays ');
  await page.getByRole('button', { name: 'Save' }).click();
  expect(home.calls).toEqual([['rename', 'h', 'Sundays']]);
  await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
});

test('retire asks first: Keep does nothing, Retire retires', async () => {
  const home = homeView([HOSTED]);
  await render(MeetingList, { home });
  const dialog = page.getByRole('dialog', { name: 'Retire this meeting?' });
  await choose('Heron', 'Retire meeting');
  await dialog.getByRole('button', { name: 'Keep' }).click();
  expect(home.calls).toEqual([]);
  await choose('Heron', 'Retire meeting');
  await dialog.getByRole('button', { name: 'Retire', exact: true }).click();
  expect(home.calls).toEqual([['retire', 'h']]);
});

test('forget asks a host, whose key would be lost, and not a guest', async () => {
  const home = homeView([HOSTED, VISITED]);
  await render(MeetingList, { home });
  await choose('Otter', 'Forget');
  expect(home.calls).toEqual([['forget', 'v']]);
  await choose('Heron', 'Forget');
  expect(home.calls).toHaveLength(1);
  await page
    .getByRole('dialog', { name: 'Forget this meeting?' })
    .getByRole('button', { name: 'Forget' })
    .click();
  expect(home.calls[1]).toEqual(['forget', 'h']);
});

test('the wish to be told is a guest’s, says whether it is on, and goes off again', async () => {
  const home = homeView([HOSTED, VISITED]);
  await render(MeetingList, { home });
  await page.getByRole('button', { name: 'More for Otter' }).click();
  const wish = page.getByRole('menuitem', { name: 'Tell me when the host is here', exact: true });
  await expect.element(wish).toHaveAccessibleDescription('On');
  await wish.click();
  expect(home.calls).toEqual([['setNotice', 'v', false]]);
  await page.getByRole('button', { name: 'More for Heron' }).click();
  await expect.element(wish).toHaveAttribute('aria-disabled', 'true');
});

test('a refused clipboard is told in words', async () => {
  const home = homeView([VISITED]);
  home.copyLink = () => Promise.reject(new Error('no'));
  await render(MeetingList, { home });
  await choose('Otter', 'Copy link');
  await expect.element(page.getByRole('alert')).toBeVisible();
});
