import type { Locator, Page } from '@playwright/test';
import { barriersOn } from '../support/barriers';
import {
  createMeeting,
  expect,
  expectConnected,
  expectHeard,
  joinMeeting,
  say,
  test,
  type Visitor,
} from './journey';

/** What a machine cannot judge by looking at one page: the way of the focus, what is read out, and small or forced screens. */

const messageOn = ({ page }: Visitor) => page.getByRole('textbox', { name: 'Message' });
const pressed = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });

/** So many presses of Tab are too many for anybody. */
const PATIENCE = 60;

/** By the Tab key alone, and to what shows that it has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let press = 0; press < PATIENCE; press++) {
    if (await target.evaluate((element) => element === document.activeElement)) {
      await expect.poll(() => target.evaluate(isMarked)).toBe(true);
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`The Tab key does not lead to ${String(target)}`);
}

/** By an outline or a ring, of its own or of the frame it stands in. */
function isMarked(element: Element): boolean {
  const frames = [element, element.parentElement, element.closest('form')];
  return frames.some((frame) => {
    const { outlineStyle, boxShadow } = getComputedStyle(frame ?? element);
    return outlineStyle !== 'none' || boxShadow !== 'none';
  });
}

async function press(page: Page, name: string | RegExp, key = 'Enter'): Promise<void> {
  await tabTo(page, pressed(page, name));
  await page.keyboard.press(key);
}

/** Where the keys go on from: never from nowhere. */
const focusedTag = (page: Page) => page.evaluate(() => document.activeElement?.tagName ?? '');

test('a whole meeting by keyboard alone', async ({ host, guest }) => {
  const [here, there] = [host.page, guest.page];
  await here.goto('/');
  await press(here, 'New meeting');
  await press(here, 'Copy link');
  await expect(here.getByText('Link copied', { exact: false }).first()).toBeVisible();
  const link = await here.evaluate(() => navigator.clipboard.readText());

  await there.goto(link);
  await tabTo(there, there.getByRole('textbox', { name: 'Your name' }));
  await there.keyboard.type('Ada');
  await press(there, 'Join');
  await expectConnected(host, guest);
  await expect.poll(() => focusedTag(there)).toBe('MAIN');

  await test.step('to speak', async () => {
    await tabTo(there, messageOn(guest));
    await there.keyboard.type('Can you read me?');
    await there.keyboard.press('Enter');
    await expectHeard(host, 'Can you read me?');
  });

  await test.step('to answer a message', async () => {
    const message = here.getByRole('article').last();
    await tabTo(here, message);
    await press(here, 'Reply');
    await expect(messageOn(host)).toBeFocused();
    await here.keyboard.type('Every word.');
    await here.keyboard.press('Enter');
    await expectHeard(guest, 'Every word.');
  });

  await test.step('to react, and to come back to where one was', async () => {
    const message = there.getByRole('article').last();
    await there.keyboard.press('Shift+Tab');
    await tabTo(there, message);
    await there.keyboard.press('ArrowUp');
    await expect(there.getByRole('article').first()).toBeFocused();
    await there.keyboard.press('ArrowDown');
    await expect(message).toBeFocused();
    const react = message.getByRole('button', { name: 'React' });
    await tabTo(there, react);
    await there.keyboard.press('Enter');
    await expect(there.getByRole('button', { name: 'Thumbs up', exact: true })).toBeVisible();
    await there.keyboard.press('Escape');
    await expect(react).toBeFocused();
    await there.keyboard.press('Enter');
    await press(there, 'Thumbs up');
    await expect(here.getByRole('list', { name: 'Reactions' })).toBeVisible();
    expect(await focusedTag(there)).not.toBe('BODY');
  });

  await test.step('to send a file and to take it', async () => {
    const chooser = there.waitForEvent('filechooser');
    await press(there, 'Attach files');
    await (await chooser).setFiles({ name: 'map.txt', mimeType: 'text/plain', buffer: Buffer.from('here') });
    await press(here, 'Accept map.txt');
    await tabTo(here, pressed(here, 'Save map.txt'));
  });

  await test.step('to call, and to hang up', async () => {
    await press(here, 'Start voice');
    await press(there, 'Accept');
    await press(there, 'Mute');
    await press(there, 'Hang up');
    await expect(pressed(here, 'Start voice')).toBeVisible();
  });

  await test.step('to compare the safety words', async () => {
    await press(here, 'Mark as verified');
    await expect(here.getByRole('region', { name: 'Safety words' })).toContainText('Verified');
  });

  await test.step('to leave', async () => {
    await press(there, 'Leave');
    await expect(there.getByRole('link', { name: 'Your meetings' })).toBeVisible();
    await expect.poll(() => focusedTag(there)).toBe('MAIN');
  });
});

