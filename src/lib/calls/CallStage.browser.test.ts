import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import '../ui/tokens.css';
import '../ui/base.css';
import { callPerson, callView, pictureStream, you } from '../../../tests/fakes/call-view';
import CallPage from './Call.svelte';
import type { CallView } from './view';

const button = (name: string) => page.getByRole('button', { name, exact: true });
const group = (name: string) => page.getByRole('group', { name, exact: true });
const box = (name: string): DOMRect => group(name).element().getBoundingClientRect();

/** A call in a frame of its own height, as a page would give it. */
async function show(over: Partial<CallView> = {}) {
  const call = callView(over);
  const frame = document.createElement('div');
  frame.style.blockSize = '100dvb';
  document.body.append(frame);
  const shown = await render(CallPage, { target: frame, props: { call } });
  return { again: (more: Partial<CallView>) => shown.rerender({ call: { ...call, ...more } }) };
}

/** Somebody to talk to, with their camera on. */
const seen = (over: Parameters<typeof callPerson>[0] = {}) =>
  callPerson({ camera: pictureStream(), ...over });

beforeEach(() => page.viewport(1000, 700));
afterEach(() => {
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

test('without a camera there is a face and no box', async () => {
  await show();
  for (const name of ["Ada's video", 'Your video']) {
    await expect.element(group(name)).toBeVisible();
    expect(group(name).element().querySelector('video')).toBeNull();
  }
  await expect.element(group("Ada's video")).toHaveTextContent(/^A/);
});

test('pictures are mute, the own camera is mirrored, and none covers its face before the first frame', async () => {
  const still = new MediaStream();
  await show({ people: [you({ camera: pictureStream() }), callPerson({ camera: still })] });
  const video = (name: string): HTMLVideoElement | null => group(name).element().querySelector('video');
  await expect.poll(() => video('Your video')?.videoWidth).toBe(640);
  const [own, other] = [video('Your video'), video("Ada's video")];
  expect([own?.muted, other?.muted]).toEqual([true, true]);
  expect([own?.playsInline, other?.autoplay]).toEqual([true, true]);
  expect(own && getComputedStyle(own).scale).toBe('-1 1');
  expect(other && getComputedStyle(other).scale).toBe('none');
  expect(other?.srcObject).toBe(still);
  expect(other && getComputedStyle(other).opacity).toBe('0');
});

test('one to one: the other fills the stage, the own picture moves by keys and stays inside', async () => {
  await show({ people: [you({ camera: pictureStream() }), seen()] });
  await expect.element(button('Move your picture')).toBeVisible();
  expect(box("Ada's video").width).toBe(1000);
  const inside = (): boolean => {
    const rect = box('Your video');
    const bar = button('Hang up').element().getBoundingClientRect();
    return rect.left >= 0 && rect.right <= innerWidth && rect.top >= 0 && rect.bottom < bar.top;
  };
  const corner = (): string => {
    const { x, y } = box('Your video');
    return `${y < innerHeight / 3 ? 'top' : 'bottom'} ${x < innerWidth / 3 ? 'left' : 'right'}`;
  };
  await expect.poll(corner).toBe('bottom right');
  const mover = button('Move your picture').element();
  if (mover instanceof HTMLElement) mover.focus();
  for (const [arrow, where] of [
    ['ArrowLeft', 'bottom left'],
    ['ArrowUp', 'top left'],
    ['ArrowUp', 'top left'],
    ['ArrowRight', 'top right'],
    ['ArrowDown', 'bottom right'],
    ['Enter', 'bottom left'],
  ] as const) {
    await userEvent.keyboard(`{${arrow}}`);
    await expect.poll(corner).toBe(where);
    await expect.poll(inside).toBe(true);
  }
  await page.viewport(400, 600);
  await expect.poll(inside).toBe(true);
});

test('a drag is kept inside and ends in the nearest corner', async () => {
  await show({ people: [you({ camera: pictureStream() }), seen()] });
  await expect.element(button('Move your picture')).toBeVisible();
  const mover = button('Move your picture').element();
  vi.spyOn(Element.prototype, 'setPointerCapture').mockReturnValue();
  const at = (type: string, clientX: number, clientY: number): boolean =>
    mover.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerId: 5, clientX, clientY }));
  at('pointerdown', 900, 500);
  at('pointermove', -900, -900);
  // The picture lies within a border of one pixel.
  expect([box('Your video').left, box('Your video').top]).toEqual([1, 1]);
  at('pointerup', -900, -900);
  await expect.poll(() => box('Your video').left).toBe(13);
  await expect.poll(() => box('Your video').top).toBeGreaterThan(44);
});

