import { randomBytes } from 'node:crypto';
import type { Page } from '@playwright/test';
import { pathOf } from '../../src/lib/peer/path';
import type { Bare } from './bare/page';
import { BARE_URL, expect, type Lab, type Person } from './lab';
import type { PathClass } from './profiles';
import { testify } from './witness';

type Options = ConstructorParameters<typeof Bare>[0];
declare const bare: Bare;
declare const startBare: (options: Options) => void;

/** Two bare pages in a room of their own. */
export class BareTalk {
  readonly a: Page;
  readonly b: Page;

  private constructor(a: Page, b: Page) {
    this.a = a;
    this.b = b;
  }

  static async open(lab: Lab, a: Person, b: Person, more: Partial<Options> = {}): Promise<BareTalk> {
    const room = randomBytes(8).toString('hex');
    const [pageA, pageB] = await Promise.all([openBare(a), openBare(b)]);
    const start = (page: Page, end: 'a' | 'b') =>
      page.evaluate((options) => startBare(options), { end, room, iceServers: lab.iceServers(), ...more });
    await Promise.all([start(pageA, 'a'), start(pageB, 'b')]);
    return new BareTalk(pageA, pageB);
  }

  async expectTalk(): Promise<void> {
    for (const [from, to] of [
      [this.a, this.b],
      [this.b, this.a],
    ] as const) {
      await expect.poll(() => from.evaluate(() => bare.isOpen), { intervals: [20] }).toBe(true);
      const text = randomBytes(8).toString('hex');
      await from.evaluate((text) => bare.say(text), text);
      await expect.poll(() => to.evaluate(() => bare.heard.at(-1)), { intervals: [20] }).toBe(text);
    }
  }

  async pathClass(): Promise<PathClass | null> {
    const report = await this.a.evaluate(async () => [...(await bare.stats()).entries()]);
    return pathOf(new Map(report))?.kind ?? null;
  }

  states(): Promise<unknown[]> {
    return Promise.all([this.a, this.b].map((page) => page.evaluate(() => [bare.states, bare.errors])));
  }

  async close(): Promise<void> {
    await Promise.all([this.a, this.b].map(closeBare));
  }
}

/** What goes wrong while one page alone looks for ways through these servers. */
export async function gatheringErrors(person: Person, iceServers: RTCIceServer[]): Promise<string[]> {
  const page = await openBare(person);
  const options: Options = { end: 'a', room: randomBytes(8).toString('hex'), iceServers };
  await page.evaluate((options) => startBare(options), options);
  await expect
    .poll(() => page.evaluate(() => bare.states.iceGatheringState), { intervals: [50] })
    .toBe('complete');
  const { errors } = await testify(page);
  await closeBare(page);
  return errors;
}

async function openBare(person: Person): Promise<Page> {
  const page = await person.open();
  await page.goto(BARE_URL);
  await page.waitForFunction(() => 'startBare' in globalThis);
  return page;
}

/** A tab that is closed abruptly leaves its allocations behind. */
async function closeBare(page: Page): Promise<void> {
  await page.evaluate(() => bare.close());
  await page.context().close();
}
