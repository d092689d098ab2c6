import { expect, test, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import UpdateNotice from './UpdateNotice.svelte';

test('says nothing while there is nothing new', async () => {
  const screen = await render(UpdateNotice, { update: { isReady: false, apply: vi.fn() } });
  await expect.element(screen.getByRole('status')).toHaveTextContent(/^$/);
});

test('offers a new version and takes it on a press only', async () => {
  const apply = vi.fn();
  const screen = await render(UpdateNotice, { update: { isReady: true, apply } });
  await expect.element(screen.getByRole('status')).toHaveTextContent('A new version is ready');
  expect(apply).not.toHaveBeenCalled();
  await screen.getByRole('button', { name: 'Update now' }).click();
  expect(apply).toHaveBeenCalledOnce();
});
