import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../protocol/bytes';
import { toId, type MessageId } from '../protocol/ids';
import type { ChatItem } from '../protocol/message';
import { next, startDelivery, type Delivery, type DeliveryEvent, type ResumeMessage } from './delivery';

const stream = (byte: number): Bytes => new Uint8Array(8).fill(byte);
const NO_STREAM = stream(0);

function item(label: number): ChatItem {
  const id = toId<MessageId>(new Uint8Array(16).fill(label % 256));
  return { type: 'text', id, sentAtMs: label, replyTo: null, text: String(label) };
}

const labelOf = (one: ChatItem): string => (one.type === 'text' ? one.text : one.emoji);

/** One end: its state, what it showed, what it was told is delivered, and what it wants sent. */
class End {
  state: Delivery;
  readonly shown: string[] = [];
  readonly delivered: string[] = [];
  wire: ResumeMessage[] = [];
  violations = 0;

  constructor(byte: number) {
    this.state = startDelivery(stream(byte));
  }

  apply(event: DeliveryEvent): void {
    const { state, effects } = next(this.state, event);
    this.state = state;
    for (const effect of effects) {
      if (effect.type === 'send') this.wire.push(effect.message);
      if (effect.type === 'show') this.shown.push(labelOf(effect.item));
      if (effect.type === 'delivered') this.delivered.push(labelOf(effect.item));
      if (effect.type === 'violation') this.violations++;
    }
  }

  hear(message: ResumeMessage): void {
    this.apply({ type: 'heard', message });
  }
}

function connect(...ends: End[]): void {
  for (const end of ends) {
    end.wire = [];
    end.apply({ type: 'disconnected' });
    end.apply({ type: 'connected' });
  }
}

/** Carries one message, if there is one. */
function carry(from: End, to: End): boolean {
  const message = from.wire.shift();
  if (message !== undefined) to.hear(message);
  return message !== undefined;
}

function settle(a: End, b: End): void {
  while (carry(a, b) || carry(b, a));
}

function say(end: End, ...labels: number[]): void {
  for (const label of labels) end.apply({ type: 'say', item: item(label) });
}

/** An end that is connected to one that has said nothing yet. */
function upEnd(): End {
  const end = new End(1);
  connect(end);
  end.hear({ kind: 'resume', stream: stream(2), heardStream: NO_STREAM, heard: 0 });
  end.wire = [];
  return end;
}

const chat = (number: number): ResumeMessage => ({ kind: 'chat', number, item: item(number) });

