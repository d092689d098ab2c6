import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WIRE_CODES } from '../protocol/errors';
import {
  AWAY,
  nextInitiator,
  nextResponder,
  type PeerEffect,
  type PeerEvent,
  type PeerState,
} from './lifecycle';

type Next = typeof nextInitiator;

/** Runs effects as the shell does (`meeting/peer.ts`): one alarm, one greeting to come, one connection in hand. */
class Shell {
  state: PeerState;
  alarmMs: number | null = null;
  trouble: string | null = null;
  readonly effects: PeerEffect[] = [];
  readonly #next: Next;

  constructor(next: Next, state: PeerState) {
    this.#next = next;
    this.state = state;
  }

  take(...events: PeerEvent[]): this {
    for (const event of events) {
      const { state, effects } = this.#next(this.state, event);
      this.state = state;
      this.effects.push(...effects);
      for (const effect of effects) this.#run(effect);
    }
    return this;
  }

  #run(effect: PeerEffect): void {
    if (effect.type === 'alarm') this.alarmMs = effect.afterMs;
    if (effect.type === 'no-alarm') this.alarmMs = null;
    if (effect.type === 'trouble') this.trouble = effect.code;
    if (effect.type === 'no-trouble') this.trouble = null;
  }
}

const FRESH: PeerState = { at: 'greeting', attempt: 0, unopened: 0 };
const initiator = () => new Shell(nextInitiator, AWAY);
const responder = () => new Shell(nextResponder, FRESH);
const met: PeerEvent[] = [{ type: 'present' }, { type: 'met' }];
const open: PeerEvent[] = [...met, { type: 'admit' }, { type: 'open' }];
const times = (count: number, ...events: PeerEvent[]) => Array.from({ length: count }, () => events).flat();

const anyEvent: fc.Arbitrary<PeerEvent> = fc.oneof(
  ...(
    [
      'present',
      'absent',
      'met',
      'wait',
      'admit',
      'open',
      'silent',
      'heard',
      'lost',
      'timeout',
      'unopened',
    ] as const
  ).map((type) => fc.constant({ type })),
  fc.constantFrom(...WIRE_CODES).map((code) => ({ type: 'refused' as const, code })),
  fc.constantFrom(null, ...WIRE_CODES).map((code) => ({ type: 'bye' as const, code })),
);
const anyLife = fc.array(anyEvent, { maxLength: 40 });

