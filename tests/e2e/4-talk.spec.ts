import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Locator } from '@playwright/test';
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

const article = ({ page }: Visitor, text: string): Locator =>
  page.getByRole('log', { name: 'Conversation' }).getByRole('article').filter({ hasText: text });

test.beforeEach(async ({ host, guest }) => {
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);
});

test('chat: ticks, typing, links, replies, reactions, copy', async ({ host, guest }) => {
  await say(guest, 'See https://example.org/a_(b). Not javascript:alert(1), not <b>bold</b>');

  await test.step('ticks', async () => {
    await expect(article(guest, 'See https')).toContainText('Delivered');
  });

  await test.step('links are links, everything else is text', async () => {
    const message = article(host, 'See https');
    const link = message.getByRole('link');
    await expect(link).toHaveCount(1);
    await expect(link).toHaveAttribute('href', 'https://example.org/a_(b)');
    await expect(link).toHaveAttribute('rel', /noopener/);
    await expect(link).toHaveAttribute('rel', /noreferrer/);
    await expect(message).toContainText('<b>bold</b>');
  });

  await test.step('typing', async () => {
    await host.page.getByRole('textbox', { name: 'Message' }).pressSequentially('I am');
    await expect(guest.page.getByText(/typing/)).toBeVisible();
    await host.page.getByRole('button', { name: 'Send', exact: true }).click();
    await expect(guest.page.getByText(/typing/)).toBeHidden();
  });

  await test.step('reply', async () => {
    await article(guest, 'I am').hover();
    await article(guest, 'I am').getByRole('button', { name: 'Reply' }).click();
    await say(guest, 'You are');
    await expect(article(host, 'You are')).toContainText('I am');
  });

  await test.step('react', async () => {
    await article(host, 'You are').hover();
    await article(host, 'You are').getByRole('button', { name: 'React', exact: true }).click();
    await host.page.getByRole('button', { name: 'Heart' }).click();
    await expect(article(guest, 'You are').getByRole('list', { name: 'Reactions' })).toContainText('❤️');
  });

  await test.step('copy', async () => {
    await article(host, 'You are').hover();
    await article(host, 'You are').getByRole('button', { name: 'Copy' }).click();
    await expect.poll(() => host.page.evaluate(() => navigator.clipboard.readText())).toBe('You are');
  });

  await test.step('a line break, and text from the other writing direction', async () => {
    const box = guest.page.getByRole('textbox', { name: 'Message' });
    await box.fill('one');
    await box.press('Shift+Enter');
    await box.pressSequentially('two');
    await box.press('Enter');
    await expect(article(host, 'one')).toContainText('two');
    await say(guest, 'שלום \u202Egnp.exe');
    await expectHeard(host, 'שלום gnp.exe');
  });
});

const attach = async ({ page }: Visitor, files: Parameters<Locator['setInputFiles']>[0]): Promise<void> =>
  page.locator('input[type=file]').setInputFiles(files);
const card = ({ page }: Visitor, name: string): Locator => page.getByRole('group', { name });

async function save(visitor: Visitor, name: string): Promise<Buffer> {
  const download = visitor.page.waitForEvent('download');
  await card(visitor, name)
    .getByRole('button', { name: `Save ${name}` })
    .click();
  return readFileSync(await (await download).path());
}

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

test('files both ways at once, with consent, and whole', async ({ host, guest }) => {
  const [there, back] = [randomBytes(20_000_001), randomBytes(15_000_000)];
  await attach(host, { name: 'there.bin', mimeType: 'application/octet-stream', buffer: there });
  await attach(guest, { name: 'back.bin', mimeType: 'application/octet-stream', buffer: back });
  await expect(card(guest, 'there.bin').getByRole('button', { name: 'Save there.bin' })).toBeHidden();
  await card(guest, 'there.bin').getByRole('button', { name: 'Accept there.bin' }).click();
  await card(host, 'back.bin').getByRole('button', { name: 'Accept back.bin' }).click();
  expect(hash(await save(guest, 'there.bin'))).toBe(hash(there));
  expect(hash(await save(host, 'back.bin'))).toBe(hash(back));
  await expect(card(host, 'there.bin')).toContainText(/delivered/i);
});

