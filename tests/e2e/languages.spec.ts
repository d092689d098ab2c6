import { readdirSync, readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { SAFETY_WORDS } from '../../src/lib/crypto/word-list';
import { expect, test, WHILE_AWAY, type Visitor } from './journey';
import { englishOn, speaker } from './spoken';

const english = speaker('en');
const german = speaker('de');
const french = speaker('fr');
const japanese = speaker('ja');

/** File of words -> its language, as the service worker's list has it. */
function localesOfFiles(): ReadonlyMap<string, string> {
  const client = new URL('../../build/client/', import.meta.url);
  const name = readdirSync(client).find((file) => /^service-worker\.\w+\.js$/.test(file)) ?? '';
  const entries = readFileSync(new URL(name, client), 'utf8').matchAll(
    /"locale":"([\w-]+)",[^}]*"url":"([^"]+)"/g,
  );
  return new Map(Array.from(entries, ([, locale = '', url = '']) => [`/${url}`, locale]));
}
const LOCALE_OF = localesOfFiles();

/** The languages of all words that this person's pages and service worker ask for, from now on. */
function languagesAsked({ context }: Visitor): ReadonlySet<string> {
  const asked = new Set<string>();
  context.on('request', (request) => {
    const locale = LOCALE_OF.get(new URL(request.url()).pathname);
    if (locale !== undefined) asked.add(locale);
  });
  return asked;
}

/** Of which there is anything on this device. */
async function languagesKept(page: Page): Promise<string[]> {
  const paths = await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    const keys = await Promise.all(
      (await caches.keys()).map(async (name) => (await caches.open(name)).keys()),
    );
    return keys.flat().map(({ url }) => new URL(url).pathname);
  });
  const locales = paths.flatMap((path) => LOCALE_OF.get(path) ?? []);
  return [...new Set(locales)].sort();
}

async function keepApp(page: Page): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
}

async function makeMeeting({ page }: Visitor, say: (name: string) => string): Promise<string> {
  await page.goto('/');
  await page.getByRole('button', { name: say('new_meeting') }).click();
  const link = page.getByRole('textbox', { name: say('invite_link') });
  await expect(link).toHaveValue(/\/m#[A-Za-z0-9_-]{68}$/);
  return link.inputValue();
}

async function choose(page: Page, say: (name: string) => string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: say('language') }).selectOption(option);
}

test.describe('a browser that asks for German', () => {
  test.use({ hostLocale: 'de-DE' });

  test('gets it everywhere, and no word of another language', async ({ host }) => {
    const { page } = host;
    const asked = languagesAsked(host);
    await page.goto('/');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(german('home_title'));
    await expect(page.locator('html')).toHaveAttribute('lang', 'de');
    expect(await englishOn(page, 'de')).toEqual([]);

    await test.step('a meeting', async () => {
      await makeMeeting(host, german);
      await expect(page.getByRole('button', { name: german('copy_link') })).toBeVisible();
      expect(await englishOn(page, 'de')).toEqual([]);
    });

    await test.step('Settings', async () => {
      await page.goto('/settings');
      await expect(page.getByRole('button', { name: german('lock_with_passphrase') })).toBeEnabled();
      await expect(page.getByRole('combobox', { name: german('language') })).toHaveValue('');
      expect(await englishOn(page, 'de')).toEqual([]);
    });

    await test.step('what is kept for later is German alone', async () => {
      await keepApp(page);
      expect(await languagesKept(page)).toEqual(['de']);
      expect([...asked]).toEqual(['de']);
    });
  });

  test('shows no English while the words are on their way, but does not wait for ever', async ({ host }) => {
    const { page } = host;
    let bring: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (bring = resolve));
    await page.route(
      (url) => LOCALE_OF.has(url.pathname),
      async (route) => {
        await held;
        await route.continue();
      },
    );
    await page.addInitScript(() => {
      const seen = { first: '', shownAtMs: 0 };
      Object.assign(globalThis, { seen });
      addEventListener('DOMContentLoaded', () => (seen.first = getComputedStyle(document.body).visibility));
      addEventListener('animationend', () => (seen.shownAtMs = performance.now()));
    });
    await page.goto('/');
    // What is hidden has no role: this waits until the page is shown.
    const title = page.getByRole('heading', { level: 1 });
    await expect(title).toHaveText(english('home_title'));
    const seen = () =>
      page.evaluate(() => (globalThis as unknown as { seen: { first: string; shownAtMs: number } }).seen);
    await expect.poll(async () => (await seen()).shownAtMs).toBeGreaterThan(2_000);
    expect((await seen()).first).toBe('hidden');
    bring();
    await expect(title).toHaveText(german('home_title'));
  });

  // The server is away, on purpose.
  test.describe('a choice in Settings', () => {
    test.use({ expectedProblems: [[WHILE_AWAY, /ERR_FAILED|Failed to fetch/], { scope: 'test' }] });

    test('wins over the browser, survives a reload, and needs no server', async ({ host, server }) => {
      const { page } = host;
      const asked = languagesAsked(host);
      await page.goto('/settings');
      await keepApp(page);
      await choose(page, german, 'fr');
      const title = page.getByRole('heading', { level: 1 });
      await expect(title).toHaveText(french('nav_settings'));
      await expect(page.locator('html')).toHaveAttribute('lang', 'fr');
      await page.reload();
      await expect(title).toHaveText(french('nav_settings'));
      await expect(page.getByRole('combobox', { name: french('language') })).toHaveValue('fr');
      expect([...asked].sort()).toEqual(['de', 'fr']);
      expect(await languagesKept(page)).toEqual(['de', 'fr']);

      await server.kill();
      await page.goto('/');
      await expect(title).toHaveText(french('home_title'));
      await makeMeeting(host, french);
      expect(await englishOn(page, 'fr')).toEqual([]);

      await test.step('a language that is not on the device says so, and nothing changes', async () => {
        await page.goto('/settings');
        await choose(page, french, 'ja');
        await expect(page.getByRole('alert')).toHaveText(french('language_not_there'));
        await expect(page.getByRole('combobox', { name: french('language') })).toHaveValue('fr');
        await page.reload();
        await expect(title).toHaveText(french('nav_settings'));
      });

      await test.step("the browser's own is back, without a server too", async () => {
        await choose(page, french, '');
        await expect(title).toHaveText(german('nav_settings'));
      });
    });

    test('made before the app was kept is kept with it', async ({ host, server }) => {
      const { page } = host;
      await page.goto('/settings');
      await choose(page, german, 'ja');
      const title = page.getByRole('heading', { level: 1 });
      await expect(title).toHaveText(japanese('nav_settings'));
      await keepApp(page);
      expect(await languagesKept(page)).toEqual(['ja']);
      await server.kill();
      await page.goto('/');
      await expect(title).toHaveText(japanese('home_title'));
    });
  });
});

