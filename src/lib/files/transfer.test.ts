import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomId, type FileId } from '../protocol/ids';
import { FILE_CHUNK_BYTES } from '../protocol/limits';
import { FILE_ENDS } from '../protocol/message';
import { nextIncoming, restoreIncoming, startIncoming, TELL_MS, TELL_RECORDS } from './incoming';
import { nextOutgoing, startOutgoing } from './outgoing';
import type { FileMessage, Incoming, Outgoing, Transfer, TransferEffect, TransferEvent } from './transfer';

const file = randomId<FileId>();
const TOTAL = 40;
const SIZE = TOTAL * FILE_CHUNK_BYTES - 1;

const step = (state: Transfer, event: TransferEvent): { state: Transfer; effects: TransferEffect[] } =>
  state.direction === 'out' ? nextOutgoing(state, event) : nextIncoming(state, event);

/** Runs events one after another; answers the last state and the effects of the last event. */
function run(start: Transfer, ...events: TransferEvent[]): { state: Transfer; effects: TransferEffect[] } {
  let last = { state: start, effects: [] as TransferEffect[] };
  for (const event of events) last = step(last.state, event);
  return last;
}

const heard = (message: FileMessage): TransferEvent => ({ type: 'heard', message });
const offer = heard({ kind: 'file-offer', file, size: SIZE, name: 'a.bin', mediaType: '' });
const accept = (from = 0): TransferEvent => heard({ kind: 'file-accept', file, from });
const progress = (records: number): TransferEvent => heard({ kind: 'file-progress', file, records });
const pausedByOther = (isPaused: boolean): TransferEvent => heard({ kind: 'file-pause', file, isPaused });
const endedByOther = heard({ kind: 'file-end', file, reason: 'cancelled' });
const done = heard({ kind: 'file-done', file });
const up: TransferEvent = { type: 'connected' };
const down: TransferEvent = { type: 'disconnected' };
const cancel: TransferEvent = { type: 'cancel' };
const pause = (isPaused: boolean): TransferEvent => ({ type: 'pause', isPaused });
const prepared = (from = 0): TransferEvent => ({ type: 'prepared', from });
const stored = (records: number, nowMs = 1): TransferEvent => ({ type: 'stored', records, nowMs });

const tells = (message: FileMessage): TransferEffect => ({ type: 'talk', message });

const sending = run(startOutgoing(file, SIZE), up, accept()).state;
const receiving = run(startIncoming(file, SIZE), { type: 'accept' }, prepared()).state;

describe('a file on its way out', () => {
  it('sends when the other side accepts, from the record it wants', () => {
    expect(run(startOutgoing(file, SIZE), up).effects).toEqual([{ type: 'offer' }]);
    const { state, effects } = run(startOutgoing(file, SIZE), up, accept(7));
    expect(effects).toEqual([{ type: 'send', from: 7 }]);
    expect(state).toMatchObject({ stage: 'sending', records: 7 });
  });

  it('moves the window as the other side stores, never back and never beyond the end', () => {
    expect(run(sending, progress(16)).effects).toEqual([{ type: 'move-window', records: 16 }]);
    for (const records of [16, 3, TOTAL + 1, 2 ** 50]) {
      const { state, effects } = run(sending, progress(16), progress(records));
      expect([state, effects]).toEqual([expect.objectContaining({ records: 16 }), []]);
    }
  });

  it('ignores an accept from beyond the end and a second one', () => {
    expect(run(startOutgoing(file, SIZE), up, accept(TOTAL + 1)).effects).toEqual([]);
    expect(run(sending, accept(3)).effects).toEqual([]);
  });

  it('offers again after a cut and goes on only when it is accepted again', () => {
    const cut = run(sending, progress(16), down);
    expect(cut.effects).toEqual([{ type: 'stop' }]);
    const back = run(cut.state, up);
    expect(back.effects).toEqual([{ type: 'offer' }]);
    expect(run(back.state, accept(12))).toMatchObject({
      state: { link: 'flowing', records: 12 },
      effects: [{ type: 'send', from: 12 }],
    });
    expect(run(back.state, done).state.stage).toBe('done');
  });

  it('pauses its worker while either side wants it', () => {
    const mine = run(sending, pause(true));
    expect(mine.effects).toEqual([
      { type: 'pause', isPaused: true },
      tells({ kind: 'file-pause', file, isPaused: true }),
    ]);
    const both = run(mine.state, pausedByOther(true));
    expect(both.effects).toEqual([]);
    const theirs = run(both.state, pause(false));
    expect(theirs.effects).toEqual([tells({ kind: 'file-pause', file, isPaused: false })]);
    expect(run(theirs.state, pausedByOther(false)).effects).toEqual([{ type: 'pause', isPaused: false }]);
  });

  it('is still paused on the next connection', () => {
    expect(run(sending, pause(true), down, up, accept(4)).effects).toEqual([
      { type: 'send', from: 4 },
      { type: 'pause', isPaused: true },
      tells({ kind: 'file-pause', file, isPaused: true }),
    ]);
    expect(run(sending, pausedByOther(true), down, up, accept(4)).effects).toEqual([
      { type: 'send', from: 4 },
    ]);
  });

  it('tells the other side that it ended, once there is one', () => {
    const end = tells({ kind: 'file-end', file, reason: 'cancelled' });
    expect(run(sending, cancel).effects).toEqual([{ type: 'stop' }, end]);
    expect(run(sending, cancel, down, up).effects).toEqual([]);
    const untold = run(sending, down, cancel);
    expect(untold.effects).toEqual([]);
    expect(run(untold.state, up).effects).toEqual([end]);
    expect(run(untold.state, up, down, up).effects).toEqual([]);
  });

  it('stops when the other side ends it', () => {
    expect(run(sending, endedByOther)).toMatchObject({
      state: { stage: 'ended', reason: 'cancelled', by: 'them' },
      effects: [{ type: 'stop' }],
    });
    const declined = run(startOutgoing(file, SIZE), up, heard({ kind: 'file-decline', file }));
    expect(declined.state).toMatchObject({ stage: 'ended', reason: 'declined', by: 'them' });
  });
});

