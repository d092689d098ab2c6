import { beforeEach, describe, expect, test } from 'vitest';
import { AppUpdate, type UpdatePlatform } from './update.svelte';

/** A service worker that only changes its state and remembers what it was told. */
class FakeWorker extends EventTarget {
  readonly told: unknown[] = [];
  postMessage(message: unknown): void {
    this.told.push(message);
  }
}

class FakeRegistration extends EventTarget {
  installing: FakeWorker | null = null;
  waiting: FakeWorker | null = null;
  asked = 0;
  answer: () => Promise<void> = () => Promise.resolve();

  update(): Promise<void> {
    this.asked += 1;
    return this.answer();
  }
  /** As a browser does: found, downloaded, then waiting. */
  bringNewVersion(): FakeWorker {
    const worker = new FakeWorker();
    this.installing = worker;
    this.dispatchEvent(new Event('updatefound'));
    this.installing = null;
    this.waiting = worker;
    worker.dispatchEvent(new Event('statechange'));
    return worker;
  }
}

class FakeContainer extends EventTarget {
  controller: FakeWorker | null = new FakeWorker();
  readonly registration = new FakeRegistration();
  readonly registered: unknown[] = [];
  refuses = false;

  register(url: string, options: unknown): Promise<FakeRegistration> {
    this.registered.push([url, options]);
    return this.refuses
      ? Promise.reject(new DOMException('', 'SecurityError'))
      : Promise.resolve(this.registration);
  }
}

class FakePage extends EventTarget {
  visibilityState: DocumentVisibilityState = 'visible';
  comeBack(): void {
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

let container: FakeContainer;
let page: FakePage;
let nowMs: number;
let reloads: number;
let rest: () => void;
let update: AppUpdate;

beforeEach(() => {
  container = new FakeContainer();
  page = new FakePage();
  nowMs = 0;
  reloads = 0;
  update = new AppUpdate(platform());
});

/** Only what the class uses is faked, so the rest of each browser interface is left out. */
function platform(): UpdatePlatform {
  return {
    container: container as unknown as ServiceWorkerContainer,
    page: page,
    idle: () => new Promise((resolve) => (rest = resolve)),
    now: () => nowMs,
    reload: () => (reloads += 1),
  };
}

async function registered(): Promise<void> {
  const done = update.register();
  rest();
  await done;
}

describe('registration', () => {
  test('waits until the page has come to rest, and bypasses the HTTP cache', async () => {
    const done = update.register();
    expect(container.registered).toEqual([]);
    rest();
    await done;
    expect(container.registered).toEqual([['/service-worker.js', { updateViaCache: 'none' }]]);
    expect(update.offline).toBe('kept');
  });

  test('a browser that refuses shows as unavailable and nothing else', async () => {
    container.refuses = true;
    await registered();
    expect(update.offline).toBe('unavailable');
    expect(update.isReady).toBe(false);
  });

  test('a browser without service workers shows as unavailable', async () => {
    update = new AppUpdate({ ...platform(), container: undefined });
    await update.register();
    expect(update.offline).toBe('unavailable');
  });
});

describe('a new version', () => {
  test('is ready when it waits behind a running one, found now or earlier', async () => {
    await registered();
    expect(update.isReady).toBe(false);
    container.registration.bringNewVersion();
    expect(update.isReady).toBe(true);

    const later = new AppUpdate(platform());
    const done = later.register();
    rest();
    await done;
    expect(later.isReady).toBe(true);
  });

  test('is no update when it is the first on this device', async () => {
    container.controller = null;
    await registered();
    container.registration.bringNewVersion();
    expect(update.isReady).toBe(false);
    container.controller = new FakeWorker();
    container.dispatchEvent(new Event('controllerchange'));
    expect(update.isReady).toBe(false);
    expect(reloads).toBe(0);
  });

  test('is told to take over when the person agrees; the page reloads once it has', async () => {
    await registered();
    const waiting = container.registration.bringNewVersion();
    expect(waiting.told).toEqual([]);
    update.apply();
    expect(waiting.told).toEqual([{ type: 'SKIP_WAITING' }]);
    expect(reloads).toBe(0);
    container.dispatchEvent(new Event('controllerchange'));
    container.dispatchEvent(new Event('controllerchange'));
    expect(reloads).toBe(1);
  });

  test('that another window agreed to is offered here, not forced', async () => {
    await registered();
    container.dispatchEvent(new Event('controllerchange'));
    expect(reloads).toBe(0);
    expect(update.isReady).toBe(true);
    update.apply();
    expect(reloads).toBe(1);
  });
});

describe('looking for a new version', () => {
  test('happens on a return to the page, once an hour at most', async () => {
    await registered();
    nowMs = 3_599_999;
    page.comeBack();
    expect(container.registration.asked).toBe(0);
    nowMs = 3_600_000;
    page.visibilityState = 'hidden';
    page.comeBack();
    expect(container.registration.asked).toBe(0);
    page.visibilityState = 'visible';
    page.comeBack();
    page.comeBack();
    expect(container.registration.asked).toBe(1);
  });

  test('without a network happens again at the next return', async () => {
    await registered();
    container.registration.answer = () => Promise.reject(new TypeError('offline'));
    nowMs = 3_600_000;
    page.comeBack();
    await expect.poll(() => (page.comeBack(), container.registration.asked)).toBeGreaterThan(1);
  });

  test('ends with its owner', async () => {
    await registered();
    update.destroy();
    nowMs = 3_600_000;
    page.comeBack();
    container.registration.bringNewVersion();
    expect(container.registration.asked).toBe(0);
    expect(update.isReady).toBe(false);
  });
});
