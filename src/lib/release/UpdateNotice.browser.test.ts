import { expect, test, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import type { Stage } from './consent.svelte';
import type { Offer } from './offer';
import UpdateNotice from './UpdateNotice.svelte';

const OFFER: Offer = {
  version: '1.1.0',
  changes: ['One.', 'Two.', 'Three.', 'Four.', 'Five.'],
  fingerprint: 'aaaa bbbb',
  signer: 'cccc dddd',
  afterwards: { at: 'same' },
  worker: '/service-worker.x.js',
};

const shown = (stage: Stage | null, isReplaced = false) => {
  const onaccept = vi.fn();
  return render(UpdateNotice, { stage, isReplaced, onaccept }).then((screen) => ({ screen, onaccept }));
};

test('says nothing while there is nothing new, and while it is being judged', async () => {
  for (const stage of [null, { at: 'checking' } as const]) {
    const { screen } = await shown(stage);
    await expect.element(screen.getByRole('status')).toHaveTextContent(/^$/);
    await expect.element(screen.getByRole('alert')).not.toBeInTheDocument();
    await screen.unmount();
  }
});

test('names a new version and what changed, and takes it on a press only', async () => {
  const { screen, onaccept } = await shown({ at: 'offered', offer: OFFER });
  await expect.element(screen.getByRole('status')).toHaveTextContent('A new version is ready: 1.1.0');
  await expect.element(screen.getByText('Four.')).toBeVisible();
  await expect.element(screen.getByText('Five.')).not.toBeVisible();
  expect(onaccept).not.toHaveBeenCalled();
  await screen.getByRole('button', { name: 'Update now' }).click();
  expect(onaccept).toHaveBeenCalledOnce();
});

test('its fingerprint and who signed it are one press away', async () => {
  const { screen } = await shown({ at: 'offered', offer: OFFER });
  await screen.getByText('More, and its fingerprint').click();
  await expect.element(screen.getByText('aaaa bbbb')).toBeVisible();
  await expect.element(screen.getByText('Signed by the key cccc dddd')).toBeVisible();
  await expect.element(screen.getByText('Five.')).toBeVisible();
});

test('an unsigned one is called that, and another key is named', async () => {
  const afterwards = { at: 'key', key: 'eeee ffff' } as const;
  const { screen } = await shown({ at: 'offered', offer: { ...OFFER, signer: null, afterwards } });
  await expect.element(screen.getByText('will be signed by the key eeee ffff')).toBeVisible();
  await screen.getByText('More, and its fingerprint').click();
  await expect.element(screen.getByText('Not signed')).toBeVisible();
});

test('one after which nothing will be signed says so', async () => {
  const { screen } = await shown({ at: 'offered', offer: { ...OFFER, afterwards: { at: 'unsigned' } } });
  await expect.element(screen.getByText('Updates after this one will not be signed.')).toBeVisible();
});

test('while it is fetched the button waits', async () => {
  const { screen } = await shown({ at: 'installing', offer: OFFER });
  await expect.element(screen.getByRole('button', { name: 'Update now' })).toBeDisabled();
});

test('one that is refused is an alert without a button', async () => {
  for (const refusal of ['unsigned', 'altered', 'older'] as const) {
    const { screen } = await shown({ at: 'refused', refusal });
    await expect
      .element(screen.getByRole('alert'))
      .toHaveTextContent('the version that you have goes on working');
    await expect.element(screen.getByRole('button')).not.toBeInTheDocument();
    await screen.unmount();
  }
});

test('one that could not be installed can be tried again', async () => {
  const { screen, onaccept } = await shown({ at: 'failed', offer: OFFER });
  await expect.element(screen.getByRole('alert')).toHaveTextContent('was not installed');
  await screen.getByRole('button', { name: 'Try again' }).click();
  expect(onaccept).toHaveBeenCalledOnce();
});

test('code that was exchanged unasked is an alert', async () => {
  const { screen } = await shown(null, true);
  await expect.element(screen.getByRole('alert')).toHaveTextContent('put other code in the place');
});