describe('a file on its way in', () => {
  it('makes room only after consent, and accepts only with room', () => {
    const yes = run(startIncoming(file, SIZE), { type: 'accept' });
    expect(yes.effects).toEqual([{ type: 'remember', isWhole: false }, { type: 'prepare' }]);
    expect(run(yes.state, prepared(5)).effects).toEqual([tells({ kind: 'file-accept', file, from: 5 })]);
    expect(run(yes.state, { type: 'failed', reason: 'no-room' }).effects).toEqual([
      { type: 'drop' },
      tells({ kind: 'file-end', file, reason: 'no-room' }),
    ]);
  });

  it('tells of progress now and then', () => {
    const first = run(receiving, stored(1, TELL_MS));
    expect(first.effects).toEqual([tells({ kind: 'file-progress', file, records: 1 })]);
    expect(run(first.state, stored(TELL_RECORDS, TELL_MS + 1)).effects).toEqual([]);
    expect(run(first.state, stored(TELL_RECORDS + 1, TELL_MS + 1)).effects).toHaveLength(1);
    expect(run(first.state, stored(2, 2 * TELL_MS)).effects).toHaveLength(1);
    const almost = run(receiving, stored(TOTAL - 2, TELL_MS)).state;
    expect(run(almost, stored(TOTAL - 1, TELL_MS)).effects).toEqual([]);
    expect(run(almost, stored(TOTAL, TELL_MS)).effects).toHaveLength(1);
  });

  it('says when all is there, and says it again to a repeated offer', () => {
    const whole = run(receiving, { type: 'received' });
    expect(whole.effects).toEqual([{ type: 'remember', isWhole: true }, tells({ kind: 'file-done', file })]);
    expect(run(whole.state, offer).effects).toEqual([tells({ kind: 'file-done', file })]);
    expect(run(whole.state, { type: 'saved' }, endedByOther).state).toMatchObject({ isSaved: true });
  });

  it('goes on by itself when an accepted file is offered again', () => {
    const cut = run(receiving, stored(20), down);
    expect(cut.effects).toEqual([{ type: 'stop' }]);
    expect(run(cut.state, offer).effects).toEqual([{ type: 'prepare' }]);
    expect(run(cut.state, offer, offer).effects).toEqual([]);
    expect(run(cut.state, offer, prepared(16)).effects).toEqual([
      tells({ kind: 'file-accept', file, from: 16 }),
    ]);
    expect(run(restoreIncoming(file, SIZE, false), offer).effects).toEqual([{ type: 'prepare' }]);
    expect(run(restoreIncoming(file, SIZE, true), offer).effects).toEqual([
      tells({ kind: 'file-done', file }),
    ]);
  });

  it('takes consent once', () => {
    for (const state of [receiving, run(receiving, { type: 'received' }).state]) {
      expect(run(state, { type: 'accept' })).toEqual({ state, effects: [] });
      expect(run(state, { type: 'decline' })).toEqual({ state, effects: [] });
    }
  });

  it('keeps a consent that was given without a connection', () => {
    const yes = run(startIncoming(file, SIZE), down, { type: 'accept' });
    expect(yes.effects).toEqual([{ type: 'remember', isWhole: false }]);
    expect(run(yes.state, offer).effects).toEqual([{ type: 'prepare' }]);
  });

  it('repeats a refusal and an end', () => {
    const decline = tells({ kind: 'file-decline', file });
    expect(run(startIncoming(file, SIZE), { type: 'decline' }).effects).toEqual([decline]);
    expect(run(startIncoming(file, SIZE), down, { type: 'decline' }, offer).effects).toEqual([decline]);
    const end = tells({ kind: 'file-end', file, reason: 'cancelled' });
    expect(run(receiving, cancel).effects).toEqual([{ type: 'drop' }, end]);
    expect(run(receiving, down, cancel).effects).toEqual([{ type: 'drop' }]);
    expect(run(receiving, down, cancel, offer).effects).toEqual([end]);
  });

  it('gives room back that was made too late', () => {
    expect(run(startIncoming(file, SIZE), { type: 'accept' }, cancel, prepared()).effects).toEqual([
      { type: 'drop' },
    ]);
  });

  it('says that it pauses, also on the next connection', () => {
    const tell = tells({ kind: 'file-pause', file, isPaused: true });
    const paused = run(receiving, pause(true));
    expect(paused.effects).toEqual([tell]);
    expect(run(paused.state, down, offer, prepared(2)).effects).toContainEqual(tell);
    expect(run(receiving, pausedByOther(true), down, offer, prepared()).state).toMatchObject({
      pausedByThem: false,
    });
  });

  it('drops what it stored when the other side ends it', () => {
    expect(run(receiving, endedByOther).effects).toEqual([{ type: 'drop' }]);
    expect(run(startIncoming(file, SIZE), endedByOther).effects).toEqual([]);
  });
});