describe('delivery', () => {
  it('greets first and sends nothing before the other greeted', () => {
    const end = new End(1);
    say(end, 1);
    connect(end);
    say(end, 2);
    expect(end.wire).toEqual([{ kind: 'resume', stream: stream(1), heardStream: NO_STREAM, heard: 0 }]);

    end.hear({ kind: 'resume', stream: stream(2), heardStream: NO_STREAM, heard: 0 });
    expect(end.wire.slice(1)).toEqual([chat(1), chat(2)]);
  });

  it('acknowledges an item that comes again and shows it once', () => {
    const end = upEnd();
    for (const number of [1, 2, 1]) end.hear(chat(number));
    expect(end.shown).toEqual(['1', '2']);
    expect(end.wire).toEqual([1, 2, 2].map((number) => ({ kind: 'chat-ack', number })));
    expect(end.violations).toBe(0);
  });

  it('takes up a stream in its middle, but no gap after that', () => {
    const end = upEnd();
    end.hear(chat(7));
    end.hear(chat(9));
    expect(end.shown).toEqual(['7']);
    expect(end.violations).toBe(1);
  });

  const first: ResumeMessage = { kind: 'resume', stream: stream(2), heardStream: stream(1), heard: 1 };
  it.each<[string, ResumeMessage[]]>([
    ['an item before the greeting', [chat(1)]],
    ['an acknowledgement before the greeting', [{ kind: 'chat-ack', number: 1 }]],
    ['a second greeting', [first, first]],
    ['a greeting that knows more than was said', [{ ...first, heard: 3 }]],
    ['an acknowledgement of what was not said', [first, { kind: 'chat-ack', number: 3 }]],
    ['an item without a number', [first, chat(0)]],
  ])('refuses %s and keeps its state', (_, messages) => {
    const end = new End(1);
    say(end, 1, 2);
    connect(end);
    for (const message of messages.slice(0, -1)) end.hear(message);
    const before = end.state;
    expect(end.violations).toBe(0);
    for (const message of messages.slice(-1)) end.hear(message);
    expect(end.violations).toBe(1);
    expect(end.state).toBe(before);
    expect(end.shown).toEqual([]);
  });

  it('refuses a greeting that forgot what the same page acknowledged', () => {
    const [a, b] = [new End(1), new End(2)];
    connect(a, b);
    say(a, 1, 2);
    settle(a, b);
    connect(a);
    a.hear({ kind: 'resume', stream: stream(2), heardStream: stream(1), heard: 1 });
    expect(a.violations).toBe(1);
  });

  it('takes what a greeting has as delivered and resends the rest', () => {
    const [a, b] = [new End(1), new End(2)];
    connect(a, b);
    settle(a, b);
    say(a, 1, 2, 3);
    carry(a, b);
    carry(a, b);
    connect(a, b);
    carry(b, a);
    expect(a.delivered).toEqual(['1', '2']);
    expect(a.wire.filter(({ kind }) => kind === 'chat')).toEqual([chat(3)]);
  });

  it('goes on with a receiver that was reloaded', () => {
    const [a, b] = [new End(1), new End(2)];
    connect(a, b);
    say(a, 1, 2);
    settle(a, b);
    say(a, 3, 4);
    const reloaded = new End(3);
    connect(a, reloaded);
    say(a, 5);
    settle(a, reloaded);
    expect(reloaded.shown).toEqual(['3', '4', '5']);
    expect(a.delivered).toEqual(['1', '2', '3', '4', '5']);
    expect(a.violations + reloaded.violations).toBe(0);
  });

  it('goes on with a sender that was reloaded', () => {
    const [a, b] = [new End(1), new End(2)];
    connect(a, b);
    say(a, 1, 2);
    say(b, 10);
    settle(a, b);
    say(b, 11);
    const reloaded = new End(3);
    connect(reloaded, b);
    say(reloaded, 3);
    settle(reloaded, b);
    expect(b.shown).toEqual(['1', '2', '3']);
    expect(reloaded.shown).toEqual(['11']);
    expect(b.state.outbox).toEqual([]);
    expect(b.violations + reloaded.violations).toBe(0);
  });

  it('delivers every item once and in order, wherever the connection is cut', () => {
    const act = fc.constantFrom('a says', 'b says', 'a to b', 'b to a', 'cut', 'reconnect');
    fc.assert(
      fc.property(fc.array(act, { maxLength: 120 }), (acts) => {
        const [a, b] = [new End(1), new End(2)];
        let count = 0;
        const said = { a: [] as string[], b: [] as string[] };
        for (const one of acts) {
          if (one === 'a says' || one === 'b says') {
            said[one === 'a says' ? 'a' : 'b'].push(String(++count));
            say(one === 'a says' ? a : b, count);
          } else if (one === 'a to b') carry(a, b);
          else if (one === 'b to a') carry(b, a);
          else if (one === 'reconnect') connect(a, b);
          else {
            // What is in flight at a cut is lost.
            for (const end of [a, b]) {
              end.apply({ type: 'disconnected' });
              end.wire = [];
            }
          }
          expect(said.a.slice(0, b.shown.length)).toEqual(b.shown);
          expect(said.b.slice(0, a.shown.length)).toEqual(a.shown);
        }
        connect(a, b);
        settle(a, b);
        expect({ a: b.shown, b: a.shown }).toEqual(said);
        expect({ a: a.delivered, b: b.delivered }).toEqual(said);
        expect([a.state.outbox, b.state.outbox, a.violations + b.violations]).toEqual([[], [], 0]);
      }),
      { numRuns: 500 },
    );
  });
});