test('a browser that asks for English waits for nothing', async ({ host }) => {
  const { page } = host;
  const asked = languagesAsked(host);
  await page.addInitScript(() => {
    new MutationObserver(() => {
      if (document.documentElement.dataset.words !== undefined)
        Object.assign(globalThis, { wasHidden: true });
    }).observe(document, { subtree: true, attributes: true });
  });
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(english('home_title'));
  expect(await page.evaluate(() => 'wasHidden' in globalThis)).toBe(false);
  await keepApp(page);
  expect([...asked]).toEqual(['en']);
  expect(await languagesKept(page)).toEqual(['en']);
});

test.describe('Arabic', () => {
  test.use({ hostLocale: 'ar-EG' });

  test('runs from right to left', async ({ host }) => {
    const { page } = host;
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto('/');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(speaker('ar')('home_title'));
    await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
    const brand = await page.getByRole('banner').getByRole('link', { name: 'Parley' }).boundingBox();
    const pages = await page.getByRole('navigation').first().boundingBox();
    if (brand === null || pages === null) throw new Error('no header');
    expect(brand.x).toBeGreaterThan(640);
    expect(pages.x + pages.width).toBeLessThan(brand.x);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(1280);
    expect(await englishOn(page, 'ar')).toEqual([]);
  });
});

test.describe('a host in German and a guest in Japanese', () => {
  test.use({ hostLocale: 'de-DE', guestLocale: 'ja-JP' });

  test('can compare the safety words by their numbers', async ({ host, guest }) => {
    const link = await makeMeeting(host, german);
    await guest.page.goto(link);
    await guest.page.getByRole('textbox', { name: japanese('your_name') }).fill('Yuki');
    await guest.page.getByRole('button', { name: japanese('join'), exact: true }).click();

    const rowsOf = async ({ page }: Visitor, say: (name: string) => string): Promise<string[]> => {
      const region = page.getByRole('region', { name: say('safety_words') });
      const rows = region.getByRole('listitem');
      await expect(rows).toHaveCount(4);
      await expect(region).toContainText(say('safety_numbers'));
      await expect(region.getByRole('button', { name: say('safety_mark') })).toBeVisible();
      // As a screen reader has it: the word, and after it the number.
      return rows.evaluateAll((all) => all.map((row) => row.textContent?.trim() ?? ''));
    };
    const rows = await rowsOf(host, german);
    expect(await rowsOf(guest, japanese)).toEqual(rows);
    for (const row of rows) {
      const [, word = '', number = ''] = /^([a-z]+) ([0-9]{1,3})$/.exec(row) ?? [];
      expect(SAFETY_WORDS.indexOf(word) + 1, row).toBe(Number(number));
    }
    for (const [{ page }, locale] of [
      [host, 'de'],
      [guest, 'ja'],
    ] as const) {
      expect(await englishOn(page, locale)).toEqual([]);
    }
  });
});

test.describe('a notification with no page of the meeting open', () => {
  test.use({ hostLocale: 'de-DE' });

  /** In the service worker: a push of nothing that is known here, as the browser's push service brings it. */
  async function titleOfPush(): Promise<string> {
    const scope = globalThis as unknown as ServiceWorkerGlobalScope;
    const event = new PushEvent('push', { data: new Uint8Array(16) });
    const done = new Promise<unknown>((resolve) => Object.assign(event, { waitUntil: resolve }));
    scope.dispatchEvent(event);
    await done;
    const [notification] = await scope.registration.getNotifications();
    const title = notification?.title ?? '';
    notification?.close();
    return title;
  }

  test('is in the language of the browser, or the one that was chosen', async ({ host, server }) => {
    const { context, page } = host;
    await context.grantPermissions(['notifications'], { origin: server.url });
    await page.goto('/settings');
    await keepApp(page);
    const [worker] = context.serviceWorkers();
    if (worker === undefined) throw new Error('no service worker');
    expect(await worker.evaluate(titleOfPush)).toBe(german('told_meeting_starts'));
    await choose(page, german, 'ja');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(japanese('nav_settings'));
    expect(await worker.evaluate(titleOfPush)).toBe(japanese('told_meeting_starts'));
  });
});
