import { expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import './tokens.css';
import './base.css';
import Menu, { type MenuItem } from './Menu.svelte';

async function show(): Promise<{ chosen: string[] }> {
  const chosen: string[] = [];
  const item = (label: string, over: Partial<MenuItem> = {}): MenuItem => ({
    label,
    onselect: () => chosen.push(label),
    ...over,
  });
  await render(Menu, {
    label: 'More for Heron',
    items: [
      item('Rename'),
      item('Copy link'),
      item('New link', { isDisabled: true }),
      item('Retire meeting'),
      item('Forget'),
    ],
  });
  return { chosen };
}

const button = page.getByRole('button', { name: 'More for Heron' });
const entry = (name: string) => page.getByRole('menuitem', { name, exact: true });

test('opens at the first item, says so, and gives the focus back on Escape', async () => {
  await show();
  await expect.element(button).toHaveAttribute('aria-expanded', 'false');
  expect(page.getByRole('menu').elements()).toHaveLength(0);
  await button.click();
  await expect.element(button).toHaveAttribute('aria-expanded', 'true');
  await expect.element(entry('Rename')).toHaveFocus();
  await userEvent.keyboard('{Escape}');
  await expect.element(button).toHaveFocus();
  await expect.element(button).toHaveAttribute('aria-expanded', 'false');
});

test('arrow keys go round, Home and End jump, a letter finds', async () => {
  await show();
  await button.click();
  await expect.element(entry('Rename')).toHaveFocus();
  await userEvent.keyboard('{ArrowUp}');
  await expect.element(entry('Forget')).toHaveFocus();
  await userEvent.keyboard('{ArrowDown}');
  await expect.element(entry('Rename')).toHaveFocus();
  await userEvent.keyboard('{End}');
  await expect.element(entry('Forget')).toHaveFocus();
  await userEvent.keyboard('{Home}{ArrowDown}');
  await expect.element(entry('Copy link')).toHaveFocus();
  await userEvent.keyboard('r');
  await expect.element(entry('Retire meeting')).toHaveFocus();
  await userEvent.keyboard('r');
  await expect.element(entry('Rename')).toHaveFocus();
});

test('an arrow key opens it from the button: down at the first item, up at the last', async () => {
  await show();
  button.element().dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true }));
  await expect.element(entry('Forget')).toHaveFocus();
});

test('Enter chooses and closes; what does not apply can be reached but not chosen', async () => {
  const { chosen } = await show();
  await button.click();
  await userEvent.keyboard('n');
  await expect.element(entry('New link')).toHaveFocus();
  await expect.element(entry('New link')).toHaveAttribute('aria-disabled', 'true');
  await userEvent.keyboard('{Enter}');
  expect(chosen).toEqual([]);
  await userEvent.keyboard('c{Enter}');
  expect(chosen).toEqual(['Copy link']);
  await expect.element(button).toHaveAttribute('aria-expanded', 'false');
});

test('a press elsewhere and Tab close it', async () => {
  await show();
  await button.click();
  await expect.element(entry('Rename')).toHaveFocus();
  await userEvent.keyboard('{Tab}');
  await expect.element(button).toHaveAttribute('aria-expanded', 'false');
});
