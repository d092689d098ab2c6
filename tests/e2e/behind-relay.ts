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

/** Opens `names.length` meetings, runs `each` in all of them at the same time, and expects no error on any page. */
export async function inLanes(
  { hosts, guests }: Setting,
  names: readonly string[],
  each: (lane: Lane, index: number) => Promise<void>,
): Promise<void> {
  const lanes = await Promise.all(names.map((name) => Lane.open(hosts, guests, name)));
  await Promise.all(lanes.map(each));
  for (const { problems, host, guest } of lanes) {
    expect(problems).toEqual([]);
    await Promise.all([guest.close(), host.close()]);
  }
}

export { expect };
