import { AppTalk } from './app-talk';
import { expect, note, record, test } from './lab';
import type { PairResult } from './matrix-report';
import { everyPair, expectedClass } from './profiles';

const RUNS = Number(process.env['LAB_RUNS'] ?? '1');

for (const [host, guest] of everyPair()) {
  const expected = expectedClass(host, guest);
  test(`${host} × ${guest}: ${expected}`, async ({ lab }) => {
    const [a, b] = await Promise.all([lab.person('a', host), lab.person('b', guest)]);
    const talk = await AppTalk.open(lab, a, b);
    const result: PairResult = { host, guest, expected, visits: [] };
    try {
      for (let run = 0; run < RUNS; run++) {
        const visit = await talk.visit(expected);
        result.visits.push(visit);
        expect([visit.shown, visit.used?.kind]).toEqual([expected, expected]);
        await talk.end();
      }
    } finally {
      record(result);
    }
    note(
      result.visits
        .map(({ used, answeredMs }) => `${used?.transport} ${Math.round(answeredMs)} ms`)
        .join(', '),
    );
  });
}