describe('any transfer', () => {
  const records = fc.oneof(fc.nat(TOTAL + 2), fc.constant(Number.MAX_SAFE_INTEGER));
  const reason = fc.constantFrom(...FILE_ENDS);
  const anyMessage: fc.Arbitrary<FileMessage> = fc.oneof(
    fc.constantFrom<FileMessage>(
      { kind: 'file-offer', file, size: SIZE, name: 'a.bin', mediaType: '' },
      { kind: 'file-decline', file },
      { kind: 'file-done', file },
    ),
    records.map((from): FileMessage => ({ kind: 'file-accept', file, from })),
    records.map((count): FileMessage => ({ kind: 'file-progress', file, records: count })),
    fc.boolean().map((isPaused): FileMessage => ({ kind: 'file-pause', file, isPaused })),
    reason.map((why): FileMessage => ({ kind: 'file-end', file, reason: why })),
  );
  const anyEvent: fc.Arbitrary<TransferEvent> = fc.oneof(
    fc.constantFrom<TransferEvent>(
      up,
      down,
      cancel,
      { type: 'accept' },
      { type: 'decline' },
      { type: 'saved' },
      { type: 'received' },
    ),
    anyMessage.map(heard),
    fc.boolean().map(pause),
    records.map(prepared),
    fc.tuple(records, fc.nat()).map(([count, nowMs]) => stored(count, nowMs)),
    reason.map((why): TransferEvent => ({ type: 'failed', reason: why })),
  );
  const anyStart: fc.Arbitrary<Transfer> = fc.constantFrom<Transfer>(
    startOutgoing(file, SIZE),
    startOutgoing(file, 0),
    startIncoming(file, SIZE),
    restoreIncoming(file, SIZE, false),
    restoreIncoming(file, SIZE, true),
  );

  it('sends only what was accepted, never twice at once, and stays ended', () => {
    fc.assert(
      fc.property(anyStart, fc.array(anyEvent, { maxLength: 60 }), (start, events) => {
        let state = start;
        let isFlowing = false;
        for (const event of events) {
          const after = step(state, event);
          for (const effect of after.effects) {
            if (effect.type === 'send') {
              expect(event).toMatchObject({ type: 'heard', message: { kind: 'file-accept' } });
              expect(isFlowing).toBe(false);
              expect(effect.from).toBeLessThanOrEqual(state.total);
              isFlowing = true;
            }
            if (effect.type === 'stop' && state.direction === 'out') isFlowing = false;
            if (effect.type === 'move-window') {
              expect(isFlowing).toBe(true);
              expect(effect.records).toBeLessThanOrEqual(state.total);
            }
            if (effect.type === 'pause') expect(isFlowing).toBe(true);
          }
          if (state.stage === 'ended') expect(after.state.stage).toBe('ended');
          if (after.state.stage === 'ended' || after.state.stage === 'done') expect(isFlowing).toBe(false);
          state = after.state;
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('asks for nothing and stores nothing without consent', () => {
    const notConsent = anyEvent.filter(({ type }) => type !== 'accept');
    fc.assert(
      fc.property(fc.array(notConsent, { maxLength: 40 }), (events) => {
        let state: Transfer = startIncoming(file, SIZE);
        for (const event of events) {
          const after = step(state, event);
          for (const effect of after.effects) {
            expect(effect.type).not.toBe('prepare');
            expect(effect).not.toMatchObject({ message: { kind: 'file-accept' } });
          }
          state = after.state;
          expect(['asked', 'ended']).toContain(state.stage);
        }
      }),
    );
  });

  it('arrives whole, wherever the connection is cut and whoever pauses', () => {
    const act = fc.constantFrom('cut', 'connect', 'carry', 'store', 'pause out', 'pause in');
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        const pair = new Pair();
        for (const one of acts) pair.act(one);
        pair.act('connect');
        pair.finish();
        expect([pair.out.stage, pair.in.stage, pair.stored]).toEqual(['done', 'received', TOTAL]);
      }),
      { numRuns: 300 },
    );
  });
});

/** A sender and a receiver with their workers' parts played: what is in flight at a cut is lost, what is stored stays. */
class Pair {
  out: Outgoing = startOutgoing(file, SIZE);
  in: Incoming = startIncoming(file, SIZE);
  stored = 0;
  #toIn: FileMessage[] = [];
  #toOut: FileMessage[] = [];
  #isSending = false;
  #isPaused = false;
  #isFirstOffer = true;

  act(one: string): void {
    if (one === 'cut') this.#cut();
    if (one === 'connect') {
      this.#cut();
      this.#stepOut(up);
    }
    if (one === 'carry') this.#carry();
    if (one === 'store') this.#store();
    if (one === 'pause out') this.#stepOut(pause(!(this.out.stage === 'sending' && this.out.pausedByMe)));
    if (one === 'pause in') this.#stepIn(pause(!(this.in.stage === 'receiving' && this.in.pausedByMe)));
  }

  finish(): void {
    while (this.#carry() || this.#resume() || this.#store()) continue;
  }

  #resume(): boolean {
    if (!this.#isPaused) return false;
    this.#stepOut(pause(false));
    this.#stepIn(pause(false));
    return true;
  }

  #cut(): void {
    [this.#toIn, this.#toOut] = [[], []];
    this.#stepOut(down);
    this.#stepIn(down);
  }

  #carry(): boolean {
    const [toIn, toOut] = [this.#toIn.shift(), this.#toOut.shift()];
    if (toIn?.kind === 'file-offer' && this.#isFirstOffer) {
      this.#isFirstOffer = false;
      this.in = startIncoming(file, SIZE);
      this.#stepIn({ type: 'accept' });
    } else if (toIn !== undefined) this.#stepIn(heard(toIn));
    if (toOut !== undefined) this.#stepOut(heard(toOut));
    return toIn !== undefined || toOut !== undefined;
  }

  #store(): boolean {
    if (!this.#isSending || this.#isPaused || this.in.stage !== 'receiving') return false;
    this.stored = Math.min(this.stored + 5, TOTAL);
    this.#stepIn(stored(this.stored));
    if (this.stored === TOTAL) this.#stepIn({ type: 'received' });
    return true;
  }

  #stepOut(event: TransferEvent): void {
    const { state, effects } = nextOutgoing(this.out, event);
    this.out = state;
    for (const effect of effects) {
      if (effect.type === 'offer') {
        this.#toIn.push({ kind: 'file-offer', file, size: SIZE, name: 'a.bin', mediaType: '' });
      }
      if (effect.type === 'talk') this.#toIn.push(effect.message);
      if (effect.type === 'send') {
        expect(effect.from).toBe(this.stored);
        [this.#isSending, this.#isPaused] = [true, false];
      }
      if (effect.type === 'pause') this.#isPaused = effect.isPaused;
      if (effect.type === 'stop') this.#isSending = false;
    }
  }

  #stepIn(event: TransferEvent): void {
    const { state, effects } = nextIncoming(this.in, event);
    this.in = state;
    for (const effect of effects) {
      if (effect.type === 'talk') this.#toOut.push(effect.message);
      if (effect.type === 'prepare') this.#stepIn(prepared(this.stored));
    }
  }
}
