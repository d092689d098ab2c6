import { describe, expect, test } from 'vitest';
import { DOUBT_MS, Pulse, PULSE_INTERVAL_MS, SILENCE_MS, type PulseReport } from './pulse';

/** How often the session looks at its pulses. */
const TICK_MS = 250;

class Wire {
  nowMs = 5_000;
  readonly pings: number[] = [];
  readonly reports: PulseReport[] = [];
  readonly pulse: Pulse;

  constructor(startMs = 5_000) {
    this.nowMs = startMs;
    this.pulse = new Pulse({
      now: () => this.nowMs,
      sendPing: (stamp) => this.pings.push(stamp),
      report: (report) => this.reports.push(report),
    });
  }

  readonly startMs = 5_000;
  get silentMs(): number {
    return this.nowMs - this.startMs;
  }
  get standings(): string[] {
    return this.reports.map(({ standing }) => standing);
  }

  /** Time passes with ticks; `each` is what happens at every one. */
  pass(ms: number, each: () => void = () => undefined): this {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs += TICK_MS;
      each();
      this.pulse.tick();
    }
    return this;
  }
}

describe('a path', () => {
  test('is asked every second', () => {
    expect(new Wire().pass(10 * PULSE_INTERVAL_MS).pings).toHaveLength(10);
  });

  test('that answers is never reported dead', () => {
    const wire = new Wire();
    wire.pass(60_000, () => wire.pulse.heard());
    expect(wire.reports).toEqual([]);
  });

  test('that falls silent is reported once, soon, and once more when it is heard', () => {
    const wire = new Wire().pass(DOUBT_MS);
    wire.pass(SILENCE_MS - wire.silentMs);
    expect(wire.standings).toEqual(['doubtful']);
    wire.pass(TICK_MS);
    expect(wire.standings).toEqual(['doubtful', 'dead']);
    wire.pass(20_000);
    expect(wire.reports).toHaveLength(2);
    wire.pulse.heard();
    expect(wire.reports.at(-1)).toEqual({ standing: 'alive', rttMs: null });
    wire.pulse.heard();
    expect(wire.reports).toHaveLength(3);
  });
});

describe('after a sleep of this side', () => {
  test('the other end is asked before it is declared dead, and has a moment to answer', () => {
    const wire = new Wire().pass(1_000);
    const asked = wire.pings.length;
    wire.nowMs += 60 * 60_000;
    wire.pulse.tick();
    expect(wire.reports).toEqual([]);
    expect(wire.pings).toHaveLength(asked + 1);
    wire.pass(1_000);
    expect(wire.standings).not.toContain('dead');
    wire.pass(TICK_MS);
    expect(wire.standings).toContain('dead');
  });

  test('an answer keeps it alive', () => {
    const wire = new Wire().pass(1_000);
    wire.nowMs += 60_000;
    wire.pulse.tick();
    wire.pulse.heard();
    wire.pass(DOUBT_MS - TICK_MS);
    expect(wire.reports).toEqual([]);
  });
});

describe('a question out of turn', () => {
  test('goes out at once', () => {
    const wire = new Wire();
    wire.pulse.ask();
    expect(wire.pings).toHaveLength(1);
  });

  test('must be answered within a second, however lately the path was heard', () => {
    const wire = new Wire();
    wire.pulse.heard();
    wire.pulse.ask();
    wire.pass(PULSE_INTERVAL_MS);
    expect(wire.standings).not.toContain('dead');
    wire.pass(TICK_MS);
    expect(wire.standings.at(-1)).toBe('dead');
  });

  test('does not draw out a silence that has been asked about', () => {
    const wire = new Wire().pass(DOUBT_MS + TICK_MS);
    wire.pulse.ask();
    wire.pass(SILENCE_MS + TICK_MS - wire.silentMs);
    expect(wire.standings).toEqual(['doubtful', 'dead']);
  });

  test('after a sleep has its moment all the same', () => {
    const wire = new Wire().pass(1_000);
    wire.nowMs += 60_000;
    wire.pulse.ask();
    wire.pass(PULSE_INTERVAL_MS);
    expect(wire.standings).not.toContain('dead');
    wire.pass(TICK_MS);
    expect(wire.standings).toContain('dead');
  });

  test('that is answered changes nothing', () => {
    const wire = new Wire();
    wire.pulse.ask();
    wire.pulse.heard();
    wire.pass(DOUBT_MS - TICK_MS);
    expect(wire.reports).toEqual([]);
  });
});

describe('the round trip', () => {
  test('is the time from the stamp to the answer', () => {
    const wire = new Wire();
    wire.pulse.ask();
    const [stamp = NaN] = wire.pings;
    wire.nowMs += 42;
    wire.pulse.ponged(stamp);
    expect(wire.reports).toEqual([{ standing: 'alive', rttMs: 42 }]);
  });

  test('is right where the 32-bit stamp turns over', () => {
    const wire = new Wire(2 ** 32 - 10);
    wire.pulse.ask();
    const [stamp = NaN] = wire.pings;
    wire.nowMs += 42;
    wire.pulse.ponged(stamp);
    expect(wire.reports.at(-1)?.rttMs).toBe(42);
  });

  test.each([0, 2 ** 32 - 1, 1_000_000])('is not taken from a stamp never sent: %i', (stamp) => {
    const wire = new Wire(500_000);
    wire.pulse.ponged(stamp);
    expect(wire.reports).toEqual([]);
  });
});
