import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import {
  createMeeting,
  expect,
  expectConnected,
  joinMeeting,
  test,
  WHILE_AWAY,
  type Visitor,
} from './journey';

const meetings = (page: Page) => page.getByRole('list', { name: 'Your meetings' }).getByRole('link');

/** Until the app is kept here: only then can it take what is shared. */
async function keepApp(page: Page): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
}

// The server is away for a while, on purpose.
test.use({ expectedProblems: [WHILE_AWAY] });

type Shared = { texts?: Record<string, string>; files?: { name: string; content: string }[] };

/** What the system does when somebody shares to the app: a form that is posted from nowhere. */
async function share({ page }: Visitor, origin: string, { texts = {}, files = [] }: Shared): Promise<void> {
  await page.goto('about:blank');
  const inputs = Object.keys(texts).map((name) => `<textarea name="${name}"></textarea>`);
  await page.setContent(
    `<form method="post" enctype="multipart/form-data" action="${origin}/share">${inputs.join('')}
      <input type="file" name="files" multiple><button>Share</button></form>`,
  );
  for (const [name, text] of Object.entries(texts)) await page.locator(`[name=${name}]`).fill(text);
  await page
    .locator('[name=files]')
    .setInputFiles(
      files.map(({ name, content }) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(content) })),
    );
  await page.getByRole('button', { name: 'Share' }).click();
}

test('what another app shares goes to no server, and into the meeting that the person picks', async ({
  host,
  guest,
  server,
}) => {
  const link = await createMeeting(host);
  await host.page.goto('/');
  await keepApp(host.page);

  await test.step('with no server at all', async () => {
    await server.kill();
    await share(host, server.url, {
      texts: { title: 'A page', text: 'Read this', url: 'https://example.org/x' },
      files: [{ name: 'notes.txt', content: 'forty-two' }],
    });
    const sent = host.page.getByRole('region', { name: 'What is sent' });
    for (const text of ['A page', 'Read this', 'https://example.org/x', 'notes.txt']) {
      await expect(sent).toContainText(text);
    }
    await server.start();
  });

  await test.step('nothing goes before somebody is there and the person says so', async () => {
    await host.page.getByRole('list', { name: 'Your meetings' }).getByRole('button').click();
    const card = host.page.getByRole('region', { name: 'From another app' });
    await expect(card.getByRole('button', { name: 'Send here' })).toBeDisabled();
    await joinMeeting(guest, link, 'Grace');
    await expectConnected(host, guest);
    await expect(guest.page.getByRole('log', { name: 'Conversation' })).not.toContainText('Read this');
    await card.getByRole('button', { name: 'Send here' }).click();
    await expect(card).toBeHidden();
  });

  await expect(guest.page.getByRole('log', { name: 'Conversation' })).toContainText('Read this');
  await guest.page.getByRole('button', { name: 'Accept notes.txt' }).click();
  const saving = guest.page.waitForEvent('download');
  await guest.page.getByRole('button', { name: 'Save notes.txt' }).click();
  expect(readFileSync(await (await saving).path(), 'utf8')).toBe('forty-two');
  expect(server.output).not.toContain('/share');

  await test.step('once only', async () => {
    await host.page.goto('/share');
    await expect(host.page.getByText('There is nothing to send.')).toBeVisible();
  });
});

test('with the server gone the list, a saved meeting and help open, and come alive by themselves', async ({
  host,
  guest,
  server,
}) => {
  const link = await createMeeting(host);
  await host.page.goto('/');
  await keepApp(host.page);
  await server.kill();
  const page = await host.newTab();
  await page.goto('/connection-help');
  await expect(page.getByRole('heading', { name: 'Connection help', level: 1 })).toBeVisible();
  await page.goto('/');
  await page.getByRole('button', { name: /^More for/ }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await page.getByRole('textbox', { name: 'Meeting name' }).fill('Without a network');
  await page.getByRole('button', { name: 'Save' }).click();
  await meetings(page).filter({ hasText: 'Without a network' }).click();
  await expect(page.getByRole('textbox', { name: 'Invite link' })).toHaveValue(link);
  await expect(page.getByRole('banner')).toContainText('Server out of reach');

  await server.start();
  await expect(page.getByRole('banner')).toContainText('Nobody else is here yet');
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);
});

test('a link to a meeting that is shared is a meeting to open', async ({ host, guest, server }) => {
  const link = await createMeeting(host);
  await guest.page.goto('/');
  await keepApp(guest.page);
  await share(guest, server.url, { texts: { text: `Come in: ${link}` } });
  await guest.page.getByRole('link', { name: 'Open it' }).click();
  await guest.page.getByRole('textbox', { name: 'Your name' }).fill('Grace');
  await guest.page.getByRole('button', { name: 'Join' }).click();
  await expectConnected(host, guest);
});

test('the shortcut leads to the meeting that was used last, and opens it only when it is pressed', async ({
  host,
}) => {
  const { page } = host;
  await createMeeting(host);
  const link = await createMeeting(host);
  await page.goto('about:blank');
  await page.goto('/#meetings');
  await expect(meetings(page).first()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'Invite link' })).toHaveValue(link);
});