test.each([
  [1000, 700],
  [390, 844],
  [320, 568],
  [608, 308],
  [448, 298],
  [358, 369],
  [288, 232],
] as const)(
  '%i by %i: bar, tools, own picture and a long name keep clear of each other',
  async (width, height) => {
    await page.viewport(width, height);
    const name = 'Wolfeschlegelsteinhausenbergerdorffabcde';
    await show({ people: [you({ camera: pictureStream() }), seen({ name })] });
    await expect.element(button('Hang up')).toBeVisible();
    const plate = group(`${name}'s video`).element().querySelector('.plate');
    const boxes = [
      box('Call'),
      group('Layout').elements()[0]?.getBoundingClientRect(),
      box('Your video'),
      plate?.getBoundingClientRect(),
    ].filter((rect) => rect !== undefined);
    expect(boxes.length).toBeGreaterThanOrEqual(3);
    for (const [index, a] of boxes.entries()) {
      expect(a.top).toBeGreaterThanOrEqual(0);
      for (const b of boxes.slice(index + 1)) {
        const isApart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        expect(isApart, `${index}`).toBe(true);
      }
    }
  },
);

test('what the browser refuses is said for a while, and moves no button out of reach', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    await page.viewport(320, 568);
    vi.spyOn(Element.prototype, 'requestFullscreen').mockRejectedValue(
      new DOMException('', 'NotAllowedError'),
    );
    await show({ people: [you(), seen()] });
    await button('Full screen').click();
    const notice = page.getByText('Your browser did not allow it.');
    await expect.element(notice).toBeVisible();
    expect(notice.element().getBoundingClientRect().left).toBeGreaterThanOrEqual(0);
    for (const element of group('Layout').getByRole('button').elements()) {
      expect(element.getBoundingClientRect().width).toBeGreaterThanOrEqual(44);
    }
    vi.advanceTimersByTime(5000);
    await expect.element(notice).not.toBeInTheDocument();
  } finally {
    vi.useRealTimers();
  }
});

test('side by side makes both alike', async () => {
  await show({ people: [you({ camera: pictureStream() }), seen()] });
  await button('Side by side').click();
  await expect.element(button('Side by side')).toHaveAttribute('aria-pressed', 'true');
  expect(box("Ada's video").width).toBeCloseTo(box('Your video').width, 0);
  expect(box("Ada's video").right).toBeLessThan(box('Your video').left);
  expect(button('Move your picture').elements()).toHaveLength(0);
});

test('three people and a screen: the screen first, every face beside it, none upon another', async () => {
  await show({
    people: [you(), seen({ screen: pictureStream('#fff', 1280, 720) }), callPerson({ id: 'bo', name: 'Bo' })],
  });
  const names = ["Ada's screen", "Ada's video", "Bo's video", 'Your video'];
  for (const [width, height] of [
    [1000, 700],
    [390, 844],
  ] as const) {
    await page.viewport(width, height);
    await expect.poll(() => box("Ada's screen").width > width * 0.6).toBe(true);
    const [screen, ...faces] = names.map(box);
    for (const face of faces) {
      expect(face.width * face.height).toBeLessThan((screen?.width ?? 0) * (screen?.height ?? 0));
      expect(face.width).toBeGreaterThan(60);
    }
    const isFree = names.every((one) =>
      names.every((other) => {
        const [a, b] = [box(one), box(other)];
        return (
          one === other || a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top
        );
      }),
    );
    expect(isFree).toBe(true);
  }
  const screen = group("Ada's screen").element().querySelector('video');
  expect(screen && getComputedStyle(screen).objectFit).toBe('contain');
});

test('the own screen is beside, never first, and not mirrored', async () => {
  await show({ people: [you({ screen: pictureStream('#fff') }), seen()], isSharing: true });
  await expect.element(group('Your screen')).toBeVisible();
  expect(box("Ada's video").width).toBeGreaterThan(box('Your screen').width);
  const screen = group('Your screen').element().querySelector('video');
  expect(screen && getComputedStyle(screen).scale).toBe('none');
});

test('muted, reconnecting and waiting are said in words', async () => {
  const { again } = await show({ stage: { at: 'calling', isRinging: false }, people: [you()] });
  await expect.element(page.getByText('Calling…')).toBeVisible();
  await again({ stage: { at: 'calling', isRinging: true }, people: [you()] });
  await expect.element(page.getByText('Ringing at the other side…')).toBeVisible();
  await again({
    stage: { at: 'talking' },
    people: [you(), callPerson({ isMuted: true, link: 'reconnecting' })],
  });
  await expect.element(group("Ada's video")).toHaveTextContent('Muted');
  await expect.element(group("Ada's video")).toHaveTextContent('Reconnecting…');
  await expect.element(page.getByRole('status').filter({ hasText: 'Ada: reconnecting' })).toBeInTheDocument();
});
