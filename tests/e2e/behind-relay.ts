import { test as base, expect, type Browser, type BrowserContext } from '@playwright/test';
import { Middleman } from '../support/middleman';
import { Relay } from '../support/relay';
import { Lane } from './lane';

/** Two browsers, started once for a whole file, that reach the real server only through a relay that may lie. */
export type Setting = { relay: Relay; hosts: BrowserContext; guests: BrowserContext };

export const test = base.extend<object, { setting: Setting }>({
  setting: [
    async ({ playwright, browserName, launchOptions }, use) => {
      const relay = new Relay(await Middleman.start());
      const browsers: Browser[] = [];
      const visit = async () => {
        const browser = await playwright[browserName].launch(launchOptions);
        browsers.push(browser);
        return browser.newContext({ baseURL: relay.url, locale: 'en-GB' });
      };
      const [hosts, guests] = await Promise.all([visit(), visit()]);
      await use({ relay, hosts, guests });
      await Promise.all(browsers.map((browser) => browser.close()));
      await relay.close();
    },
    { scope: 'worker' },
  ],
});

/** So many meetings at a time: with more, two browsers hold more pages than a slow machine can keep alive. */
const LANES = 6;

/** Runs `each` in a meeting for every name, several at the same time, and expects no error on any page. */
export async function inLanes(
  { hosts, guests }: Setting,
  names: readonly string[],
  each: (lane: Lane, index: number) => Promise<void>,
): Promise<void> {
  const waiting = [...names.entries()];
  const next = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const [index, name] = one;
      const lane = await Lane.open(hosts, guests, name);
      await each(lane, index);
      expect(lane.problems).toEqual([]);
      await Promise.all([lane.guest.close(), lane.host.close()]);
    }
  };
  await Promise.all(Array.from({ length: LANES }, next));
}

export { expect };