describe.each([
  ['an initiator', initiator, nextInitiator],
  ['a responder', responder, nextResponder],
])('%s, whatever happens', (_, start, next) => {
  test('stays closed once it is', () => {
    const anyEnd = fc.constantFrom(null, 'meeting/denied' as const, 'meeting/replaced' as const);
    fc.assert(
      fc.property(anyEnd, anyLife, (code, life) => {
        const shell = new Shell(next, { at: 'closed', code }).take(...life);
        expect(shell.state).toEqual({ at: 'closed', code });
        expect(shell.effects).toEqual([]);
      }),
    );
  });

  test('sets one alarm at a step at most, and none that it takes back', () => {
    fc.assert(
      fc.property(anyLife, anyEvent, (before, event) => {
        const shell = start().take(...before);
        const count = shell.effects.length;
        const alarms = shell
          .take(event)
          .effects.slice(count)
          .filter(({ type }) => type.endsWith('alarm'));
        expect(alarms.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('waits only where somebody else will act', () => {
    fc.assert(
      fc.property(anyLife, (life) => {
        const { state, alarmMs } = start().take(...life);
        if (state.at === 'silent' || state.at === 'linking') expect(alarmMs).not.toBeNull();
        if (state.at === 'open' || state.at === 'away' || state.at === 'closed') expect(alarmMs).toBeNull();
      }),
    );
  });

  test('can be open again, as long as it is not closed', () => {
    fc.assert(
      fc.property(anyLife, (life) => {
        const shell = start().take(...life);
        fc.pre(shell.state.at !== 'closed');
        expect(shell.take({ type: 'open' }).state.at).toBe('open');
        expect(shell.trouble).toBeNull();
      }),
    );
  });
});

describe('an initiator', () => {
  test('always has a way on by itself while the other end is there', () => {
    fc.assert(
      fc.property(anyLife, (life) => {
        const shell = initiator().take(...life);
        fc.pre(shell.state.at !== 'closed' && shell.state.at !== 'lobby');
        // From anywhere: what the server says of the host, and then nothing but time, ends in a new handshake.
        shell.take({ type: 'present' });
        if (shell.state.at === 'open') shell.take({ type: 'silent' });
        // At most twice: a path that does not come gets one restart of ICE first.
        for (let waits = 0; waits < 2 && shell.state.at !== 'greeting'; waits++) {
          expect(shell.alarmMs).not.toBeNull();
          shell.take({ type: 'timeout' });
        }
        expect(shell.state.at).toBe('greeting');
        expect(shell.alarmMs).not.toBeNull();
      }),
    );
  });

  test('greets at once when the host comes', () => {
    expect(initiator().take({ type: 'present' }).effects).toContainEqual({ type: 'greet', afterMs: 0 });
  });

  test('leaves pauses that grow, to a bound, between handshakes in vain', () => {
    const shell = initiator().take({ type: 'present' }, ...times(9, { type: 'timeout' }));
    const pauses = shell.effects.flatMap((effect) => (effect.type === 'greet' ? [effect.afterMs] : []));
    expect(pauses).toEqual([0, 0, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000]);
  });

  test('says that something is wrong when answers do not open, three times in a row', () => {
    const shell = initiator().take({ type: 'present' }, { type: 'unopened' });
    shell.take(...times(2, { type: 'timeout' }));
    expect(shell.trouble).toBeNull();
    expect(shell.take({ type: 'timeout' }).trouble).toBe('meeting/tampered');
  });

  test('says so too when a host that is there never answers', () => {
    const shell = initiator().take({ type: 'present' }, ...times(3, { type: 'timeout' }));
    expect(shell.trouble).toBeNull();
    expect(shell.take({ type: 'timeout' }).trouble).toBe('meeting/tampered');
  });

  test('says so too when the host never admits what it has met', () => {
    const shell = initiator().take({ type: 'present' }, ...times(4, { type: 'met' }, { type: 'timeout' }));
    expect(shell.trouble).toBe('meeting/tampered');
  });

  test('does not wait long for the answer to message 3', () => {
    const shell = initiator().take(...met);
    const waitingMs = shell.alarmMs ?? Infinity;
    expect(waitingMs).toBeLessThanOrEqual(3_000);
    expect(shell.take({ type: 'admit' }).alarmMs).toBeGreaterThan(waitingMs);
  });

  test('tells a path that does not come from a handshake that does not', () => {
    const life: PeerEvent[] = [...met, { type: 'admit' }, ...times(2, { type: 'timeout' })];
    expect(initiator().take(...life).trouble).toBe('peer/ice-failed');
    const changed: PeerEvent[] = [
      ...met,
      { type: 'admit' },
      { type: 'unopened' },
      ...times(2, { type: 'timeout' }),
    ];
    expect(initiator().take(...changed).trouble).toBe('meeting/tampered');
  });

  test('gathers addresses once more before it builds anew for a path that does not come', () => {
    const shell = initiator().take(...met, { type: 'admit' }, { type: 'timeout' });
    expect(shell.effects.at(-2)).toEqual({ type: 'restart-ice' });
    expect([shell.state.at, shell.trouble]).toEqual(['linking', null]);
    expect(shell.take({ type: 'timeout' }).state.at).toBe('greeting');
  });

  test('takes a refusal for true only when it was said again', () => {
    const refused: PeerEvent = { type: 'refused', code: 'replaced' };
    const shell = initiator().take({ type: 'present' }, refused);
    expect(shell.state.at).toBe('greeting');
    expect(shell.take(refused).state).toEqual({ at: 'closed', code: 'meeting/replaced' });
  });

  test.each(WIRE_CODES.filter((code) => code !== 'replaced' && code !== 'incompatible'))(
    'is not moved by an unsealed "%s"',
    (code) => {
      const shell = initiator().take({ type: 'present' });
      const before = shell.state;
      expect(shell.take(...times(5, { type: 'refused', code })).state).toEqual(before);
    },
  );

  test('is not moved by any refusal once it has met the host', () => {
    for (const life of [met, open, [...met, { type: 'wait' as const }]]) {
      const before = initiator().take(...life).state;
      for (const code of WIRE_CODES) {
        expect(initiator().take(...life, ...times(3, { type: 'refused', code })).state).toEqual(before);
      }
    }
  });

  test('restarts ICE when nothing is heard, and builds anew when that does not help', () => {
    const shell = initiator().take(...open, { type: 'silent' });
    expect(shell.effects.at(-2)).toEqual({ type: 'restart-ice' });
    expect(shell.take({ type: 'heard' }).state.at).toBe('open');
    expect(shell.take({ type: 'silent' }, { type: 'timeout' }).state.at).toBe('greeting');
  });

  test('builds anew at once when the host has come back as a new page', () => {
    const shell = initiator().take(...open, { type: 'present' });
    expect(shell.effects.at(-1)).toEqual({ type: 'check' });
    expect(shell.take({ type: 'silent' }).state.at).toBe('greeting');
  });

  test('keeps an open connection while the host is away from the server', () => {
    expect(initiator().take(...open, { type: 'absent' }).state.at).toBe('open');
    expect(initiator().take(...met, { type: 'absent' }).state.at).toBe('away');
  });

  test('waits in the lobby as long as it takes, but not for an admission that was lost', () => {
    const shell = initiator().take(...met, { type: 'wait' });
    expect(shell.alarmMs).toBeNull();
    shell.take({ type: 'unopened' }, { type: 'timeout' });
    expect(shell.state.at).toBe('greeting');
  });

  test('does not run in a circle with a connection that is lost before it opens', () => {
    const shell = initiator().take({ type: 'present' }, ...times(6, { type: 'met' }, { type: 'lost' }));
    expect(shell.effects.findLast((effect) => effect.type === 'greet')).toMatchObject({ afterMs: 8_000 });
  });

  test.each([
    ['full', 'meeting/full'],
    ['retired', 'meeting/retired'],
  ] as const)('ends when the host says "%s" on the channel', (code, error) => {
    expect(initiator().take(...open, { type: 'bye', code }).state).toEqual({ at: 'closed', code: error });
  });

  test('waits for a host that said goodbye', () => {
    for (const code of [null, 'host-away'] as const) {
      expect(initiator().take(...open, { type: 'bye', code }).state).toEqual(AWAY);
    }
  });

  test('turns to the window that took over, also when the goodbye of the one before comes late', () => {
    const shell = initiator().take(...open, { type: 'present' }, { type: 'bye', code: null });
    expect(shell.state.at).toBe('greeting');
    expect(shell.effects.at(-2)).toMatchObject({ type: 'greet', afterMs: 0 });
    const nobody = initiator().take(...open, { type: 'present' }, { type: 'absent' });
    expect(nobody.take({ type: 'bye', code: null }).state).toEqual(AWAY);
  });
});

describe('a responder', () => {
  const admitted = (...events: PeerEvent[]) => responder().take({ type: 'admit' }, ...events);

  test('never greets', () => {
    fc.assert(
      fc.property(anyLife, (life) => {
        const { effects } = responder().take(...life);
        expect(effects.filter(({ type }) => type === 'greet' || type === 'trouble')).toEqual([]);
      }),
    );
  });

  test('keeps nothing of a handshake that never finished', () => {
    const shell = responder().take({ type: 'lost' });
    expect(shell.state).toEqual(AWAY);
    expect(shell.effects).toContainEqual({ type: 'drop' });
  });

  test('keeps nothing of who was lost while asking', () => {
    expect(responder().take({ type: 'wait' }, { type: 'lost' }).state).toEqual(AWAY);
    expect(responder().take({ type: 'wait' }, { type: 'absent' }).state).toEqual(AWAY);
  });

  test('keeps the place of a guest it admitted, for a while', () => {
    for (const life of [[], [{ type: 'open' }]] as PeerEvent[][]) {
      const shell = admitted(...life, { type: 'lost' });
      expect(shell.state.at).not.toBe('away');
      expect(shell.alarmMs).toBeGreaterThanOrEqual(30_000);
      expect(shell.take({ type: 'timeout' }).state).toEqual(AWAY);
    }
  });

  test('restarts ICE for a silent guest that does not do so itself, and hears it again', () => {
    const restart = { type: 'restart-ice' };
    const shell = admitted({ type: 'open' }, { type: 'silent' });
    expect(shell.effects).not.toContainEqual(restart);
    expect(shell.alarmMs).toBeLessThan(3_000);
    expect(shell.take({ type: 'timeout' }).effects.at(-2)).toEqual(restart);
    expect(shell.take({ type: 'heard' }).state.at).toBe('open');
    expect(shell.alarmMs).toBeNull();
    expect(shell.take({ type: 'silent' }, ...times(2, { type: 'timeout' })).state).toEqual(AWAY);
  });
});
