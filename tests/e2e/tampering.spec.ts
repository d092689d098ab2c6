import { test as base, expect, type Browser, type BrowserContext } from '@playwright/test';
import type { Bytes } from '../../src/lib/protocol/bytes';
import { Middleman } from '../support/middleman';
import { Relay, type Carried, type Step } from '../support/relay';
import { Lane } from './lane';

/**
 * A server that changes, drops, doubles, delays, reorders and reflects what it relays (SERVER, hostile input), with two
 * real browsers behind it. Nobody but the true other end is ever there; done once it only delays; done always, the
 * guest is told.
 */
type Setting = { relay: Relay; hosts: BrowserContext; guests: BrowserContext };

const test = base.extend<object, { setting: Setting }>({
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
async function inLanes(
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

const flip = (bytes: Bytes, at: number): Bytes =>
  bytes.map((byte, index) => (index === at ? byte ^ 0x01 : byte));

/** What is done to one envelope. `kept` lives as long as the connection under test. */
type Trick = (carried: Carried, kept: Kept) => void;
type Kept = { late: (() => void)[] };

const TRICKS: Record<string, Trick> = {
  'its kind flipped': ({ bytes, pass }) => pass(flip(bytes, 0)),
  'its tag flipped': ({ bytes, pass }) => pass(flip(bytes, 4)),
  'a byte of its body flipped': ({ bytes, pass }) => pass(flip(bytes, bytes.length >> 1)),
  'its last byte flipped': ({ bytes, pass }) => pass(flip(bytes, bytes.length - 1)),
  'half of it cut off': ({ bytes, pass }) => pass(bytes.slice(0, bytes.length >> 1)),
  'one byte left': ({ bytes, pass }) => pass(bytes.slice(0, 1)),
  dropped: () => undefined,
  doubled: ({ bytes, pass }) => {
    pass(bytes);
    pass(bytes);
  },
  'doubled, the second much later': ({ bytes, pass }, { late }) => {
    pass(bytes);
    late.push(() => pass(bytes));
  },
  reflected: ({ bytes, pass, reflect }) => {
    reflect(bytes);
    pass(bytes);
  },
  'only reflected': ({ bytes, reflect }) => reflect(bytes),
};

const STEPS: readonly Step[] = [
  'message 1',
  'message 2',
  'record 0 of the guest',
  'record 1 of the guest',
  'record 0 of the host',
  'record 1 of the host',
];

test('an envelope spoilt once only delays', async ({ setting }) => {
  test.setTimeout(150_000);
  const { relay } = setting;
  await inLanes(setting, STEPS, async (lane, index) => {
    for (const [name, trick] of [...Object.entries(TRICKS), ['passed on after the next', null] as const]) {
      const kept: Kept = { late: [] };
      let state: 'armed' | 'holding' | 'done' = 'armed';
      let held = () => undefined as void;
      relay.tamper(lane.meeting, (carried) => {
        if (state === 'holding') {
          state = 'done';
          carried.pass(carried.bytes);
          return held();
        }
        if (state === 'done' || carried.step !== STEPS[index]) return carried.pass(carried.bytes);
        state = 'done';
        if (trick !== null) return trick(carried, kept);
        state = 'holding';
        held = () => carried.pass(carried.bytes);
      });
      await test.step(`${STEPS[index]} ${name}`, async () => {
        await lane.join();
        await lane.expectTrueConnection();
        expect(state, 'the trick was played').not.toBe('armed');
        for (const again of kept.late) again();
        await lane.expectTalk(`after ${name}`);
      });
    }
  });
});
