import { AppTalk } from './app-talk';
import { gatheringErrors } from './bare-talk';
import { expect, note, test } from './lab';
import { expectedClass, type Profile } from './profiles';
import { outputIn } from './program';
import { credentialsFor, startRelay } from './servers';
import { APP, TIGHT_TURN, TURN } from './topology';
import { addressesIn, forgetTestimony, testify } from './witness';

const PAIRS: [Profile, Profile][] = [
  ['prc', 'prc'],
  ['prc', 'sym'],
  ['tcp443', 'tcp443'],
  ['v6', 'prc'],
];

for (const [one, other] of PAIRS) {
  const expected = expectedClass(one, other);
  test(`${one} × ${other}: ${expected}`, async ({ lab }) => {
    const [host, guest] = await Promise.all([lab.person('a', one), lab.person('b', other)]);
    const talk = await AppTalk.open(lab, host, guest);
    const { shown, used, answeredMs } = await talk.visit(expected);
    expect([shown, used?.kind]).toEqual([expected, expected]);
    note(`${used?.transport} ${Math.round(answeredMs)} ms`);
    await talk.end();
  });
}

/** What a hidden guest's side may name: the relay, and nowhere at all. */
const RELAY = new Set<string>([TURN.v4, TURN.v6]);
const NOWHERE = new Set(['0.0.0.0', '::', '127.0.0.1', '::1']);

/** Networks in which nothing but the app's own restraint keeps the two from meeting. */
for (const profile of ['cone', 'v6'] as const) {
  test(`hide my address, camera and microphone allowed, ${profile} × ${profile}: nothing leaks`, async ({
    lab,
  }) => {
    const [host, guest] = await Promise.all([lab.person('a', profile), lab.person('b', profile)]);
    const talk = await AppTalk.open(lab, host, guest);
    const context = { permissions: ['camera', 'microphone'] };

    await test.step('in the open both are there to be seen, so that their absence means something', async () => {
      await talk.visit('direct', { context });
      expect(lab.topology.flows()).not.toEqual([]);
      expect(foreignTo(RELAY, (await testify(talk.guest)).given)).not.toEqual([]);
      await talk.end();
    });

    const expectHidden = async (isHidden: boolean, isHostToo: boolean) => {
      lab.topology.forgetFlows();
      await forgetTestimony(talk.host);
      await talk.visit('relayed', { isHidden, context });
      const [host, guest] = await Promise.all([testify(talk.host), testify(talk.guest)]);
      const toldByHost = isHostToo ? [host.given, guest.taken, guest.handed] : [];
      for (const told of [guest.given, host.taken, host.handed, ...toldByHost]) {
        expect(told.flatMap(addressesIn).some((address) => RELAY.has(address))).toBe(true);
        expect(foreignTo(RELAY, told)).toEqual([]);
      }
      await talk.end();
      expect(lab.topology.flows()).toEqual([]);
    };
    await test.step('hidden by the guest’s wish', () => expectHidden(true, false));
    await test.step('hidden by the host’s, for both', async () => {
      await talk.host.getByRole('checkbox', { name: /Hide everyone’s address/ }).check();
      await expectHidden(false, true);
    });
  });
}

/** Addresses named there that are neither these nor nobody's. */
function foreignTo(known: ReadonlySet<string>, texts: readonly string[]): string[] {
  return texts.flatMap(addressesIn).filter((address) => !known.has(address) && !NOWHERE.has(address));
}

test('expired credentials are refused: 401', async ({ lab }) => {
  const errors = await gatheringErrors(await lab.person('a', 'prc'), lab.iceServers(-1));
  expect(errors).toEqual(expect.arrayContaining([expect.stringMatching(/^401 .*transport=udp/)]));
});

test('a quota that is spent: 486', async ({ lab }) => {
  const relay = await startRelay(lab.topology.middle, lab.identity, TIGHT_TURN, { 'user-quota': 1 });
  try {
    const { secret } = relay;
    const errors = await gatheringErrors(
      await lab.person('a', 'prc'),
      lab.iceServers(undefined, { secret, name: TIGHT_TURN.name }),
    );
    expect(errors).toEqual(expect.arrayContaining([expect.stringMatching(/^486 /)]));
  } finally {
    await relay.stop();
  }
});

test('the relay reaches no private address, nor its own servers: 403', async ({ lab }) => {
  const { site } = await lab.person('a', 'prc');
  const { username, credential } = credentialsFor(lab.relay.secret, Math.floor(Date.now() / 1_000) + 60);
  for (const peer of ['10.0.0.1', '192.168.1.1', '127.0.0.1', APP.v4]) {
    const args = ['-c', '-v', '-n', '1', '-u', username, '-w', credential, '-e', peer, TURN.v4];
    expect(outputIn(site.client, 'turnutils_uclient', args), peer).toMatch(/error 403 \(Forbidden IP\)/);
  }
});
