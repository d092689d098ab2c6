import { hasRedis, REDIS_MISSING, RedisServer } from '../support/redis';
import { ParleyServer } from '../support/server';
import {
  createMeeting,
  expect,
  expectConnected,
  expectHeard,
  joinMeeting,
  say,
  test as base,
  Visitor,
} from './journey';

/** The real server on a real Redis, which may be away while the server is there. Its memory outlives it. */
const test = base.extend<{ redis: RedisServer; newcomer: Visitor }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures it needs from this pattern
  redis: async ({}, use) => {
    const redis = new RedisServer({ persists: true });
    await redis.start();
    await use(redis);
    await redis.close();
  },
  server: async ({ redis }, use) => {
    const server = new ParleyServer({ REDIS_URL: redis.url });
    await server.start();
    await use(server);
    await server.close();
  },
  /** Somebody else: another profile, and so another participant. */
  newcomer: async ({ guest, server }, use) => {
    const context = await guest.context.browser()?.newContext({ baseURL: server.url, locale: 'en-GB' });
    if (context === undefined) throw new Error('no browser');
    await use(new Visitor(context, await context.newPage(), []));
    await context.close();
  },
});

test.skip(!hasRedis, REDIS_MISSING);

/** So long may a person wonder. */
const TOLD_WITHIN_MS = 5_000;
/** The longest pause of the page, that of the server's own attempts, and some for a busy machine. */
const BACK_WITHIN_MS = 15_000;

const sentence = ({ page }: Visitor) =>
  page.getByRole('alert').filter({ hasText: 'server cannot let anybody in just now' });

/** A page shows a new link at once; only now has the server heard of so many meetings. */
const expectHosted = (server: ParleyServer, meetings: number) =>
  expect.poll(() => server.output.split('"event":"claimed"').length - 1).toBe(meetings);

/** A page that is loaded anew has forgotten this. */
const mark = ({ page }: Visitor) => page.evaluate(() => Object.assign(globalThis, { isMarked: true }));
const isMarked = ({ page }: Visitor) => page.evaluate(() => 'isMarked' in globalThis);

/** Every way in which it can be away, and back again. */
const GONE = [
  {
    how: 'is killed',
    leave: (redis: RedisServer) => redis.kill(),
    back: (redis: RedisServer) => redis.start(),
  },
  {
    how: 'hangs',
    leave: async (redis: RedisServer) => redis.pause(),
    back: async (redis: RedisServer) => redis.resume(),
  },
];

for (const { how, leave, back } of GONE) {
  test(`Redis ${how} during a meeting: those in it talk on, and who comes is told and let in by itself`, async ({
    host,
    guest,
    newcomer,
    redis,
    server,
  }) => {
    await joinMeeting(guest, await createMeeting(host), 'Grace');
    await expectConnected(host, guest);
    await say(guest, 'Before');
    await expectHeard(host, 'Before');
    // A meeting holds two, so the newcomer is awaited in another one.
    const door = new Visitor(host.context, await host.context.newPage(), []);
    const link = await createMeeting(door);
    await expectHosted(server, 2);

    await leave(redis);
    await newcomer.page.goto(link);
    await expect(sentence(newcomer)).toBeVisible({ timeout: TOLD_WITHIN_MS });
    await newcomer.page.getByRole('textbox', { name: 'Your name' }).fill('Edsger');
    await newcomer.page.getByRole('button', { name: 'Join' }).click();
    await mark(newcomer);
    await say(guest, 'While it is away');
    await expectHeard(host, 'While it is away');
    await say(host, 'We do not need it');
    await expectHeard(guest, 'We do not need it');
    await expect(sentence(newcomer)).toBeVisible();
    // A host whose way to the server was lost meanwhile is told too; a guest who is connected is not.
    await expect(guest.page.getByRole('alert')).toHaveCount(0);

    await back(redis);
    await expect(sentence(newcomer)).toBeHidden({ timeout: BACK_WITHIN_MS });
    await expectConnected(newcomer, door);
    expect(await isMarked(newcomer)).toBe(true);
    await say(newcomer, 'There you are');
    await expectHeard(door, 'There you are');
    await say(guest, 'After');
    await expectHeard(host, 'After');
    for (const { page } of [host, guest, door, newcomer])
      await expect(page.getByRole('alert')).toHaveCount(0);
  });

  test(`Redis ${how} before a host opens a meeting: the host is told, and it opens by itself`, async ({
    host,
    guest,
    redis,
    server,
  }) => {
    const link = await createMeeting(host);
    await expectHosted(server, 1);
    await host.page.goto('/');
    await leave(redis);
    await host.page.getByRole('list', { name: 'Your meetings' }).getByRole('link').click();
    await expect(sentence(host)).toBeVisible({ timeout: TOLD_WITHIN_MS });
    await mark(host);
    await joinMeeting(guest, link, 'Grace');
    await expect(sentence(guest)).toBeVisible({ timeout: TOLD_WITHIN_MS });

    await back(redis);
    await expect(sentence(host)).toBeHidden({ timeout: BACK_WITHIN_MS });
    await expectConnected(host, guest);
    await say(guest, 'There you are');
    await expectHeard(host, 'There you are');
    expect(await isMarked(host)).toBe(true);
  });
}

test('Home shows a server that cannot say who is there as one that is away, until it can', async ({
  host,
  guest,
  redis,
}) => {
  const link = await createMeeting(host);
  await joinMeeting(guest, link, 'Grace');
  await expectConnected(host, guest);
  await redis.kill();
  await guest.newTab();
  await guest.page.goto('/');
  const meeting = guest.page.getByRole('list', { name: 'Your meetings' }).getByRole('link');
  await expect(meeting).toContainText('Offline');
  await mark(guest);
  await redis.start();
  await expect(meeting).toContainText('Host is here', { timeout: BACK_WITHIN_MS });
  await expect(guest.page.getByRole('alert')).toHaveCount(0);
  expect(await isMarked(guest)).toBe(true);
});
