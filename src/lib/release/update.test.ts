import { beforeEach, describe, expect, test } from 'vitest';
import { makeRelease } from '../../../tests/fakes/release';
import { FakeContainer, FakeWorker } from '../../../tests/fakes/service-worker';
import type { Bytes } from '../protocol/bytes';
import { AppUpdate, type UpdatePlatform } from './update.svelte';

class FakePage extends EventTarget {
  visibilityState: DocumentVisibilityState = 'visible';
  comeBack(): void {
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

const MINE = makeRelease('1.0.0');
const NEXT = makeRelease('1.1.0');

let container: FakeContainer;
let page: FakePage;
let nowMs: number;
let rest: () => void;
let served: () => Promise<Bytes | null>;
let asked: number;
let update: AppUpdate;

beforeEach(() => {
  container = new FakeContainer();
  page = new FakePage();
  nowMs = 0;
  asked = 0;
  served = async () => MINE.list;
  update = new AppUpdate(platform());
});

/** Only what the class uses is faked, so the rest of each browser interface is left out. */
function platform(): UpdatePlatform {
  return {
    container: container as unknown as ServiceWorkerContainer,
    page,
    rest: () => new Promise((resolve) => (rest = resolve)),
    now: () => nowMs,
    read: (path) => {
      expect(path).toBe('/release.json');
      asked += 1;
      return served();
    },
  };
}

async function started(): Promise<void> {
  const done = update.start();
  rest();
  await done;
}

describe('a first visit', () => {
  test('waits until the page has come to rest, then keeps the version that the server names', async () => {
    const done = update.start();
    expect([container.registered, asked]).toEqual([[], 0]);
    rest();
    await done;
    expect(container.registered).toEqual([[MINE.worker, { updateViaCache: 'none' }]]);
    container.takeOver();
    expect(update.newer).toBeNull();
    expect(update.isReplaced).toBe(false);
  });

  test('keeps nothing where the server has no list, there is no network, or the browser refuses', async () => {
    served = async () => null;
    await started();
    update = new AppUpdate(platform());
    served = () => Promise.reject(new TypeError('Failed to fetch'));
    await started();
    expect(container.registered).toEqual([]);
    update = new AppUpdate(platform());
    served = async () => MINE.list;
    container.refuses = true;
    await started();
    expect(update.newer).toBeNull();
  });

  test('keeps nothing in a browser without service workers, and asks nobody', async () => {
    update = new AppUpdate({ ...platform(), container: undefined });
    await update.start();
    expect(asked).toBe(0);
  });
});

describe('a device that keeps a version', () => {
  beforeEach(() => container.keep(MINE.worker));

  test('hears of nothing while the server has the same', async () => {
    await started();
    expect(update.newer).toBeNull();
  });

  test('hears of another one, and installs nothing by itself', async () => {
    served = async () => NEXT.list;
    await started();
    expect(update.newer).toEqual({ list: NEXT.list, worker: NEXT.worker });
    expect(container.registered).toEqual([]);
  });

  test('keeps one and the same offer while nothing changes, and drops it when the server goes back', async () => {
    served = async () => NEXT.list;
    await started();
    const first = update.newer;
    await update.look();
    expect(update.newer).toBe(first);
    served = async () => MINE.list;
    await update.look();
    expect(update.newer).toBeNull();
  });

  test('hears of what another window has changed to', async () => {
    await started();
    served = async () => NEXT.list;
    await container.register(NEXT.worker, {});
    container.takeOver();
    await expect.poll(() => update.newer?.worker).toBe(NEXT.worker);
  });

  test('is warned when other code comes under the address of its own', async () => {
    await started();
    container.registration?.bring(new FakeWorker(NEXT.worker));
    expect(update.isReplaced).toBe(false);
    container.registration?.bring(new FakeWorker(MINE.worker));
    expect(update.isReplaced).toBe(true);
  });

  test('is warned too when that had come before the page looked', async () => {
    const waiting = new FakeWorker(MINE.worker);
    Object.assign(container.registration ?? {}, { waiting });
    await started();
    expect(update.isReplaced).toBe(true);
  });

  test('says nothing without a network or a list', async () => {
    served = () => Promise.reject(new TypeError('Failed to fetch'));
    await started();
    expect(update.newer).toBeNull();
    served = async () => null;
    await update.look();
    expect(update.newer).toBeNull();
  });
});

describe('looking again', () => {
  beforeEach(() => container.keep(MINE.worker));

  test('happens on a return to the page, once an hour at most', async () => {
    await started();
    expect(asked).toBe(1);
    nowMs = 3_599_999;
    page.comeBack();
    expect(asked).toBe(1);
    nowMs = 3_600_000;
    page.visibilityState = 'hidden';
    page.comeBack();
    expect(asked).toBe(1);
    page.visibilityState = 'visible';
    page.comeBack();
    page.comeBack();
    expect(asked).toBe(2);
  });

  test('happens at the next return where nothing could be found out', async () => {
    served = () => Promise.reject(new TypeError('Failed to fetch'));
    await started();
    page.comeBack();
    expect(asked).toBe(2);
    served = async () => NEXT.list;
    await expect.poll(() => (page.comeBack(), update.newer?.worker)).toBe(NEXT.worker);
    update.forget();
    expect(update.newer).toBeNull();
    page.comeBack();
    await expect.poll(() => update.newer?.worker).toBe(NEXT.worker);
  });

  test('ends with its owner', async () => {
    await started();
    update.destroy();
    nowMs = 3_600_000;
    page.comeBack();
    container.registration?.bring(new FakeWorker(MINE.worker));
    expect(asked).toBe(1);
    expect(update.isReplaced).toBe(false);
  });
});