test('a menu and a dialog give the focus back to what opened them', async ({ host }) => {
  const { page } = host;
  await createMeeting(host);
  await press(page, 'Change your name', 'Space');
  await expect(page.getByRole('dialog').getByRole('textbox', { name: 'Your name' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(pressed(page, 'Change your name')).toBeFocused();

  await page.goto('/');
  const more = page.getByRole('button', { name: /^More for / });
  await tabTo(page, more);
  await page.keyboard.press('ArrowDown');
  const items = page.getByRole('menuitem');
  await expect(items.first()).toBeFocused();
  expect(await barriersOn(page)).toEqual([]);
  await page.keyboard.press('End');
  await expect(items.last()).toBeFocused();
  await page.keyboard.press('r');
  await expect(page.getByRole('menuitem', { name: 'Rename' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(more).toBeFocused();
  await expect(items).toHaveCount(0);
  await page.keyboard.press('Enter');
  await expect(items.first()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog').getByRole('textbox', { name: 'Meeting name' })).toBeFocused();
  expect(await barriersOn(page)).toEqual([]);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  // A modal dialog keeps the focus; of the browser's own frame around the page Chromium lets it pass through.
  expect(await page.evaluate(() => document.activeElement?.closest('dialog, body')?.tagName)).toMatch(
    /DIALOG|BODY/,
  );
  await page.keyboard.press('Escape');
  await expect(more).toBeFocused();
});

/** In the page: everything that a screen reader is given to say, from the beginning. */
function listenToRegions(): void {
  const said: string[] = [];
  Object.assign(window, { said });
  const hear = (node: Node): void => {
    const element = node instanceof Element ? node : node.parentElement;
    const region = element?.closest('[aria-live], [role="status"], [role="alert"], [role="log"]');
    if (!region || region.getAttribute('aria-live') === 'off' || !region.checkVisibility()) return;
    const text = (node.textContent ?? '').trim().replace(/\s+/g, ' ');
    if (text !== '') said.push(text);
  };
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === 'characterData') hear(target);
      else for (const node of addedNodes) hear(node);
    }
  }).observe(document, { childList: true, characterData: true, subtree: true });
}
const saidOn = ({ page }: Visitor) =>
  page.evaluate(() => (window as unknown as { said: string[] }).said.splice(0));

test('what happens is read out, and once', async ({ host, guest }) => {
  for (const { page } of [host, guest]) await page.addInitScript(listenToRegions);
  const link = await createMeeting(host);
  await saidOn(host);
  await joinMeeting(guest, link, 'Ada');
  await expectConnected(host, guest);
  await expect(host.page.getByRole('banner').getByRole('status')).toHaveText(/^With Ada, /);
  const came = (await saidOn(host)).filter((text) => text.includes('Ada'));
  expect(came).toEqual([expect.stringMatching(/^With Ada, (?:direct|relayed)$/)]);

  await saidOn(guest);
  await say(host, 'Hello there.');
  await expectHeard(guest, 'Hello there.');
  await expect.poll(async () => (await saidOn(guest)).join(' ')).toContain('Hello there.');
  await say(host, 'And once more.');
  await expectHeard(guest, 'And once more.');
  const heard: string[] = [];
  await expect
    .poll(async () => heard.push(...(await saidOn(guest))) && heard.join(' '))
    .toContain('And once more.');
  expect(heard.join(' ').split('And once more.')).toHaveLength(2);
  expect((await saidOn(host)).filter((text) => text.includes('once more'))).toEqual([]);

  await guest.page.getByRole('button', { name: 'Leave' }).click();
  await expect(host.page.getByRole('banner').getByRole('status')).toHaveText('Nobody else is here yet');
  const left = (await saidOn(host)).filter((text) => text.includes('Nobody'));
  expect(left).toEqual(['Nobody else is here yet']);
});

/** Nothing is cut off or has to be scrolled sideways, and what is to be used can be. */
async function expectUsable(page: Page, ...targets: Locator[]): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  for (const target of targets) {
    await target.scrollIntoViewIfNeeded();
    // Playwright's own trial: in view, not moving, and not beneath anything.
    await target.click({ trial: true, timeout: 5_000 });
    const box = await target.boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? NaN) + (box?.width ?? NaN)).toBeLessThanOrEqual(page.viewportSize()?.width ?? NaN);
  }
}

