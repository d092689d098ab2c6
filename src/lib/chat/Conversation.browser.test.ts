import { flushSync } from 'svelte';
import { beforeEach, describe, expect, it } from 'vitest';
import { page as browser, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import '../ui/tokens.css';
import '../ui/base.css';
import { randomId, type MessageId, type ParticipantId } from '../protocol/ids';
import type { TalkMessage } from '../protocol/message';
import { Chat } from './chat.svelte';
import ChatView from './Chat.svelte';
import type { Entry } from './conversation';

const COUNT = 5000;
const HEIGHT_PX = 600;
/** Four screens of 20 rows: no more than that fit into some 500 px. */
const MAX_DRAWN = 80;

const bo = randomId<ParticipantId>();

/** Messages of one to four lines, so that no row is as high as its neighbour; the last answers the fifth. */
function history(): Entry[] {
  const entries: Entry[] = [];
  for (let key = 1; key <= COUNT; key++) {
    entries.push({
      key,
      id: randomId<MessageId>(),
      from: key % 5 === 0 ? 'you' : bo,
      fromName: 'Bo',
      text: `message ${key}${'\nand more'.repeat(key % 4)}`,
      sentAtMs: 1_800_000_000_000 + key * 60_000,
      replyTo: key === COUNT ? (entries[4]?.id ?? null) : null,
      reactions: [],
      delivery: 'delivered',
    });
  }
  return entries;
}

async function page() {
  await browser.viewport(900, 700);
  const chat = new Chat({ now: Date.now });
  const sent: TalkMessage[] = [];
  chat.attach(bo, 'Bo', (message) => sent.push(message));
  const stream = new Uint8Array(8).fill(7);
  chat.receive(bo, { kind: 'resume', stream, heardStream: new Uint8Array(8), heard: 0 });
  let number = 0;
  const hear = (text: string): void => {
    const item = {
      type: 'text',
      id: randomId<MessageId>(),
      sentAtMs: Date.now(),
      replyTo: null,
      text,
    } as const;
    chat.receive(bo, { kind: 'chat', number: ++number, item });
    flushSync();
  };
  const screen = await render(ChatView, { chat });
  screen.container.querySelector('.chat')?.setAttribute('style', `block-size: ${HEIGHT_PX}px`);
  chat.restore(history());
  flushSync();
  const log = screen.getByRole('log', { name: 'Conversation' }).element();
  await expect.poll(() => fromEndPx(log)).toBeLessThan(2);
  return { chat, hear, screen, log, spoken: spokenIn(screen.container) };
}

const fromEndPx = (log: Element): number => log.scrollHeight - log.scrollTop - log.clientHeight;
const articles = (log: Element): HTMLElement[] => [...log.querySelectorAll('article')];
const nextFrame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
/** Of what is drawn. */
const ends = (log: Element): string => `${placeOf(articles(log)[0])} to ${placeOf(articles(log).at(-1))}`;
const placeOf = (article: Element | undefined): number => Number(article?.getAttribute('aria-posinset'));

/** What a screen reader says, whichever live region says it: everything that is added there. */
function spokenIn(root: Element): string[] {
  const said: string[] = [];
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      const live = (target instanceof Element ? target : target.parentElement)?.closest(
        '[aria-live], [role="log"], [role="status"]',
      );
      if (live === undefined || live === null || live.getAttribute('aria-live') === 'off') continue;
      for (const node of addedNodes) said.push(node.textContent?.trim().replace(/\s+/g, ' ') ?? '');
    }
  }).observe(root, { childList: true, subtree: true });
  return said;
}

/** The messages of which something is in view, by their place. */
function inView(log: Element): HTMLElement[] {
  const { top, bottom } = log.getBoundingClientRect();
  return articles(log).filter((article) => {
    const box = article.getBoundingClientRect();
    return box.bottom > top && box.top < bottom;
  });
}

