import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomId, type CallId, type ParticipantId } from '../protocol/ids';
import type { CallMessage, CallStanding } from '../protocol/message';
import { messageOf, next, NO_CALL, type CallEvent, type CallState, type Step } from './call';

const [bo, cy] = [randomId<ParticipantId>(), randomId<ParticipantId>()];
const [low = randomId<CallId>(), high = randomId<CallId>()] = [randomId<CallId>(), randomId<CallId>()].sort();

const says = (by: ParticipantId, standing: CallStanding, call: CallId = low): CallEvent => ({
  type: 'said',
  by,
  message: { kind: 'call', call, standing, seals: true, sends: [] },
});
/** All of them in turn; what comes of the last. */
function after(...events: CallEvent[]): Step {
  return events.reduce<Step>(({ state }, event) => next(state, event), { state: NO_CALL, ending: null });
}
const start = (call = low): CallEvent => ({ type: 'start', call });
const [accept, decline, hangUp, timeout] = [
  { type: 'accept' },
  { type: 'decline' },
  { type: 'hang-up' },
  { type: 'timeout' },
] as const satisfies CallEvent[];
const gone = (who: ParticipantId): CallEvent => ({ type: 'gone', who });

describe('whoever calls', () => {
  test('is in it alone, and meets who comes', () => {
    expect(after(start()).state.own).toEqual({ at: 'in', call: low, hasMet: false });
    expect(after(start(), says(bo, 'ringing')).state.own).toMatchObject({ hasMet: false });
    expect(after(start(), says(bo, 'ringing'), says(bo, 'in')).state.own).toMatchObject({ hasMet: true });
  });

  test('reads that nobody is willing, or that nobody answers', () => {
    const declined = after(start(), says(bo, 'ringing'), says(bo, 'declined'));
    expect(declined.ending).toEqual({ how: 'declined', by: bo });
    expect(declined.state.own).toMatchObject({ at: 'idle' });
    expect(after(start(), timeout).ending).toEqual({ how: 'no-answer', by: null });
    expect(after(start(), says(bo, 'in'), timeout).ending).toBeNull();
  });

  test('waits for the others when one of several declines', () => {
    const step = after(start(), says(cy, 'ringing'), says(bo, 'declined'));
    expect(step.ending).toBeNull();
    expect(step.state.own).toMatchObject({ at: 'in', hasMet: false });
  });

  test('is not put off by an answer to an earlier call', () => {
    expect(after(start(high), says(bo, 'declined', low)).ending).toBeNull();
  });
});

describe('whoever is called', () => {
  test('is asked, and comes or does not', () => {
    expect(after(says(bo, 'in')).state.own).toEqual({ at: 'asked', call: low });
    expect(after(says(bo, 'in'), accept).state.own).toEqual({ at: 'in', call: low, hasMet: true });
    const declined = after(says(bo, 'in'), decline);
    expect(declined.state.own).toEqual({ at: 'idle', last: { call: low, isDeclined: true } });
    expect(declined.ending).toBeNull();
  });

  test('is asked once for each call', () => {
    expect(after(says(bo, 'in'), decline, says(bo, 'in')).state.own).toMatchObject({ at: 'idle' });
    expect(after(says(bo, 'in'), decline, says(bo, 'in', high)).state.own).toMatchObject({ at: 'asked' });
    expect(after(says(bo, 'in'), accept, hangUp, says(bo, 'in')).state.own).toMatchObject({ at: 'idle' });
  });

  test('missed it when the caller gives up or leaves', () => {
    expect(after(says(bo, 'in'), says(bo, 'out')).ending).toEqual({ how: 'missed', by: bo });
    expect(after(says(bo, 'in'), gone(bo)).ending).toEqual({ how: 'missed', by: bo });
    expect(after(says(bo, 'in'), says(cy, 'in'), gone(bo)).ending).toBeNull();
  });

  test('may come later by starting one', () => {
    const own = after(says(bo, 'in'), decline, start(high)).state.own;
    expect(own).toEqual({ at: 'in', call: low, hasMet: true });
  });
});

describe('a call', () => {
  test('ends for who is left alone in it', () => {
    expect(after(start(), says(bo, 'in'), says(bo, 'out')).ending).toEqual({ how: 'hung-up', by: bo });
    expect(after(start(), says(bo, 'in'), gone(bo)).ending).toEqual({ how: 'hung-up', by: bo });
    expect(after(start(), says(bo, 'in'), says(cy, 'in'), gone(bo)).ending).toBeNull();
  });

  test('of two who call each other at once is one call', () => {
    const mine = after(start(high), says(bo, 'in', low)).state.own;
    const theirs = after(start(low), says(bo, 'in', high)).state.own;
    expect(mine).toEqual({ at: 'in', call: low, hasMet: true });
    expect(theirs).toEqual(mine);
  });

  test('is said again after whatever happened to the connection', () => {
    const { own } = after(start(), says(bo, 'in')).state;
    const said = messageOf(own, { seals: true, sends: ['microphone'] });
    expect(said).toEqual({ kind: 'call', call: low, standing: 'in', seals: true, sends: ['microphone'] });
    expect(messageOf(NO_CALL.own, { seals: true, sends: [] })).toBeNull();
    const declined = messageOf(after(says(bo, 'in'), decline).state.own, { seals: true, sends: ['camera'] });
    expect(declined).toMatchObject({ standing: 'declined', sends: [] });
  });
});

/** Two pages that hear each other's newest word, whatever is said between and in whatever order they act. */
test('two ends that hear each other agree in the end', () => {
  const acts = fc.constantFrom<CallEvent['type']>('start', 'accept', 'decline', 'hang-up');
  const ends = fc.array(fc.record({ isA: fc.boolean(), act: acts, hears: fc.boolean() }), { maxLength: 30 });
  fc.assert(
    fc.property(ends, (steps) => {
      const sides: [CallState, CallState] = [NO_CALL, NO_CALL];
      const hear = (at: 0 | 1) => {
        const message: CallMessage | null = messageOf(sides[at === 0 ? 1 : 0].own, {
          seals: true,
          sends: [],
        });
        if (message !== null) sides[at] = next(sides[at], { type: 'said', by: bo, message }).state;
      };
      for (const { isA, act, hears } of steps) {
        const at = isA ? 0 : 1;
        const event = act === 'start' ? { type: act, call: randomId<CallId>() } : { type: act };
        sides[at] = next(sides[at], event as CallEvent).state;
        if (hears) hear(isA ? 1 : 0);
      }
      for (let i = 0; i < 4; i++) {
        hear(0);
        hear(1);
      }
      const [a, b] = sides.map(({ own }) => own);
      if (a?.at === 'in' && b?.at === 'in') expect(a.call).toBe(b.call);
      // Nobody is in a call with somebody who left it.
      if (a?.at === 'in' && a.hasMet) expect(b?.at).toBe('in');
      if (b?.at === 'in' && b.hasMet) expect(a?.at).toBe('in');
      if (a?.at === 'asked') expect(b?.at).toBe('in');
    }),
  );
});
