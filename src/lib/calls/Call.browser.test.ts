import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import '../ui/tokens.css';
import '../ui/base.css';
import { callPerson, callView, pictureStream, you } from '../../../tests/fakes/call-view';
import { DEVICE_WORDS as WORDS } from '../ui/words-device';
import CallBar from './CallBar.svelte';
import CallStart from './CallStart.svelte';
import CallPage from './Call.svelte';
import type { CallView, Quality } from './view';

const button = (name: string) => page.getByRole('button', { name, exact: true });
const group = (name: string) => page.getByRole('group', { name, exact: true });

/** A call in a frame of its own height, as a page would give it. */
async function show(over: Partial<CallView> = {}, props: { onchat?: () => void; unread?: number } = {}) {
  const call = callView(over);
  const frame = document.createElement('div');
  frame.style.blockSize = '100dvb';
  document.body.append(frame);
  const shown = await render(CallPage, { target: frame, props: { call, ...props } });
  return {
    call,
    again: (more: Partial<CallView>) => shown.rerender({ call: { ...call, ...more }, ...props }),
  };
}

/** Somebody to talk to, with their camera on. */
const seen = (over: Parameters<typeof callPerson>[0] = {}) =>
  callPerson({ camera: pictureStream(), ...over });

const key = (type: 'keydown' | 'keyup', to: EventTarget = document.body): boolean =>
  to.dispatchEvent(new KeyboardEvent(type, { key: ' ', bubbles: true, cancelable: true }));

function textarea(): HTMLTextAreaElement {
  const area = document.createElement('textarea');
  document.body.append(area);
  area.focus();
  return area;
}