describe('a conversation of 5,000 messages', () => {
  beforeEach(() => getSelection()?.empty());

  it('draws a few screens of it, wherever somebody reads', async () => {
    const { log } = await page();
    expect(articles(log).length).toBeLessThanOrEqual(MAX_DRAWN);
    expect(placeOf(articles(log).at(-1))).toBe(COUNT);
    expect(articles(log).at(-1)?.getAttribute('aria-setsize')).toBe(String(COUNT));
    let most = 0;
    for (const part of [0.9, 0.5, 0.1, 0]) {
      log.scrollTop = (log.scrollHeight - log.clientHeight) * part;
      await expect.poll(() => inView(log).length).toBeGreaterThan(3);
      most = Math.max(most, articles(log).length);
      const near = placeOf(inView(log)[0]) / COUNT;
      expect(Math.abs(near - part)).toBeLessThan(0.03);
    }
    expect(placeOf(inView(log)[0])).toBe(1);
    expect(most).toBeLessThanOrEqual(MAX_DRAWN);
  });

  it('leaves what is read in its place while more is drawn above it and below', async () => {
    const { log } = await page();
    for (const stepPx of [-90, 90]) {
      let redrawn = 0;
      for (let step = 0; step < 120; step++) {
        const held = inView(log)[4];
        const beforePx = held?.getBoundingClientRect().top ?? NaN;
        const drawnBefore = ends(log);
        log.scrollTop += stepPx;
        await nextFrame();
        await nextFrame();
        const movedPx = (held?.getBoundingClientRect().top ?? NaN) - beforePx;
        expect(Math.abs(movedPx + stepPx)).toBeLessThan(2);
        if (ends(log) !== drawnBefore) redrawn++;
        expect(articles(log).length).toBeLessThanOrEqual(MAX_DRAWN);
        if (stepPx > 0 && fromEndPx(log) < 100) break;
      }
      expect(redrawn).toBeGreaterThan(2);
    }
  });

  it('reads out what is new, once, and nothing of what is scrolled to', async () => {
    const { log, hear, spoken } = await page();
    hear('first news');
    log.scrollTop = 0;
    await expect.poll(() => placeOf(articles(log)[0])).toBe(1);
    hear('second news');
    log.scrollTop = log.scrollHeight / 2;
    await expect.poll(() => placeOf(articles(log)[0])).toBeGreaterThan(1000);
    await nextFrame();
    expect(spoken).toEqual(['Bo first news', 'Bo second news']);
  });

  it('jumps to what a message answers, and back with End', async () => {
    const { log, screen } = await page();
    await screen.getByRole('button', { name: 'You message 5' }).click();
    expect(placeOf(document.activeElement ?? undefined)).toBe(5);
    await expect.poll(() => inView(log).map(placeOf)).toContain(5);
    await userEvent.keyboard('{End}');
    await expect.poll(() => fromEndPx(log)).toBeLessThan(2);
    expect(placeOf(inView(log).at(-1))).toBe(COUNT);
    expect(placeOf(document.activeElement ?? undefined)).toBe(COUNT);
  });

  it('is walked with Home, the arrow keys and the page keys, and goes on where drawing ends', async () => {
    const { log } = await page();
    if (log instanceof HTMLElement) log.focus();
    await userEvent.keyboard('{Home}');
    await expect.poll(() => placeOf(inView(log)[0])).toBe(1);
    inView(log)[0]?.focus();
    for (let step = 0; step < 60; step++) await userEvent.keyboard('{ArrowDown}');
    expect(placeOf(document.activeElement ?? undefined)).toBe(61);
    await expect.poll(() => inView(log).map(placeOf)).toContain(61);
    const before = placeOf(inView(log)[0]);
    await userEvent.keyboard('{PageDown}');
    await expect.poll(() => placeOf(inView(log)[0])).toBeGreaterThan(before + 3);
    expect(articles(log).length).toBeLessThanOrEqual(MAX_DRAWN);
  });

  it('follows what comes while its end is in view, and marks it as new further up', async () => {
    const { chat, log, hear, screen } = await page();
    for (let i = 0; i < 50; i++) hear(`more ${i}`);
    expect(fromEndPx(log)).toBeLessThan(2);
    expect(articles(log).length).toBeLessThanOrEqual(MAX_DRAWN);
    log.scrollTop = log.scrollHeight / 2;
    await expect.poll(() => inView(log).length).toBeGreaterThan(3);
    const [held] = inView(log);
    const beforePx = held?.getBoundingClientRect().top ?? NaN;
    for (let i = 0; i < 50; i++) hear(`news ${i}`);
    await nextFrame();
    expect(Math.abs((held?.getBoundingClientRect().top ?? NaN) - beforePx)).toBeLessThan(2);
    expect(chat.unread).toBe(50);
    await screen.getByRole('button', { name: 'New messages' }).click();
    expect(fromEndPx(log)).toBeLessThan(2);
    expect(inView(log).at(-1)?.textContent).toContain('news 49');
    expect(chat.unread).toBe(0);
  });

  it('takes nothing away beneath what is marked', async () => {
    const { log } = await page();
    const marked = inView(log)[2]?.querySelector('.text');
    const text = marked?.textContent;
    getSelection()?.selectAllChildren(marked ?? log);
    for (let step = 0; step < 60; step++) {
      log.scrollTop -= 200;
      await nextFrame();
    }
    expect(marked?.isConnected).toBe(true);
    expect(getSelection()?.toString().trim()).toBe(text?.trim());
    getSelection()?.empty();
    for (let step = 0; step < 10; step++) {
      log.scrollTop -= 200;
      await nextFrame();
    }
    await expect.poll(() => articles(log).length).toBeLessThanOrEqual(MAX_DRAWN);
  });
});
