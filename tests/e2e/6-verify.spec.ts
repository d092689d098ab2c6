import { createMeeting, expect, expectConnected, joinMeeting, test, type Visitor } from './journey';

const wordsOf = async ({ page }: Visitor): Promise<string> => {
  const region = page.getByRole('region', { name: 'Safety words' });
  await expect(region.getByRole('listitem')).toHaveCount(4);
  return (await region.getByRole('listitem').allInnerTexts())
    .map((word) => word.replace(/\s+/g, ' '))
    .join(' ');
};

test('both see the same four words with their numbers, and marking them as verified is remembered', async ({
  host,
  guest,
}) => {
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);

  const words = await wordsOf(host);
  expect(words).toMatch(/^[a-z]+ \d+( [a-z]+ \d+){3}$/);
  expect(await wordsOf(guest)).toBe(words);

  await guest.page.getByRole('button', { name: 'Mark as verified' }).click();
  await expect(guest.page.getByRole('region', { name: 'Safety words' })).toContainText(/verified/i);

  await test.step('another session has other words, and the mark is still known', async () => {
    await joinMeeting(guest, link, 'Grace');
    await expectConnected(host, guest);
    const later = await wordsOf(guest);
    expect(later).not.toBe(words);
    expect(await wordsOf(host)).toBe(later);
    await expect(guest.page.getByRole('region', { name: 'Safety words' })).toContainText(/earlier|before/i);
  });
});