test('nothing keeps the browser from installing it', async ({
  playwright,
  browserName,
  launchOptions,
  server,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-profile-'));
  const context = await playwright[browserName].launchPersistentContext(folder, launchOptions);
  const page = await context.newPage();
  await page.goto(server.url);
  await keepApp(page);
  const session = await context.newCDPSession(page);
  const { errors, data = '' } = await session.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  expect((await session.send('Page.getInstallabilityErrors')).installabilityErrors).toEqual([]);
  const manifest = JSON.parse(data) as { screenshots: { src: string; sizes: string }[] };
  for (const { src, sizes } of manifest.screenshots) {
    const size = await page.evaluate(async (address) => {
      const picture = await createImageBitmap(await (await fetch(address)).blob());
      return `${picture.width}x${picture.height}`;
    }, src);
    expect(size, src).toBe(sizes);
  }
  await context.close();
  rmSync(folder, { recursive: true, force: true });
});

test.describe('the hint to install', () => {
  const hint = (page: Page) => page.getByRole('region', { name: 'Keep Parley at hand' });
  const offer = (page: Page): Promise<boolean> =>
    page.evaluate(() => {
      const event = Object.assign(new Event('beforeinstallprompt', { cancelable: true }), {
        prompt: () => Promise.resolve({ outcome: 'dismissed' }),
      });
      return dispatchEvent(event);
    });

  test('comes to whoever keeps a meeting here, and not again after a no', async ({ host }) => {
    const { page } = host;
    await page.goto('/');
    await expect(page.getByRole('figure')).toBeVisible();
    expect(await offer(page), 'the browser is kept from asking by itself').toBe(false);
    await expect(hint(page)).toBeHidden();

    await createMeeting(host);
    await page.goto('/');
    await expect(meetings(page)).toBeVisible();
    await offer(page);
    await expect(hint(page).getByRole('button', { name: 'Install' })).toBeVisible();
    await hint(page).getByRole('button', { name: 'Not now' }).click();
    await expect(hint(page)).toBeHidden();
    await page.reload();
    await expect(meetings(page)).toBeVisible();
    await offer(page);
    await expect(page.getByRole('link', { name: 'Make a backup' })).toBeVisible();
    await expect(hint(page)).toBeHidden();
  });

  test('says on an iPhone how it is done by hand', async ({ host }) => {
    const { page } = host;
    await page.addInitScript(() => Object.assign(navigator, { standalone: false }));
    await createMeeting(host);
    await page.goto('/');
    await expect(hint(page)).toContainText('Add to Home Screen');
  });
});

test('from one device to another through a meeting', async ({ host, guest }) => {
  const link = await createMeeting(host);
  await host.page.goto('/');
  const name = (await meetings(host.page).locator('bdi').innerText()).trim();
  await host.page.goto('/settings');
  await host.page.getByRole('button', { name: 'Move to another device' }).click();
  const card = host.page.getByRole('region', { name: 'A backup for your other device' });
  const passphrase = await card.locator('strong').innerText();
  const invite = await host.page.getByRole('textbox', { name: 'Invite link' }).inputValue();
  expect(invite).not.toBe(link);

  await joinMeeting(guest, invite, 'My phone');
  await expectConnected(host, guest);
  await card.getByRole('button', { name: 'Send here' }).click();
  await guest.page.getByRole('button', { name: /^Accept parley-.*\.parley$/ }).click();
  await guest.page.getByRole('button', { name: /^Import parley-.*\.parley$/ }).click();
  const dialog = guest.page.getByRole('dialog', { name: 'Import backup' });
  await dialog.getByLabel('Passphrase of the backup').fill(passphrase);
  await dialog.getByRole('button', { name: 'Open' }).click();
  await expect(dialog.getByRole('list', { name: 'What is imported' })).toContainText(`${name} is added`);
  await dialog.getByRole('button', { name: 'Import' }).click();
  await expect(guest.page.getByText('Imported: 1 added, 0 replaced.')).toBeVisible();
  await guest.page.goto('/');
  await expect(meetings(guest.page).filter({ hasText: name })).toBeVisible();
});

test('a backup that is opened with the app is looked at', async ({ host }) => {
  const { page } = host;
  await page.addInitScript(() => {
    const file = new File(['no backup'], 'x.parley');
    const setConsumer = (consume: (params: unknown) => void): void =>
      consume({ files: [{ getFile: () => Promise.resolve(file) }] });
    Object.defineProperty(globalThis, 'launchQueue', { value: { setConsumer } });
  });
  await page.goto('/settings');
  await expect(page.getByRole('dialog', { name: 'Import backup' }).getByRole('alert')).toContainText(
    'backup',
  );
});

test('a forgotten meeting leaves no file behind', async ({ host, guest }) => {
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);
  await host.page.locator('input[type=file][aria-label="Attach files"]').setInputFiles({
    name: 'a.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('left behind'),
  });
  await guest.page.getByRole('button', { name: 'Accept a.txt' }).click();
  await expect(guest.page.getByRole('button', { name: 'Save a.txt' })).toBeVisible();
  const received = (): Promise<number> =>
    guest.page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const folder = await root.getDirectoryHandle('received');
      const names: string[] = [];
      for await (const name of folder.keys()) names.push(name);
      return names.length;
    });
  expect(await received()).toBe(1);
  await guest.page.goto('/');
  await guest.page.getByRole('button', { name: /^More for/ }).click();
  await guest.page.getByRole('menuitem', { name: 'Forget' }).click();
  await expect(meetings(guest.page)).toHaveCount(0);
  await expect.poll(received).toBe(0);
});
