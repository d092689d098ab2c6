import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ParleyServer } from '../support/server';
import { createMeeting, expectConnected, expectHeard, joinMeeting, say } from '../e2e/journey';
import { CrowdPage } from './crowd';
import { expect, test, type Guest } from './deployed';
import { nextBuild } from './next-build';

test('two processes behind the proxy, over TLS: one meeting, relayed, with a file, and it comes back', async ({
  topology,
  visit,
}) => {
  const [host, guest] = [await visit(), await visit()];
  const link = await createMeeting(host);
  await expect.poll(() => topology.sessions.toSorted()).toEqual([0, 1]);
  await test.step('the proxy gives the next one to the other process, as that has fewer', async () => {
    // While files are on their way there, both may have as many.
    await expect(async () => {
      await guest.page.goto(link);
      await expect.poll(() => topology.sessions, { timeout: 2_000 }).toEqual([1, 1]);
    }).toPass();
  });

  await guest.page.getByRole('checkbox', { name: 'Hide my address' }).check();
  await guest.page.getByRole('textbox', { name: 'Your name' }).fill('Grace');
  await guest.page.getByRole('button', { name: 'Join' }).click();
  await expectConnected(host, guest);
  await expect(guest.page.getByRole('region', { name: 'Connection' })).toContainText('Relayed');
  await say(guest, 'Through the relay');
  await expectHeard(host, 'Through the relay');
  await say(host, 'And back');
  await expectHeard(guest, 'And back');

  const file = { name: 'minutes.bin', mimeType: 'application/octet-stream', buffer: randomBytes(1_000_003) };
  await host.page.locator('input[type=file]').setInputFiles(file);
  const card = guest.page.getByRole('group', { name: file.name });
  await card.getByRole('button', { name: `Accept ${file.name}` }).click();
  const download = guest.page.waitForEvent('download');
  await card.getByRole('button', { name: `Save ${file.name}` }).click();
  expect(readFileSync(await (await download).path()).equals(file.buffer)).toBe(true);

  await test.step('a saved meeting comes back', async () => {
    await host.page.goto('/');
    await host.page.getByRole('list', { name: 'Your meetings' }).getByRole('link').click();
    await expectConnected(host, guest);
    await say(guest, 'Here again');
    await expectHeard(host, 'Here again');
  });
  for (const { problems } of [host, guest]) expect(problems).toEqual([]);
});

/** Times that both processes are restarted, one after the other. More of them show rarer races, and take longer. */
const ROUNDS = Number(process.env['DEPLOY_ROUNDS'] ?? 2);
/** Those who are there and do nothing, each with a profile: Chromium opens one WebSocket of a profile at a time. */
const BYSTANDERS = 5;
/** First visits to two versions at a time: whichever answers with the page, the other one is asked for files of it. */
const VISITS = 8;
/** How soon after a drain the server is there again, from a client's side (SERVER, growth). */
const BACK_WITHIN_MS = 1_000;

test('a rolling restart: no join is lost, no message, no file, and everybody is back within a second', async ({
  browser,
  topology,
  visit,
}) => {
  const [host, grace] = [await visit(), await visit()];
  const link = await createMeeting(host);
  await joinMeeting(grace, link, 'Grace');
  await expectConnected(host, grace);
  // A meeting is for two: whoever comes now comes to another.
  const receptionist = await visit();
  const door = await createMeeting(receptionist);
  const crowd = await CrowdPage.open(browser, topology);
  await crowd.host();
  const bystanders = await Promise.all(
    Array.from({ length: BYSTANDERS }, () => CrowdPage.open(browser, topology)),
  );
  await Promise.all(bystanders.map((page) => page.stay()));

  const over = new AbortController();
  const doorbell = new EventEmitter();
  const talking = talk(host, grace, over.signal);
  const coming = comeOneByOne(visit, { host: receptionist, link: door, doorbell }, over.signal);
  await crowd.begin();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const server of topology.servers) {
        // In the middle of somebody's coming in.
        await Promise.race([once(doorbell, 'pressed'), coming]);
        await topology.restart(server);
      }
    }
  } finally {
    over.abort();
  }
  const [said, joinsMs, outcome] = [await talking, await coming, await crowd.end()];

  const others = await Promise.all(bystanders.map((page) => page.end()));
  const people = [host, grace, receptionist, outcome, ...others];
  const gapsMs = people.flatMap((person) => person.gapsMs);
  note(`${2 * ROUNDS} drains, ${said} messages`);
  note(`joins in browsers ${figures(joinsMs)}`, `joins of signaling alone ${figures(outcome.joinsMs)}`);
  note(`without the server ${figures(gapsMs)}`, `pages ${outcome.pages}`);
  if (Object.keys(outcome.refusals).length > 0) note(`said again: ${JSON.stringify(outcome.refusals)}`);
  expect(outcome.brokenFiles).toEqual([]);
  expect(joinsMs.length).toBeGreaterThanOrEqual(2 * ROUNDS);
  expect(outcome.joinsMs.length).toBeGreaterThan(10 * ROUNDS);
  // Whoever was there was sent away once in every round at least: by the process that went last.
  expect(gapsMs.length).toBeGreaterThanOrEqual(people.length * ROUNDS);
  expect(Math.max(...gapsMs)).toBeLessThan(BACK_WITHIN_MS);
});

