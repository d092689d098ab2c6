import { createMeeting, expect, test } from './journey';

test('a new meeting gives a link to copy, to share and to scan, and is saved at once', async ({ host }) => {
  const { page } = host;
  const link = await createMeeting(host);

  await test.step('nothing of the meeting is in the address, the title or the history', async () => {
    expect(new URL(page.url()).hash).toBe('');
    const secret = link.slice(link.indexOf('#') + 1);
    expect(await page.title()).not.toContain(secret);
    expect(await page.evaluate(() => JSON.stringify(history.state))).not.toContain(secret);
  });

  await test.step('copy', async () => {
    await page.getByRole('button', { name: 'Copy link' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
  });

  await test.step('scan', async () => {
    await page.getByRole('button', { name: 'Show QR code' }).click();
    await expect(page.getByRole('dialog').getByRole('img')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
  });

  await test.step('saved: Home lists it, and it opens with the same link', async () => {
    await page.goto('/');
    const item = page.getByRole('list', { name: 'Your meetings' }).getByRole('link');
    await expect(item).toHaveCount(1);
    await expect(item).toContainText('You are host');
    await item.click();
    await expect(page.getByRole('textbox', { name: 'Invite link' })).toHaveValue(link);
  });

  await test.step('a reload keeps it', async () => {
    await page.reload();
    await expect(page.getByRole('textbox', { name: 'Invite link' })).toHaveValue(link);
  });
});

test('share hands the link to the system', async ({ host }) => {
  await host.page.addInitScript(() => {
    Object.assign(navigator, {
      canShare: () => true,
      share: (data: ShareData) => {
        document.documentElement.dataset['shared'] = data.url ?? data.text ?? '';
        return Promise.resolve();
      },
    });
  });
  const link = await createMeeting(host);
  await host.page.getByRole('button', { name: 'Share link' }).click();
  await expect(host.page.locator('html')).toHaveAttribute('data-shared', link);
});

test('at rest the profile holds no secret, no key and no name in plain', async ({ host }) => {
  const link = await createMeeting(host);
  const stored = await host.page.evaluate(async () => {
    const texts: string[] = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(new Error('cannot open'));
      });
      for (const store of database.objectStoreNames) {
        const rows = await new Promise<unknown[]>((resolve, reject) => {
          const request = database.transaction(store).objectStore(store).getAll();
          request.onsuccess = () => resolve(request.result as unknown[]);
          request.onerror = () => reject(new Error('cannot read'));
        });
        const readable = (_key: string, part: unknown) => {
          if (part instanceof CryptoKey) return `extractable: ${part.extractable}`;
          return part instanceof Uint8Array ? String.fromCharCode(...part) : part;
        };
        for (const row of rows) texts.push(JSON.stringify(row, readable));
      }
    }
    return texts.join('\n');
  });
  expect(stored).toContain('extractable: false');
  expect(stored).toContain('ciphertext');
  expect(stored).not.toContain(link.slice(-68));
  expect(stored).not.toContain(link.slice(-60, -10));
  expect(stored).not.toMatch(/sealedKeys|meetingId|"role"/);
});
