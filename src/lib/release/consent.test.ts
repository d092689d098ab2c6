import { beforeEach, describe, expect, test } from 'vitest';
import { FakePublisher, makeRelease } from '../../../tests/fakes/release';
import { FakeContainer } from '../../../tests/fakes/service-worker';
import type { Bytes } from '../protocol/bytes';
import { Consent, type ConsentPlatform } from './consent.svelte';

const publisher = new FakePublisher();
const MINE = makeRelease('1.0.0');
const NEXT = makeRelease('1.1.0', { key: publisher.key });

let container: FakeContainer;
let served: Map<string, Bytes>;
let reloads: number;
let consent: Consent;

beforeEach(() => {
  container = new FakeContainer().keep(MINE.worker);
  served = new Map([
    [NEXT.worker, NEXT.script],
    ['/release.sig', publisher.sign(NEXT.list)],
  ]);
  reloads = 0;
  consent = new Consent(NEXT.list, platform());
});

function platform(): ConsentPlatform {
  return {
    container: container as unknown as ServiceWorkerContainer,
    running: { version: '1.0.0', key: publisher.key },
    read: async (path) => served.get(path) ?? null,
    reload: () => (reloads += 1),
  };
}

const fresh = () => container.registration?.installing ?? null;

describe('before anybody agreed', () => {
  test('the version is judged and nothing is installed', async () => {
    expect(consent.stage).toEqual({ at: 'checking' });
    expect(await consent.check()).toBe(true);
    expect(consent.stage).toMatchObject({ at: 'offered', offer: { version: '1.1.0' } });
    expect(container.registered).toEqual([]);
  });

  test('one that the publisher did not sign cannot be agreed to', async () => {
    served.delete('/release.sig');
    await consent.check();
    expect(consent.stage).toEqual({ at: 'refused', refusal: 'unsigned' });
    await consent.accept();
    expect(container.registered).toEqual([]);
  });

  test('neither can one that has not been judged', async () => {
    await consent.accept();
    expect(container.registered).toEqual([]);
  });

  test('without a network nothing is known', async () => {
    const read = () => Promise.reject(new TypeError('Failed to fetch'));
    consent = new Consent(NEXT.list, { ...platform(), read });
    expect(await consent.check()).toBe(false);
    expect(consent.stage).toEqual({ at: 'checking' });
  });
});

describe('after a person agreed', () => {
  beforeEach(() => consent.check());

  test('it is installed, told to take over once it is whole, and the page loads anew when it has', async () => {
    await consent.accept();
    expect(container.registered).toEqual([[NEXT.worker, { updateViaCache: 'none' }]]);
    expect(consent.stage).toMatchObject({ at: 'installing' });
    const worker = fresh();
    expect(worker?.told).toEqual([]);
    worker?.become('installed');
    expect(worker?.told).toEqual([{ type: 'SKIP_WAITING' }]);
    expect(reloads).toBe(0);
    container.takeOver();
    container.dispatchEvent(new Event('controllerchange'));
    expect(reloads).toBe(1);
  });

  test('one that was installed earlier and waits is told at once', async () => {
    await consent.accept();
    const worker = fresh();
    worker?.become('installed');
    Object.assign(container.registration ?? {}, { installing: null, waiting: worker });
    consent = new Consent(NEXT.list, platform());
    await consent.check();
    await consent.accept();
    expect(worker?.told).toEqual([{ type: 'SKIP_WAITING' }, { type: 'SKIP_WAITING' }]);
  });

  test('one that another window has changed to is only followed', async () => {
    await container.register(NEXT.worker, {});
    container.takeOver();
    await consent.accept();
    expect(reloads).toBe(1);
  });

  test('a file that is not the listed one leaves everything as it is; one may try again', async () => {
    await consent.accept();
    fresh()?.become('redundant');
    expect(consent.stage).toMatchObject({ at: 'failed', offer: { version: '1.1.0' } });
    expect(reloads).toBe(0);
    Object.assign(container.registration ?? {}, { installing: null });
    await consent.accept();
    fresh()?.become('installed');
    container.takeOver();
    expect(reloads).toBe(1);
  });

  test('a script that does not arrive is a failure as well', async () => {
    container.refuses = true;
    await consent.accept();
    expect(consent.stage).toMatchObject({ at: 'failed' });
  });

  test('whoever goes into a meeting meanwhile is not taken out of it', async () => {
    await consent.accept();
    const worker = fresh();
    consent.destroy();
    worker?.become('installed');
    container.takeOver();
    expect(worker?.told).toEqual([]);
    expect(reloads).toBe(0);
  });
});