test('an update: while two versions run, every page comes with all of its files', async ({
  browser,
  topology,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-next-'));
  const next = await nextBuild(folder);
  const crowd = await CrowdPage.open(browser, topology);
  const [first, last] = topology.servers as [ParleyServer, ParleyServer];
  for (const program of [next, undefined]) {
    let isBack = false;
    const restarting = topology.restart(first, program).finally(() => (isBack = true));
    while (!isBack) await crowd.visit();
    await restarting;
    for (let i = 0; i < VISITS; i++) await crowd.visit();
    // Who is in the middle of a visit to the last of a version when that ends cannot be helped, so nobody is.
    await topology.restart(last, program);
  }
  const { pages, brokenFiles } = await crowd.end();
  rmSync(folder, { recursive: true });
  note(`${pages} pages`);
  expect(brokenFiles).toEqual([]);
});

/** Two who are connected say one thing after the other; every one arrives, and once. */
async function talk(host: Guest, grace: Guest, over: AbortSignal): Promise<number> {
  const said: string[] = [];
  const pass = async (from: Guest, to: Guest, text: string): Promise<void> => {
    await say(from, text);
    await expectHeard(to, text);
    said.push(text);
  };
  for (let round = 0; !over.aborted; round++) {
    await pass(grace, host, `question ${round}`);
    await pass(host, grace, `answer ${round}`);
  }
  // Of many the newest are drawn: these in their order, and none twice.
  const drawn = (await host.page.getByRole('log').innerText()).match(/(?:question|answer) \d+/g) ?? [];
  expect(drawn.length).toBeGreaterThanOrEqual(Math.min(said.length, 10));
  expect(drawn).toEqual(said.slice(-drawn.length));
  return said.length;
}

/** Whoever has begun to come in comes in, and is heard. Answers how long each took from *Join* on. */
async function comeOneByOne(
  visit: () => Promise<Guest>,
  { host, link, doorbell }: { host: Guest; link: string; doorbell: EventEmitter },
  over: AbortSignal,
): Promise<number[]> {
  const joinsMs: number[] = [];
  while (!over.aborted) {
    const guest = await visit();
    const name = `Guest ${joinsMs.length}`;
    await guest.page.goto(link);
    await guest.page.getByRole('textbox', { name: 'Your name' }).fill(name);
    const begunAtMs = performance.now();
    await guest.page.getByRole('button', { name: 'Join' }).click();
    doorbell.emit('pressed');
    await expectConnected(guest);
    joinsMs.push(performance.now() - begunAtMs);
    await say(guest, `${name} is here`);
    await expectHeard(host, `${name} is here`);
    await guest.page.getByRole('button', { name: 'Leave' }).click();
    await expect(host.page.getByRole('list', { name: 'People' })).not.toContainText(name);
    await guest.context.close();
  }
  return joinsMs;
}

const figures = (times: readonly number[]): string => {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? NaN);
  return `${sorted.length}: median ${at(0.5)} ms, most ${at(1)} ms`;
};

/** What the reporter prints after the title. */
function note(...descriptions: string[]): void {
  for (const description of descriptions) test.info().annotations.push({ type: 'note', description });
}
