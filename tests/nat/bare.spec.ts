import { answered } from './flows';
import { BareTalk } from './bare-talk';
import { expect, note, test } from './lab';
import { everyPair, expectedClass } from './profiles';

/** The lab itself: each pair of networks does to a plain page what it is there to do. */
for (const [one, other] of everyPair()) {
  const expected = expectedClass(one, other);
  test(`bare ${one} × ${other}: ${expected}`, async ({ lab }) => {
    const [a, b] = await Promise.all([lab.person('a', one), lab.person('b', other)]);
    lab.topology.forgetFlows();
    const talk = await BareTalk.open(lab, a, b);
    await talk.expectTalk();
    // Types may change once more within a second of opening.
    await expect.poll(() => talk.pathClass(), { timeout: 3_000 }).toBe(expected);
    expect(answered(lab.topology.flows()).length > 0).toBe(expected === 'direct');
    note((await talk.pathClass()) ?? 'none');
    await talk.close();
  });
}