for (const { name, size, letters } of [
  {
    name: 'four times as large: 1,280 by 1,024 pixels at 400 %',
    size: { width: 320, height: 256 },
    letters: 1,
  },
  { name: 'letters twice as large on a telephone', size: { width: 390, height: 844 }, letters: 2 },
]) {
  test(name, async ({ host, guest }) => {
    for (const { page } of [host, guest]) {
      await page.setViewportSize(size);
      await page.addInitScript((times) => {
        const enlarge = () => (document.documentElement.style.fontSize = `${times * 100}%`);
        addEventListener('DOMContentLoaded', enlarge);
      }, letters);
    }
    const link = await createMeeting(host);
    await expectUsable(host.page, pressed(host.page, 'Copy link'), pressed(host.page, 'Leave'));
    await guest.page.goto(link);
    await expectUsable(
      guest.page,
      guest.page.getByRole('textbox', { name: 'Your name' }),
      pressed(guest.page, 'Join'),
    );
    await guest.page.getByRole('textbox', { name: 'Your name' }).fill('Ada');
    await pressed(guest.page, 'Join').click();
    await expect(messageOn(guest)).toBeVisible();
    await say(guest, 'Large enough to read, and small enough to fit.');
    const said = ({ page }: Visitor) => page.getByRole('log').getByText('Large enough to read');
    await expect(said(host)).toBeVisible();
    for (const visitor of [host, guest]) {
      const { page } = visitor;
      await expectUsable(page, messageOn(visitor), pressed(page, 'Leave'), said(visitor));
      await expectUsable(page, pressed(page, 'Attach files'));
      await page.getByRole('button', { name: 'People and details' }).click();
      await expectUsable(page, pressed(page, 'Mark as verified'));
      expect(await barriersOn(page)).toEqual([]);
    }
    await host.page.goto('/');
    await expectUsable(
      host.page,
      pressed(host.page, 'New meeting'),
      host.page.getByRole('list', { name: 'Your meetings' }).getByRole('link'),
      host.page.getByRole('button', { name: /^More for / }),
    );
  });
}

test('in colours that a person has forced', async ({ host, guest }) => {
  for (const { page } of [host, guest]) await page.emulateMedia({ forcedColors: 'active', contrast: 'more' });
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Ada');
  await expectConnected(host, guest);
  await say(guest, 'Do you see me?');
  await expectHeard(host, 'Do you see me?');
  for (const { page } of [host, guest]) {
    for (const name of ['Leave', 'Attach files', 'Send', 'Start voice']) {
      // What has no ground of its own is told from the page by its edge or its letters.
      const [ink, ground] = await pressed(page, name).evaluate((button) => {
        const { color, backgroundColor } = getComputedStyle(button);
        return [color, backgroundColor];
      });
      expect(ink, name).not.toBe(ground);
    }
    await tabTo(page, page.getByRole('textbox', { name: 'Message' }));
    const bubble = page.getByRole('article').last().getByText('Do you see me?');
    await expect(bubble).toBeVisible();
    const edge = await bubble.evaluate((text) => {
      const { borderTopWidth, borderTopColor, backgroundColor } = getComputedStyle(
        text.parentElement ?? text,
      );
      return { borderTopWidth, differs: borderTopColor !== backgroundColor };
    });
    expect(edge).toEqual({ borderTopWidth: '1px', differs: true });
  }
});
