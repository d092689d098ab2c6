import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { next, type MeetingEvent, type MeetingState } from './lifecycle';

const OPENING: MeetingState = { at: 'opening', hasLink: false, wantsIn: false };

function run(...events: MeetingEvent[]) {
  let state = OPENING;
  const effects: string[] = [];
  for (const event of events) {
    const step = next(state, event);
    state = step.state;
    effects.push(...step.effects.map(({ type }) => type));
  }
  return { state, effects };
}

describe('a meeting on a page', () => {
  it('takes the host in at once', () => {
    const { state, effects } = run({ type: 'opened', role: 'host' });
    expect(state).toEqual({ at: 'inside', role: 'host', hasMet: false });
    expect(effects).toEqual(['enter']);
  });

  it('says nothing of a guest before Join', () => {
    expect(run({ type: 'opened', role: 'guest' })).toEqual({
      state: { at: 'joining' },
      effects: ['prepare'],
    });
    expect(run({ type: 'join' })).toEqual({ state: OPENING, effects: [] });
  });

  it('lets somebody with a link press Join before keys and vault are open', () => {
    const pressed = next({ ...OPENING, hasLink: true }, { type: 'join' });
    expect(pressed).toEqual({ state: { at: 'opening', hasLink: true, wantsIn: true }, effects: [] });
    const guest = next(pressed.state, { type: 'opened', role: 'guest' });
    expect(guest.state).toMatchObject({ at: 'inside', role: 'guest' });
    expect(guest.effects.map(({ type }) => type)).toEqual(['prepare', 'knock', 'save']);
    // The link of one's own meeting: the vault knows its host.
    const host = next(pressed.state, { type: 'opened', role: 'host' });
    expect(host.state).toMatchObject({ at: 'inside', role: 'host' });
    expect(host.effects).toEqual([{ type: 'enter' }]);
  });

  it('knocks and saves once, however often Join is pressed', () => {
    const { effects } = run({ type: 'opened', role: 'guest' }, { type: 'join' }, { type: 'join' });
    expect(effects).toEqual(['prepare', 'knock', 'save']);
  });

  it('stays in view after somebody was met, until they leave', () => {
    const inside = [{ type: 'opened', role: 'guest' }, { type: 'join' }] as const;
    expect(run(...inside, { type: 'met' }).state).toMatchObject({ hasMet: true });
    expect(run(...inside, { type: 'met' }, { type: 'parted' }).state).toMatchObject({ hasMet: false });
  });

  it('keeps a guest’s record of a retired meeting, marked as over', () => {
    const host = run({ type: 'opened', role: 'host' }, { type: 'retired' });
    expect(host.effects).toEqual(['enter', 'part']);
    const guest = run(
      { type: 'opened', role: 'guest' },
      { type: 'join' },
      { type: 'ended', code: 'meeting/retired' },
    );
    expect(guest.effects).toEqual(['prepare', 'knock', 'save', 'part', 'mark-retired']);
    // What was never joined was never saved.
    const looked = run({ type: 'opened', role: 'guest' }, { type: 'ended', code: 'meeting/retired' });
    expect(looked.effects).toEqual(['prepare', 'part']);
  });

  it('ends once: nothing that comes later changes it or does anything', () => {
    const anything = fc.constantFrom<MeetingEvent>(
      { type: 'opened', role: 'host' },
      { type: 'opened', role: 'guest' },
      { type: 'join' },
      { type: 'met' },
      { type: 'parted' },
      { type: 'leave' },
      { type: 'retired' },
      { type: 'ended', code: 'meeting/full' },
    );
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 20 }), (events) => {
        const { effects } = run(...events);
        expect(effects.filter((effect) => effect === 'part').length).toBeLessThanOrEqual(1);
        const parted = effects.indexOf('part');
        if (parted >= 0) expect(effects.slice(parted + 1)).not.toContain('knock');
        expect(
          effects.filter((effect) => effect === 'enter' || effect === 'prepare').length,
        ).toBeLessThanOrEqual(1);
      }),
    );
  });
});