test('pause, resume, cancel, decline, an empty file and a hostile name', async ({ host, guest }) => {
  await test.step('pause and resume', async () => {
    const film = randomBytes(20_000_000);
    await attach(host, { name: 'film.bin', mimeType: 'video/mp4', buffer: film });
    await card(guest, 'film.bin').getByRole('button', { name: 'Accept film.bin' }).click();
    await card(guest, 'film.bin').getByRole('button', { name: 'Pause film.bin' }).click();
    await expect(card(guest, 'film.bin').getByRole('button', { name: 'Resume film.bin' })).toBeVisible();
    await expect(card(host, 'film.bin')).toContainText(/paused/i);
    await card(guest, 'film.bin').getByRole('button', { name: 'Resume film.bin' }).click();
    expect(hash(await save(guest, 'film.bin'))).toBe(hash(film));
  });

  await test.step('cancel', async () => {
    await attach(guest, { name: 'long.bin', mimeType: '', buffer: randomBytes(20_000_000) });
    await card(host, 'long.bin').getByRole('button', { name: 'Accept long.bin' }).click();
    await card(host, 'long.bin').getByRole('button', { name: 'Cancel long.bin' }).click();
    await expect(card(guest, 'long.bin')).toContainText(/cancelled/i);
    await expect(card(host, 'long.bin').getByRole('button', { name: 'Save long.bin' })).toBeHidden();
  });

  await test.step('decline', async () => {
    await attach(guest, { name: 'no.bin', mimeType: '', buffer: Buffer.from('no') });
    await card(host, 'no.bin').getByRole('button', { name: 'Decline no.bin' }).click();
    await expect(card(guest, 'no.bin')).toContainText(/declined/i);
  });

  await test.step('an empty file', async () => {
    await attach(guest, { name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) });
    await card(host, 'empty.txt').getByRole('button', { name: 'Accept empty.txt' }).click();
    expect((await save(host, 'empty.txt')).length).toBe(0);
  });

  await test.step('a page offered as a picture is saved, never opened', async () => {
    const page = Buffer.from('<script>document.title = "owned"</script>');
    await attach(guest, { name: 'cute\u202Egpj.html', mimeType: 'image/png', buffer: page });
    await card(host, 'cutegpj.html').getByRole('button', { name: 'Accept cutegpj.html' }).click();
    expect(await save(host, 'cutegpj.html')).toEqual(page);
    await expect(card(host, 'cutegpj.html').getByRole('img')).toHaveCount(0);
    expect(await host.page.title()).not.toBe('owned');
  });
});

test('paste and drop, and a picture is shown after consent', async ({ host, guest }) => {
  // The smallest PNG: one transparent pixel.
  const png =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const give = (how: 'paste' | 'drop', name: string) =>
    host.page.getByRole('textbox', { name: 'Message' }).evaluate(
      (box, { how, name, png }) => {
        const bytes = Uint8Array.from(atob(png), (char) => char.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], name, { type: 'image/png' }));
        const init = { bubbles: true, cancelable: true };
        if (how === 'paste') box.dispatchEvent(new ClipboardEvent('paste', { ...init, clipboardData: data }));
        else
          for (const type of ['dragenter', 'dragover', 'drop'])
            box.dispatchEvent(new DragEvent(type, { ...init, dataTransfer: data }));
      },
      { how, name, png },
    );
  for (const how of ['paste', 'drop'] as const) {
    const name = `${how}.png`;
    await give(how, name);
    await expect(card(guest, name).getByRole('img')).toHaveCount(0);
    await card(guest, name)
      .getByRole('button', { name: `Accept ${name}` })
      .click();
    await expect(card(guest, name).getByRole('img')).toBeVisible();
  }
});