beforeEach(() => page.viewport(1000, 700));
afterEach(() => {
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

test('three ways to start, each of them named', async () => {
  const onstart = vi.fn();
  const { rerender } = await render(CallStart, { onstart });
  for (const name of ['Start voice', 'Start video', 'Share screen']) {
    await button(name).click();
    const { width, height } = button(name).element().getBoundingClientRect();
    expect(Math.min(width, height)).toBeGreaterThanOrEqual(44);
  }
  expect(onstart.mock.calls).toEqual([['voice'], ['video'], ['screen']]);
  await rerender({ isDisabled: true, canShare: false });
  await expect.element(button('Start voice')).toBeDisabled();
  expect(button('Share screen').elements()).toHaveLength(0);
});

test('ringing is said at once, takes no focus, and is answered without a camera unless it is wished', async () => {
  const area = textarea();
  const { call } = await show({ stage: { at: 'asked', by: 'Ada', hasPicture: false }, people: [] });
  await expect.element(page.getByRole('alert')).toHaveTextContent('Ada is calling');
  await expect.element(page.getByRole('heading', { name: 'Ada is calling' })).toBeVisible();
  expect(document.activeElement).toBe(area);
  const wish = page.getByRole('checkbox', { name: 'Turn my camera on' });
  await expect.element(wish).not.toBeChecked();
  await button('Accept').click();
  await wish.click();
  await button('Accept').click();
  await button('Decline').click();
  expect(call.calls).toEqual([['accept', { camera: false }], ['accept', { camera: true }], ['decline']]);
});

test('somebody who shows a picture is answered with one, unless it is unwished', async () => {
  const { call, again } = await show({ stage: { at: 'asked', by: 'Ada', hasPicture: true }, people: [] });
  const wish = page.getByRole('checkbox', { name: 'Turn my camera on' });
  await expect.element(wish).toBeChecked();
  await again({ stage: { at: 'asked', by: 'Ada', hasPicture: false } });
  await expect.element(wish).toBeChecked();
  await wish.click();
  await button('Accept').click();
  expect(call.calls).toEqual([['accept', { camera: false }]]);
});

test('the stage is made while it rings, where nobody sees or presses it', async () => {
  const { again } = await show({ stage: { at: 'asked', by: 'Ada', hasPicture: true }, people: [] });
  const stage = (): HTMLElement | null => document.querySelector('.stage');
  await expect.poll(stage).not.toBeNull();
  const made = stage();
  expect(made).not.toBeVisible();
  expect(button('Hang up').elements()).toHaveLength(0);
  await again({ stage: { at: 'talking' } });
  await expect.element(button('Hang up')).toBeVisible();
  expect(stage()).toBe(made);
  await again({ stage: { at: 'idle' } });
  await expect.poll(stage).toBeNull();
});

test('what seals the call is said before it is answered', async () => {
  const asked = { at: 'asked', by: 'Ada', hasPicture: false } as const;
  const { again } = await show({ stage: asked });
  await expect
    .element(page.getByRole('region', { name: 'Ada is calling' }))
    .toHaveTextContent("your link's key");
  await again({ isSealed: false });
  await expect
    .element(page.getByRole('region', { name: 'Ada is calling' }))
    .toHaveTextContent(/Transport encryption only.*cannot seal/);
});

test('the bar asks for what its buttons say', async () => {
  const onchat = vi.fn();
  const { call, again } = await show({}, { onchat, unread: 3 });
  for (const name of ['Mute', 'Start video', 'Share screen', 'Hang up', 'Chat, 3 unread']) {
    await button(name).click();
  }
  await again({ isMuted: true, hasCamera: true, isSharing: true });
  for (const name of ['Unmute', 'Stop video', 'Stop sharing']) await button(name).click();
  expect(call.calls).toEqual([
    ['setMuted', true],
    ['setCamera', true],
    ['setSharing', true],
    ['hangUp'],
    ['setMuted', false],
    ['setCamera', false],
    ['setSharing', false],
  ]);
  expect(onchat).toHaveBeenCalledOnce();
});

test('no screen is offered where the browser cannot share one', async () => {
  vi.spyOn(navigator, 'mediaDevices', 'get').mockReturnValue(new EventTarget() as MediaDevices);
  await show();
  await expect.element(button('Mute')).toBeVisible();
  expect(button('Share screen').elements()).toHaveLength(0);
});

test.each([320, 390, 1280])('every control is inside the page and large enough at %i px', async (width) => {
  await page.viewport(width, 568);
  await show({ people: [you({ camera: pictureStream() }), seen()] }, { onchat: () => undefined, unread: 12 });
  await expect.element(button('Hang up')).toBeVisible();
  for (const element of page.getByRole('button').elements()) {
    const rect = element.getBoundingClientRect();
    expect(Math.min(rect.width, rect.height)).toBeGreaterThanOrEqual(44);
    expect(rect.left).toBeGreaterThanOrEqual(0);
    expect(rect.right).toBeLessThanOrEqual(width);
    expect(rect.bottom).toBeLessThanOrEqual(568);
  }
  expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
});

test.each([320, 1000])('a long name pushes nothing out of its box at %i px', async (width) => {
  await page.viewport(width, 568);
  const by = 'Wolfeschlegelsteinhausenbergerdorffabcde';
  const { again } = await show({ stage: { at: 'asked', by, hasPicture: true }, people: [] });
  const fits = (element: Element): boolean => element.scrollWidth <= element.clientWidth;
  expect(fits(page.getByRole('region', { name: `${by} is calling` }).element())).toBe(true);
  await again({ stage: { at: 'talking' }, people: [you(), callPerson({ name: by })] });
  await button(`Connection with ${by}: Good`).click();
  const figures = group(`Connection with ${by}`);
  await expect.element(figures).toHaveTextContent(/VP9/);
  expect(fits(figures.element())).toBe(true);
});

test('the rest is behind More, with what it means', async () => {
  const { call, again } = await show();
  await button('More').click();
  await page.getByRole('checkbox', { name: 'Data saver' }).click();
  const talk = page.getByRole('checkbox', { name: 'Push to talk' });
  await expect.element(talk).toHaveAccessibleDescription(/space bar/);
  await talk.click();
  expect(page.getByRole('radio').elements()).toHaveLength(0);
  await again({ isSharing: true });
  await expect.element(page.getByRole('group', { name: 'What I show is' })).toBeVisible();
  await expect.element(page.getByRole('radio', { name: /Text/ })).toBeChecked();
  await page.getByRole('radio', { name: /Motion/ }).click();
  expect(call.calls).toEqual([
    ['setSavingData', true],
    ['setPushToTalk', true],
    ['setScreenContent', 'motion'],
  ]);
});

test('the seal is named, and so is its absence', async () => {
  const { again } = await show();
  await expect.element(page.getByText("Sealed with your link's key")).toBeVisible();
  await again({ isSealed: false });
  await expect.element(page.getByText('Transport encryption only')).toBeVisible();
  expect(page.getByText("Sealed with your link's key").elements()).toHaveLength(0);
});

test.each<[Quality, string]>([
  ['good', 'Good'],
  ['weak-own', 'Weak: your network'],
  ['weak-theirs', 'Weak: theirs'],
  ['weak', 'Weak'],
  ['none', 'Measuring…'],
])('quality %s is called %s', async (quality, word) => {
  await render(CallBar, { call: callView({ people: [you(), callPerson({ quality })] }) });
  await expect.element(button(`Connection with Ada: ${word}`)).toBeVisible();
});

test('a press on the quality shows the figures, and they are asked for while they are open only', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const { call } = await show();
    const asked = (): number => call.calls.filter(([method]) => method === 'figures').length;
    expect(asked()).toBe(0);
    await button('Connection with Ada: Good').click();
    const figures = group('Connection with Ada');
    for (const text of [/42\sms/, /1\.2\s%/, /1,204\skbit/, /1280\s×\s720, 30\sfps, VP9/]) {
      await expect.element(figures).toHaveTextContent(text);
    }
    expect(asked()).toBe(1);
    vi.advanceTimersByTime(3000);
    expect(asked()).toBe(4);
    await userEvent.keyboard('{Escape}');
    await expect.element(figures).not.toBeInTheDocument();
    vi.advanceTimersByTime(5000);
    expect(asked()).toBe(4);
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  ['declined', 'Ada declined'],
  ['no-answer', 'No answer'],
  ['hung-up', 'Ada hung up'],
  ['missed', 'You missed a call from Ada'],
] as const)('the end "%s" reads "%s"', async (how, words) => {
  await show({ stage: { at: 'idle' }, people: [], lastEnd: { how, by: 'Ada' } });
  await expect.element(page.getByRole('status')).toHaveTextContent(words);
});

test('trouble is explained and can be put away', async () => {
  const { call } = await show({ trouble: 'media/busy' });
  await expect.element(page.getByRole('alert')).toHaveTextContent(WORDS['media/busy']().what);
  await button('Dismiss').click();
  expect(call.calls).toEqual([['dismissTrouble']]);
});

test('push to talk: heard while the space bar is held, and no longer than that', async () => {
  const { call, again } = await show({ isPushToTalk: true, isMuted: true });
  expect(key('keydown')).toBe(false);
  key('keydown');
  await again({ isPushToTalk: true, isMuted: false });
  key('keyup');
  key('keyup');
  key('keydown');
  window.dispatchEvent(new Event('blur'));
  expect(call.calls.map(([, on]) => on)).toEqual([false, true, false, true]);
});

test('the space bar types, presses and scrolls as ever where it should', async () => {
  const { call, again } = await show({ isPushToTalk: true, isMuted: true });
  expect(key('keydown', textarea())).toBe(true);
  expect(key('keydown', button('Devices').element())).toBe(true);
  await again({ isPushToTalk: false });
  expect(key('keydown')).toBe(true);
  expect(call.calls).toEqual([]);
});

test('M and V act outside of text, and can be turned off', async () => {
  const { call } = await show();
  await userEvent.keyboard('mv');
  expect(call.calls).toEqual([
    ['setMuted', true],
    ['setCamera', true],
  ]);
  textarea();
  await userEvent.keyboard('mv{Control>}m{/Control}');
  await button('More').click();
  await page.getByRole('checkbox', { name: 'Letter keys' }).click();
  await userEvent.keyboard('{Escape}mv');
  expect(call.calls).toHaveLength(2);
});

test('the controls give way to a picture, stay with the keyboard, and come back', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { again } = await show({ people: [you(), seen()] });
    const region = page.getByRole('region', { name: 'Call' }).element();
    const isCalm = (): boolean => getComputedStyle(region).getPropertyValue('--controls') === '0';
    vi.advanceTimersByTime(2900);
    expect(isCalm()).toBe(false);
    vi.advanceTimersByTime(200);
    await again({});
    expect(isCalm()).toBe(true);
    await userEvent.keyboard('{Tab}');
    await again({});
    expect(isCalm()).toBe(false);
    vi.advanceTimersByTime(10_000);
    await again({});
    expect(isCalm()).toBe(false);
    await again({ people: [you(), callPerson()] });
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    vi.advanceTimersByTime(10_000);
    await again({ people: [you(), callPerson()] });
    expect(isCalm()).toBe(false);
  } finally {
    vi.useRealTimers();
  }
});

test('the devices open from the bar, with the own level', async () => {
  await show({ levelOf: (id) => (id === 'you' ? 0.4 : 0) });
  await button('Devices').click();
  await expect.element(page.getByRole('meter')).toHaveAttribute('aria-valuenow', '40');
  await button('Done').click();
  await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
});
