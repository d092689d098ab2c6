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
/** Often enough to be there when a path is, and seldom enough that what has piled up by then costs nothing to draw. */
const EVERY_MS = 200;
/** What is not back by then does not come back, and counts as that. */
const PATIENCE_MS = 30_000;

test.setTimeout(900_000);

/** By the name of the figure: what strikes in which round. */
const CASES: Record<string, (round: number) => Fault> = {
  network_switch: (round) => FAULTS[round % 2 === 0 ? 'Wi-Fi to mobile' : 'mobile to Wi-Fi'],
  black_hole: () => FAULTS['8 s black hole'],
  new_address: () => FAULTS['new address'],
  new_address_and_restart: () => FAULTS['new address and server restart'],
};

for (const [name, faultOf] of Object.entries(CASES)) {
  test(name, async ({ lab }) => {
    const { guest, host } = await inTrouble(lab, name);
    // Each round has pages of its own: what one leaves behind is no part of the next.
    const start = async () => {
      await lab.clear();
      const app = await AppTalk.open(lab, host, guest, false);
      await app.join();
      const bare = await BareTalk.open(lab, guest, host);
      await bare.expectTalk();
      return {
        parley: await Beats.start('app', app.ends, EVERY_MS),
        reference: await Beats.start('bare', bare, EVERY_MS),
      };
    };
    const pairs: { parley: number; reference: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const beats = await start();
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
    }
    const times = pairs.map(({ parley }) => parley);
    const medians = { parleyMs: median(times), referenceMs: median(pairs.map(({ reference }) => reference)) };
    report({ name: `recovery.${name}`, unit: 'ms', reference: 'bare page' }, times, medians, pairs);
    note(`Parley ${medians.parleyMs} ms, bare page ${medians.referenceMs} ms`);
  });
}
