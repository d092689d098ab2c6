import type { Page } from '@playwright/test';
import { createMeeting, expect, expectConnected, expectHeard, joinMeeting, say, test } from './journey';

/** How it works beside a meeting in another tab: it follows, and learns nothing of the meeting. */

const step = (page: Page) => page.getByRole('main').locator('[aria-current="step"]');

test('the page shows at which step the meeting in another tab is, and by which kind of way', async ({
  host,
  guest,
}) => {
  const meeting = host.page;
  const reading = await host.newTab();
  // Before the page's own scripts, so that what the page itself asks is always among what is heard.
  await reading.addInitScript(() => {
    const heard: unknown[] = [];
    new BroadcastChannel('parley.whereabouts').onmessage = ({ data }) => heard.push(data);
    Object.assign(window, { heard });
  });
  const heardBy = (page: Page) => page.evaluate(() => (window as unknown as { heard: unknown[] }).heard);
  await reading.goto('/how-it-works');
  await expect.poll(() => heardBy(reading)).toEqual(['where']);
  await expect(reading.getByRole('main').getByRole('status')).toBeEmpty();
  await expect(step(reading)).toHaveCount(0);

  host.page = meeting;
  const link = await createMeeting(host);
  await expect(step(reading)).toContainText('You send the link');
  await expect(reading.getByRole('main').getByRole('status')).toHaveText(
    /It is at step 2: You send the link\.$/,
  );

  await meeting.getByRole('checkbox', { name: 'Ask me before anyone comes in' }).check();
  await joinMeeting(guest, link, 'Grace');
  await expect(step(reading)).toContainText('The host lets them in');
  await meeting.getByRole('button', { name: 'Admit Grace' }).click();
  await expectConnected(host, guest);
  await expect(step(reading)).toContainText('You talk');
  await expect(reading.getByText('Packets go straight from browser to browser')).toBeVisible();

  await test.step('nothing else goes from tab to tab', async () => {
    const [asked, ...told] = await heardBy(reading);
    expect(asked).toBe('where');
    expect(told.length).toBeGreaterThan(3);
    for (const said of told) expect(said).toMatch(/^(?:null|\{"step":"[a-z]+","path":(?:null|"direct")\})$/);
  });

  await test.step('opened later, it asks', async () => {
    await reading.reload();
    await expect(step(reading)).toContainText('You talk');
  });

  await test.step('a guest’s own step is told to the guest', async () => {
    const beside = await guest.context.newPage();
    await beside.goto('/how-it-works');
    await expect(step(beside)).toContainText('You talk');
  });

  await test.step('it ends with the tab of the meeting', async () => {
    await meeting.close();
    await expect(step(reading)).toHaveCount(0);
    await expect(reading.getByRole('main').getByRole('status')).toBeEmpty();
  });
});

test('a word that is explained opens beside the meeting, which goes on', async ({ host, guest }) => {
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);
  for (const [name, anchor] of [
    ['Safety words', 'safety-words'],
    ['Direct', 'direct'],
  ] as const) {
    const word = host.page.getByRole('link', { name, exact: true });
    await expect(word).toHaveAccessibleDescription('Opens in a new tab');
    const [opened] = await Promise.all([host.context.waitForEvent('page'), word.click()]);
    await opened.waitForURL(`**/glossary#${anchor}`);
    await expect(opened.locator(`#${anchor}`)).toBeInViewport();
    await opened.close();
  }
  await say(guest, 'Still here');
  await expectHeard(host, 'Still here');
});
