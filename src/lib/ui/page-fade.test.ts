import type { OnNavigate } from '@sveltejs/kit';
import { afterEach, expect, test, vi } from 'vitest';
import { pageFade } from './page-fade';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A browser that notes what it is asked to draw, and the way from one page to another in it. */
function browser({ wantsLess = false, canFade = true } = {}) {
  const fades: (() => Promise<void>)[] = [];
  const startViewTransition = (update: () => Promise<void>) => {
    fades.push(update);
    return { ready: Promise.reject(new DOMException('Nobody sees it', 'InvalidStateError')) };
  };
  vi.stubGlobal('document', canFade ? { startViewTransition } : {});
  vi.stubGlobal('matchMedia', () => ({ matches: wantsLess }));
  const go = (from: string, to: string, complete: Promise<void> = Promise.resolve()) =>
    pageFade({
      from: { route: { id: from } },
      to: { route: { id: to } },
      complete,
    } as Partial<OnNavigate> as OnNavigate);
  return { fades, go };
}

test('the old page is held until the new one is there', async () => {
  const { fades, go } = browser();
  let arrive = (): void => undefined;
  const complete = new Promise<void>((resolve) => (arrive = resolve));
  const begun = go('/', '/settings', complete);
  expect(fades).toHaveLength(1);
  let isDrawn = false;
  const drawing = fades[0]?.().then(() => (isDrawn = true));
  // Kit goes on once the old page has been captured.
  await begun;
  expect(isDrawn).toBe(false);
  arrive();
  await drawing;
  expect(isDrawn).toBe(true);
});

test('a way that is given up is no error', async () => {
  const { fades, go } = browser();
  void go('/', '/settings', Promise.reject(new Error('navigation aborted')));
  await expect(fades[0]?.()).resolves.toBeUndefined();
});

test.for([
  ['into a meeting', '/', '/m', {}],
  ['out of a meeting', '/m', '/', {}],
  ['for who wants less motion', '/', '/settings', { wantsLess: true }],
  ['where the browser has none', '/', '/settings', { canFade: false }],
] as const)('nobody waits for a fade %s', ([, from, to, what]) => {
  const { fades, go } = browser(what);
  expect(go(from, to)).toBeUndefined();
  expect(fades).toEqual([]);
});
