import { flushSync } from 'svelte';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { page as browser, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { randomId, type MessageId, type ParticipantId } from '../protocol/ids';
import { MAX_TEXT_BYTES } from '../protocol/limits';
import type { ChatItem, TalkMessage } from '../protocol/message';
import { Chat } from './chat.svelte';
import ChatView from './Chat.svelte';

/** A page with one other person, Bo, whose messages the test writes by hand. */
async function page(onFiles?: (files: File[]) => void) {
  await browser.viewport(1280, 800);
  const chat = new Chat({ now: Date.now });
  const bo = randomId<ParticipantId>();
  const sent: TalkMessage[] = [];
  chat.attach(bo, 'Bo', (message) => sent.push(message));
  const stream = new Uint8Array(8).fill(7);
  chat.receive(bo, { kind: 'resume', stream, heardStream: new Uint8Array(8), heard: 0 });
  let number = 0;
  const hearItem = (item: ChatItem): void => {
    chat.receive(bo, { kind: 'chat', number: ++number, item });
    flushSync();
  };
  const hear = (text: string, replyTo: MessageId | null = null): MessageId => {
    const id = randomId<MessageId>();
    hearItem({ type: 'text', id, sentAtMs: Date.now(), replyTo, text });
    return id;
  };
  const screen = await render(ChatView, { chat, ...(onFiles === undefined ? {} : { onFiles }) });
  const log = screen.getByRole('log', { name: 'Conversation' });
  const box = screen.getByRole('textbox', { name: 'Message' });
  return { chat, bo, sent, hear, hearItem, screen, log, box };
}

describe('the conversation', () => {
  it('sends with Enter, breaks the line with Shift and Enter, and ticks', async () => {
    const { chat, bo, screen, log, box } = await page();
    await box.click();
    await userEvent.keyboard('one{Shift>}{Enter}{/Shift}two{Enter}');
    expect(chat.entries.map(({ text }) => text)).toEqual(['one\ntwo']);
    await expect.element(box).toHaveValue('');
    await expect.element(log.getByText('Sent')).toBeInTheDocument();
    chat.receive(bo, { kind: 'chat-ack', number: 1 });
    await expect.element(log.getByText('Delivered')).toBeInTheDocument();
    await box.fill('three');
    await screen.getByRole('button', { name: 'Send' }).click();
    expect(chat.entries.at(-1)?.text).toBe('three');
    await expect.element(box).toHaveFocus();
  });

  it('puts an emoji where the text is being written', async () => {
    const { screen, box } = await page();
    await box.fill('Well done, see you');
    const element = box.element() as HTMLTextAreaElement;
    element.setSelectionRange(9, 9);
    await screen.getByRole('button', { name: 'Emoji', exact: true }).click();
    const emoji = screen.getByRole('toolbar', { name: 'Emoji' });
    await expect.element(emoji.getByRole('button').first()).toHaveFocus();
    await userEvent.keyboard('{ArrowRight}{Enter}');
    await expect.element(box).toHaveValue('Well done😄, see you');
    await expect.element(box).toHaveFocus();
    await expect.poll(() => emoji.query()).toBeNull();
  });

  it('fits a phone whose letters are twice as large', async () => {
    const { box } = await page();
    await browser.viewport(390, 844);
    onTestFinished(() => void document.documentElement.style.removeProperty('font-size'));
    document.documentElement.style.setProperty('font-size', '200%');
    const form = box.element().closest('form');
    await expect.poll(() => form?.getBoundingClientRect().right).toBeLessThanOrEqual(390);
    expect(form?.scrollWidth).toBeLessThanOrEqual(390);
  });

  it('leaves Enter to an input method that is composing', async () => {
    const { chat, box } = await page();
    await box.fill('にほん');
    const enter = (more: KeyboardEventInit): boolean =>
      box.element().dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, ...more }));
    enter({ isComposing: true });
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- what Safari still sends
    enter({ keyCode: 229 });
    expect(chat.entries).toEqual([]);
    enter({});
    expect(chat.entries).toHaveLength(1);
  });

  it('keeps a text that is too long, and offers it as a file', async () => {
    const onFiles = vi.fn<(files: File[]) => void>();
    const { chat, screen, box } = await page(onFiles);
    const long = 'x'.repeat(MAX_TEXT_BYTES + 1);
    await box.fill(long);
    await userEvent.keyboard('{Enter}');
    await expect.element(screen.getByRole('alert')).toHaveTextContent('too long');
    await expect.element(box).toHaveValue(long);
    expect(chat.entries).toEqual([]);
    await screen.getByRole('button', { name: 'Send as a file' }).click();
    const [[file]] = onFiles.mock.calls[0] ?? [[]];
    expect(await file?.text()).toBe(long);
    await expect.element(box).toHaveValue('');
    await expect.element(screen.getByRole('alert')).not.toBeInTheDocument();
  });

  it('shows what was written as text and never as markup', async () => {
    const { hear, log } = await page();
    const hostile = '<img src=x onerror=alert(1)>\n  see https://a@evil.example/ now';
    hear(hostile);
    await expect.element(log.getByText('<img src=x')).toBeInTheDocument();
    expect(log.element().querySelector('img')).toBeNull();
    expect(log.element().querySelector('.text')?.textContent).toBe(hostile.replace('a@', ''));
    const link = log.getByRole('link').element();
    expect(link.getAttribute('href')).toBe('https://evil.example/');
    expect(link.getAttribute('rel')).toBe('noopener noreferrer nofollow');
    expect([link.getAttribute('target'), link.getAttribute('referrerpolicy')]).toEqual([
      '_blank',
      'no-referrer',
    ]);
  });

  it('answers a message and shows what is answered', async () => {
    const { chat, hear, screen, log, box } = await page();
    const id = hear('Tea or coffee?');
    await log.getByRole('button', { name: 'Reply' }).click();
    await expect.element(box).toHaveFocus();
    await expect.element(screen.getByText('Reply to Bo')).toBeVisible();
    await userEvent.keyboard('Tea{Enter}');
    expect(chat.entries.at(-1)).toMatchObject({ text: 'Tea', replyTo: id });
    await expect.element(log.getByRole('button', { name: 'Bo Tea or coffee?' })).toBeVisible();
    await expect.element(screen.getByText('Reply to Bo')).not.toBeInTheDocument();
    hear('As before', randomId<MessageId>());
    await expect.element(log.getByText('An earlier message')).toBeVisible();
  });

  it('gives up an answer with Escape', async () => {
    const { hear, screen, log } = await page();
    hear('Tea?');
    await log.getByRole('button', { name: 'Reply' }).click();
    await userEvent.keyboard('{Escape}');
    await expect.element(screen.getByText('Reply to Bo')).not.toBeInTheDocument();
  });

  it('reacts, counts reactions and takes them off', async () => {
    const { bo, chat, hear, hearItem, screen, log } = await page();
    const target = hear('Done!');
    await log.getByRole('button', { name: 'React' }).click();
    await expect.element(screen.getByRole('button', { name: 'Thumbs up' })).toHaveFocus();
    await userEvent.keyboard('{ArrowRight}{ArrowRight}{ArrowRight}{Enter}');
    hearItem({ type: 'reaction', target, emoji: '🎉', isOn: true });
    const reaction = log.getByRole('button', { name: '🎉 You and Bo' });
    await expect.element(reaction).toHaveAttribute('aria-pressed', 'true');
    await reaction.click();
    expect(chat.entries[0]?.reactions.map(({ people }) => people.map(({ id }) => id))).toEqual([[bo]]);
    await log.getByRole('button', { name: '🎉 Bo' }).click();
    await log.getByRole('button', { name: 'React' }).click();
    await screen.getByRole('button', { name: 'None' }).click();
    expect(chat.entries[0]?.reactions.map(({ people }) => people.map(({ id }) => id))).toEqual([[bo]]);
  });

  it('puts an emoji where the text is being written', async () => {
    const { chat, screen, box } = await page();
    await box.fill('good morning');
    const element = box.element();
    if (element instanceof HTMLTextAreaElement) element.setSelectionRange(4, 5);
    await screen.getByRole('button', { name: 'Emoji' }).click();
    await expect.element(screen.getByRole('button', { name: '😀' })).toHaveFocus();
    await userEvent.keyboard('{ArrowRight}{ArrowRight}{Enter}');
    await expect.element(box).toHaveFocus();
    await expect.element(box).toHaveValue('good😂morning');
    await userEvent.keyboard('!{Enter}');
    expect(chat.entries.at(-1)?.text).toBe('good😂!morning');
  });

  it('copies a message, and says so or says that it could not', async () => {
    const { hear, screen, log } = await page();
    hear('copy me');
    const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValueOnce();
    await log.getByRole('button', { name: 'Copy' }).click();
    expect(write).toHaveBeenCalledWith('copy me');
    await expect.element(screen.getByRole('status')).toHaveTextContent('Copied');
    write.mockRejectedValueOnce(new DOMException('no', 'NotAllowedError'));
    await log.getByRole('button', { name: 'Copy' }).click();
    await expect.element(screen.getByRole('status')).toHaveTextContent('did not allow copying');
    write.mockRestore();
  });

  it('shows who is typing', async () => {
    const { chat, bo, screen } = await page();
    chat.receive(bo, { kind: 'typing', isTyping: true });
    await expect.element(screen.getByText('Bo is typing…')).toBeVisible();
  });

  it('hands over pasted files and leaves pasted text to the box', async () => {
    const onFiles = vi.fn<(files: File[]) => void>();
    const { box } = await page(onFiles);
    const paste = (data: DataTransfer): boolean =>
      box
        .element()
        .dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    const files = new DataTransfer();
    files.items.add(new File(['x'], 'shot.png', { type: 'image/png' }));
    expect(paste(files)).toBe(false);
    expect(onFiles.mock.calls[0]?.[0].map(({ name }) => name)).toEqual(['shot.png']);
    const text = new DataTransfer();
    text.setData('text/plain', 'hello');
    expect(paste(text)).toBe(true);
    expect(onFiles).toHaveBeenCalledOnce();
  });

  it('follows the newest message at the end, and stays put further up', async () => {
    const { chat, hear, screen, log } = await page();
    const root = screen.container.querySelector('.chat');
    root?.setAttribute('style', 'block-size: 400px');
    for (let i = 0; i < 40; i++) hear(`message ${i}`);
    const element = log.element();
    const fromEnd = (): number => element.scrollHeight - element.scrollTop - element.clientHeight;
    await expect.poll(fromEnd).toBeLessThan(2);
    expect(chat.unread).toBe(0);
    element.scrollTop = 0;
    await expect.poll(() => screen.getByText('message 0').query()).not.toBeNull();
    element.dispatchEvent(new Event('scroll'));
    flushSync();
    hear('something new');
    expect(element.scrollTop).toBe(0);
    expect(chat.unread).toBe(1);
    await screen.getByRole('button', { name: 'New messages' }).click();
    await expect.poll(fromEnd).toBeLessThan(2);
    expect(chat.unread).toBe(0);
    await expect.element(screen.getByRole('button', { name: 'New messages' })).not.toBeInTheDocument();
  });

  it('is walked with the arrow keys, one message in the Tab order', async () => {
    const { hear, log } = await page();
    for (const text of ['first', 'second', 'third']) hear(text);
    const articles = [...log.element().querySelectorAll('article')];
    expect(articles.map(({ tabIndex }) => tabIndex)).toEqual([-1, -1, 0]);
    articles[2]?.focus();
    await userEvent.keyboard('{ArrowUp}{ArrowUp}{ArrowUp}');
    expect(document.activeElement).toBe(articles[0]);
    flushSync();
    expect(articles.map(({ tabIndex }) => tabIndex)).toEqual([0, -1, -1]);
    await userEvent.keyboard('{Tab}');
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Reply');
  });
});
