import { createRawSnippet } from 'svelte';
import { beforeEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import '../../ui/tokens.css';
import '../../ui/base.css';
import { INVITE_LINK, meetingView, person } from '../../../../tests/fakes/meeting-view';
import { WORDS } from '../../ui/words';
import type { MeetingView } from '../view';
import MeetingPage from './MeetingPage.svelte';

const chat = createRawSnippet(() => ({ render: () => '<div role="log" aria-label="Conversation"></div>' }));
const files = createRawSnippet(() => ({ render: () => '<div></div>' }));
const call = createRawSnippet(() => ({ render: () => '<div></div>' }));
const GUEST = { role: 'guest', inviteLink: null } as const;

async function show(
  over: Partial<MeetingView> = {},
  onagain?: () => void,
): Promise<ReturnType<typeof meetingView>> {
  const meeting = meetingView(over);
  await render(MeetingPage, { meeting, chat, files, call, onagain, onreopen: () => undefined });
  return meeting;
}

beforeEach(() => page.viewport(1280, 720));

test('a host alone sees the invitation and not yet the conversation', async () => {
  await show();
  const link = page.getByRole('textbox', { name: 'Invite link' });
  await expect.element(link).toHaveValue(INVITE_LINK);
  await expect.element(link).toHaveAttribute('readonly');
  for (const name of ['Copy link', 'Share link', 'Show QR code']) {
    await expect.element(page.getByRole('button', { name })).toBeVisible();
  }
  expect(page.getByRole('log').elements()).toHaveLength(0);
  await page.getByRole('button', { name: 'Show QR code' }).click();
  await expect.element(page.getByRole('dialog', { name: 'Scan to join' }).getByRole('img')).toBeVisible();
});

test('nothing of a meeting is in the title', async () => {
  await show();
  await expect.poll(() => document.title).toBe('Meeting · Parley');
});

test('joining takes the name, and only when the button is pressed', async () => {
  const meeting = await show({ ...GUEST, ownName: '', stage: { at: 'joining', hostPresent: true } });
  expect(meeting.calls).toEqual([]);
  await page.getByRole('textbox', { name: 'Your name' }).fill(' Grace ');
  await page.getByRole('checkbox', { name: /Remember my name/ }).click();
  await page.getByRole('button', { name: 'Join' }).click();
  expect(meeting.calls).toEqual([['join', 'Grace', { remember: true, hideAddress: false }]]);
});

test('hiding the address is one switch before joining, set as the device remembers it', async () => {
  const meeting = await show({
    ...GUEST,
    ownName: 'Grace',
    hidesAddress: true,
    stage: { at: 'joining', hostPresent: true },
  });
  const hide = page.getByRole('checkbox', { name: 'Hide my address' });
  await expect.element(hide).toBeChecked();
  await hide.click();
  await page.getByRole('button', { name: 'Join' }).click();
  expect(meeting.calls).toEqual([['join', 'Grace', { remember: true, hideAddress: false }]]);
});

test('a name is needed', async () => {
  const meeting = await show({ ...GUEST, ownName: '', stage: { at: 'joining', hostPresent: null } });
  await page.getByRole('button', { name: 'Join' }).click();
  expect(meeting.calls).toEqual([]);
});

test('waiting says for what, and can be told to call', async () => {
  const meeting = await show({ ...GUEST, stage: { at: 'waiting', reason: 'host-away' } });
  await expect.element(page.getByRole('status')).toHaveTextContent('Waiting for the host');
  const wish = page.getByRole('button', { name: 'Tell me when the host is here' });
  await expect.element(wish).toHaveAttribute('aria-pressed', 'false');
  await wish.click();
  expect(meeting.calls).toEqual([['setNotice', true]]);
});

test('the lobby says that the host is asked', async () => {
  await show({ ...GUEST, stage: { at: 'waiting', reason: 'lobby' } });
  await expect.element(page.getByRole('status')).toHaveTextContent('Asking the host to let you in');
});

test('a host answers those who ask, by name', async () => {
  const meeting = await show({ waitingRoom: [{ id: 'a', name: 'Grace', text: 'It is me' }] });
  const room = page.getByRole('region', { name: 'Waiting room' });
  await room.getByRole('button', { name: 'Turn away Grace' }).click();
  await room.getByRole('button', { name: 'Admit Grace' }).click();
  expect(meeting.calls).toEqual([
    ['turnAway', 'a'],
    ['admit', 'a'],
  ]);
});

test('in company: conversation, people, connection, safety words', async () => {
  const meeting = await show({
    people: [person({ id: 'you', name: 'Maya', isYou: true }), person({ id: 'g', name: 'Grace' })],
  });
  await expect.element(page.getByRole('log', { name: 'Conversation' })).toBeInTheDocument();
  await expect.element(page.getByRole('list', { name: 'People' })).toHaveTextContent('Grace');
  const connection = page.getByRole('region', { name: 'Connection' });
  await expect.element(connection).toHaveTextContent(/Direct · UDP/);
  await expect.element(connection).toHaveTextContent(/24\sms/);
  await expect.element(connection).toHaveTextContent("Messages, files and media sealed with your link's key");
  const words = page.getByRole('region', { name: 'Safety words' });
  expect(
    words
      .getByRole('listitem')
      .elements()
      .map((item) => item.textContent),
  ).toEqual(['envelope 70', 'anchor 5', 'harbour 93', 'quilt 181']);
  await words.getByRole('button', { name: 'Mark as verified' }).click();
  expect(meeting.calls).toEqual([['markVerified', 'g']]);
});

test('on a phone the details are behind one button, and the conversation gives way to them', async () => {
  await page.viewport(360, 740);
  await show({ people: [person({ id: 'you', isYou: true }), person({ id: 'g', name: 'Grace' })] });
  const connection = page.getByRole('region', { name: 'Connection' });
  expect(connection.elements()).toHaveLength(0);
  const toggle = page.getByRole('button', { name: 'People and details' });
  await toggle.click();
  await expect.element(toggle).toHaveAttribute('aria-expanded', 'true');
  await expect.element(connection).toBeVisible();
  expect(page.getByRole('log').elements()).toHaveLength(0);
});

test('a lost connection is said in place', async () => {
  await show({ people: [person({ id: 'you', isYou: true }), person({ id: 'g', link: 'reconnecting' })] });
  await expect.element(page.getByRole('status').filter({ hasText: 'Reconnecting…' })).toBeVisible();
  await expect.element(page.getByRole('log')).toBeInTheDocument();
});

test('a rewritten link is a warning, before joining and after', async () => {
  await show({ ...GUEST, wasRewritten: true, stage: { at: 'joining', hostPresent: true } });
  await expect.element(page.getByRole('alert')).toHaveTextContent(/has seen this link/);
});

test('the switch asks for the lobby, Leave leaves, and retiring asks first', async () => {
  const meeting = await show();
  await page.getByRole('checkbox', { name: 'Ask me before anyone comes in' }).click();
  await page.getByRole('button', { name: 'Retire meeting' }).click();
  const dialog = page.getByRole('dialog', { name: 'Retire this meeting?' });
  await dialog.getByRole('button', { name: 'Keep' }).click();
  await page.getByRole('button', { name: 'Retire meeting' }).click();
  await dialog.getByRole('button', { name: 'Retire', exact: true }).click();
  await page.getByRole('button', { name: 'Leave' }).click();
  expect(meeting.calls).toEqual([['setPolicy', { lobby: true }], ['retire'], ['leave']]);
});

test('an end says what, why and what next; trying again is offered only where it can help', async () => {
  let tries = 0;
  await show({ ...GUEST, stage: { at: 'ended', code: 'peer/ice-failed' } }, () => tries++);
  const { what, why, next } = WORDS['peer/ice-failed']();
  for (const text of [what, why, next]) await expect.element(page.getByRole('alert')).toHaveTextContent(text);
  await page.getByRole('button', { name: 'Open again' }).click();
  expect(tries).toBe(1);
});

test('a link that is dead stays dead', async () => {
  await show({ ...GUEST, stage: { at: 'ended', code: 'meeting/retired' } }, () => undefined);
  await expect.element(page.getByRole('alert')).toHaveTextContent('This meeting was retired.');
  expect(page.getByRole('button', { name: 'Open again' }).elements()).toHaveLength(0);
});

test('the host who retired is not told to ask the host', async () => {
  await show({ stage: { at: 'ended', code: 'meeting/retired' } });
  await expect.element(page.getByRole('status')).toHaveTextContent('You retired this meeting.');
});
