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

test('of a thousand meetings those near the screen are drawn, wherever somebody scrolls', async () => {
  await page.viewport(400, 700);
  const items = Array.from({ length: 1000 }, (_, number) => ({
    ...VISITED,
    vaultId: String(number),
    name: `Meeting ${number} ${'with a long name '.repeat(number % 3)}`,
  }));
  await render(MeetingList, { home: homeView(items) });
  const list = page.getByRole('list', { name: 'Your meetings' }).element();
  const rows = (): HTMLElement[] => [...list.querySelectorAll('li')];
  const inView = (): number[] =>
    rows()
      .filter(
        (row) => row.getBoundingClientRect().bottom > 0 && row.getBoundingClientRect().top < innerHeight,
      )
      .map((row) => Number(row.getAttribute('aria-posinset')));
  expect(rows()[0]?.getAttribute('aria-setsize')).toBe('1000');
  for (const part of [0.5, 1, 0.25, 0]) {
    scrollTo({ top: (document.documentElement.scrollHeight - innerHeight) * part, behavior: 'instant' });
    await expect.poll(() => Math.abs((inView()[2] ?? NaN) / 1000 - part)).toBeLessThan(0.1);
    expect(rows().length).toBeLessThanOrEqual(100);
  }
  // Read on slowly, no row jumps as others are drawn; and the one with the focus stays.
  const focused = list.querySelector('a');
  focused?.focus();
  for (let step = 0; step < 80; step++) {
    const held = rows().find((row) => row.getBoundingClientRect().top > 100);
    const beforePx = held?.getBoundingClientRect().top ?? NaN;
    scrollBy({ top: 120, behavior: 'instant' });
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    expect(Math.abs((held?.getBoundingClientRect().top ?? NaN) + 120 - beforePx)).toBeLessThan(2);
  }
  expect(inView()[0]).toBeGreaterThan(80);
  expect(document.activeElement).toBe(focused);
});
