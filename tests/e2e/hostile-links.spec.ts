import { test as base, type Page } from '@playwright/test';
import { concat, toBase64url, utf8 } from '../../src/lib/protocol/bytes';
import { idBytes, randomId, type MeetingId } from '../../src/lib/protocol/ids';
import { createSecret, makeFragment } from '../../src/lib/crypto/link';
import { sha256 } from '../../src/lib/crypto/hash';
import { Middleman, type Part } from '../support/middleman';
import { expect } from './journey';

/** Links that are none (SERVER, hostile input): a clear page, and nothing of them on the way to the server. */

type Setting = { page: Page; parts: Part[]; problems: string[]; url: string };

const test = base.extend<{ setting: Setting }>({
  setting: async ({ browser }, use) => {
    const middleman = await Middleman.start();
    const parts: Part[] = [];
    middleman.onPart = (part) => parts.push(part);
    const context = await browser.newContext({ baseURL: middleman.url, locale: 'en-GB' });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(`${error.name}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await use({ page, parts, problems, url: middleman.url });
    await context.close();
    await middleman.close();
    expect(problems).toEqual([]);
  },
});

const anyFragment = () => makeFragment(randomId<MeetingId>(), createSecret());

/** Right in everything, the check included, but of another version. */
async function ofVersion(version: number): Promise<string> {
  const checked = concat(Uint8Array.of(version), idBytes(randomId<MeetingId>()), createSecret());
  const check = (await sha256(concat(utf8('parley1 link'), checked))).slice(0, 2);
  return toBase64url(concat(checked, check));
}

const insert = (text: string, at: number, what: string): string => text.slice(0, at) + what + text.slice(at);
const swapAt = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);

async function hostileFragments(): Promise<Record<string, string>> {
  const good = await anyFragment();
  return {
    'one character short': good.slice(0, -1),
    'one character long': `${good}A`,
    padded: `${good}=`,
    'in the other base64': `+/${good.slice(2)}`,
    'with a wrong check': swapAt(good, 66),
    'with another secret': swapAt(good, 40),
    'with another id': swapAt(good, 10),
    'of version 0': await ofVersion(0),
    'of version 2': await ofVersion(2),
    'of version 255': await ofVersion(255),
    'with a zero-width space': insert(good, 30, '\u200B'),
    'with a right-to-left override': insert(good, 30, '\u202E'),
    'with a NUL': insert(good, 30, '%00'),
    'twice over': `${good}#${good}`,
    'of a megabyte': good.repeat(15_000),
    'that is a script': 'javascript:alert(document.domain)',
    'that is markup': '<img src=x onerror=alert(1)>',
    'that is a prototype': '__proto__',
    'that pretends to be a saved meeting': `s-${'!'.repeat(22)}`,
    'of a saved meeting that is not here': `s-${'A'.repeat(22)}`,
  };
}

/** Nothing of the fragment went out: no piece of it long enough to mean something. */
function expectUnsent(parts: readonly Part[], fragment: string): void {
  const sent = Buffer.concat(parts.filter(({ direction }) => direction === 'in').map(({ bytes }) => bytes));
  for (let at = 0; at + 16 <= Math.min(fragment.length, 136); at += 8) {
    expect(sent.includes(fragment.slice(at, at + 16))).toBe(false);
  }
}

test('a link that is none says so, and nothing of it is sent', async ({ setting }) => {
  const { page, parts, problems } = setting;
  for (const [what, fragment] of Object.entries(await hostileFragments())) {
    await test.step(what, async () => {
      await page.goto('about:blank');
      await page.goto(`/m#${fragment}`);
      const says = what.includes('not here') ? /not saved on this device/ : /not a whole meeting link/;
      await expect(page.getByRole('alert')).toContainText(says);
      await expect(page.getByRole('textbox', { name: 'Your name' })).toBeHidden();
      expect(new URL(page.url()).hash).toBe('');
      expect(await page.title()).toBe('Meeting ended · Parley');
      expectUnsent(parts, fragment);
      expect(problems).toEqual([]);
    });
  }
});

test('a bad link over an open meeting replaces it, and a good one brings it back', async ({ setting }) => {
  const { page } = setting;
  await page.goto('/m#new');
  const field = page.getByRole('textbox', { name: 'Invite link' });
  await expect(field).toHaveValue(/#/);
  const link = await field.inputValue();
  await page.goto(`/m#${swapAt(link.slice(-68), 40)}`);
  await expect(page.getByRole('alert')).toContainText('not a whole meeting link');
  await page.goto(link);
  await expect(field).toHaveValue(link);
});

test('what chat apps put around a link is no part of it', async ({ setting }) => {
  const { page, parts } = setting;
  for (const tail of ['.', ',', ').', '>', '"', ' ', '%20', '%22%3e;']) {
    const fragment = await anyFragment();
    await page.goto('about:blank');
    await page.goto(`/m#${fragment}${tail}`);
    await expect(page.getByRole('textbox', { name: 'Your name' })).toBeVisible();
    expectUnsent(parts, fragment);
  }
});

test('a link that went through a rewriter opens with a warning', async ({ setting }) => {
  const { page, parts } = setting;
  const fragment = await anyFragment();
  await page.goto(`/m%23${fragment}`);
  await expect(page.getByRole('alert')).toContainText('has seen this link’s key');
  await expect(page.getByRole('textbox', { name: 'Your name' })).toBeVisible();
  expect(new URL(page.url()).pathname).toBe('/m');
  // The rewriter's own doing, in the one request that brought it here; the page adds none.
  const carriers = parts.filter(
    ({ direction, bytes }) => direction === 'in' && bytes.includes(fragment.slice(20, 40)),
  );
  expect(new Set(carriers.map(({ url }) => url))).toEqual(new Set([`/m%23${fragment}`]));
});

test('a rewritten link that is none says so', async ({ setting }) => {
  const { page } = setting;
  await page.goto(`/m%23${(await anyFragment()).slice(1)}`);
  await expect(page.getByRole('alert')).toContainText('not a whole meeting link');
});

test('a pasted link is read in the page, and a bad one goes nowhere', async ({ setting }) => {
  const { page, parts, problems, url } = setting;
  await page.goto('/');
  const field = page.getByRole('textbox', { name: 'Meeting link' });
  for (const [what, fragment] of Object.entries(await hostileFragments())) {
    await test.step(what, async () => {
      // Alone and in an address; what holds a `#` is always read as an address.
      const texts = fragment.includes('#') ? [] : [fragment];
      for (const text of [...texts, `${url}/m#${fragment}`]) {
        await field.fill(text);
        await page.getByRole('button', { name: 'Open', exact: true }).click();
        await expect(page.getByRole('alert')).toContainText('not a whole meeting link');
        // What only its check value gives away is found out on the meeting's own page.
        if (new URL(page.url()).pathname === '/m') await page.goto('/');
      }
      expectUnsent(parts, fragment);
      expect(problems).toEqual([]);
    });
  }
  await test.step('a good one, even of another site, opens here', async () => {
    const fragment = await anyFragment();
    await field.fill(`  https://elsewhere.example/m#${fragment}).`);
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await expect(page.getByRole('textbox', { name: 'Your name' })).toBeVisible();
    expect(page.url()).toBe(`${url}/m`);
    expectUnsent(parts, fragment);
  });
});
