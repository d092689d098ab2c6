import { median, report } from '../../bench/support.mjs';
import { AppTalk } from './app-talk';
import { BareTalk } from './bare-talk';
import { Beats } from './beat';
import { FAULTS, inTrouble, type Fault } from './faults';
import { note, test } from './lab';

/**
 * How long after a path is usable again a message has gone each way: Parley against the bare page, which are struck by
 * the same fault on the same device at the same time.
 */
const ROUNDS = Number(process.env['LAB_RUNS'] ?? '10');
const EVERY_MS = 50;
/** What is not back by then does not come back, and counts as that. */
const PATIENCE_MS = 30_000;

test.setTimeout(900_000);

/** By the name of the figure: what strikes in which round, and whether each round needs connections of its own. */
const CASES: Record<string, { faultOf: (round: number) => Fault; isFresh: boolean }> = {
  network_switch: {
    faultOf: (round) => FAULTS[round % 2 === 0 ? 'Wi-Fi to mobile' : 'mobile to Wi-Fi'],
    // One that has seen both networks knows addresses of both, and comes back by the old ones.
    isFresh: true,
  },
  black_hole: { faultOf: () => FAULTS['8 s black hole'], isFresh: false },
  new_address: { faultOf: () => FAULTS['new address'], isFresh: false },
  new_address_and_restart: { faultOf: () => FAULTS['new address and server restart'], isFresh: false },
};

for (const [name, { faultOf, isFresh }] of Object.entries(CASES)) {
  test(name, async ({ lab }) => {
    const { guest, host } = await inTrouble(lab, name);
    const start = async (isNew: boolean) => {
      if (isNew) await lab.clear();
      const app = await AppTalk.open(lab, host, guest, false);
      await app.join();
      const bare = await BareTalk.open(lab, guest, host);
      await bare.expectTalk();
      return {
        parley: await Beats.start('app', app.ends, EVERY_MS),
        reference: await Beats.start('bare', bare, EVERY_MS),
      };
    };
    let beats = await start(false);
    const pairs: { parley: number; reference: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      if (isFresh && round > 0) beats = await start(true);
      const both = (fromMs: number) =>
        Promise.all([
          beats.parley.exchangedAtMs(fromMs, PATIENCE_MS),
          beats.reference.exchangedAtMs(fromMs, PATIENCE_MS),
        ]);
      await both(Date.now());
      const usableAtMs = await faultOf(round)(lab, guest.site);
      const [parley, reference] = await both(usableAtMs);
      const after = (atMs: number | null) => (atMs === null ? PATIENCE_MS : atMs - usableAtMs);
      pairs.push({ parley: after(parley), reference: after(reference) });
      if (parley === null || reference === null) beats = await start(true);
    }
    const times = pairs.map(({ parley }) => parley);
    const medians = { parleyMs: median(times), referenceMs: median(pairs.map(({ reference }) => reference)) };
    report({ name: `recovery.${name}`, unit: 'ms', reference: 'bare page' }, times, medians, pairs);
    note(`Parley ${medians.parleyMs} ms, bare page ${medians.referenceMs} ms`);
  });
}
