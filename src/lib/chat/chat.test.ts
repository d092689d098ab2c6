import { describe, expect, it } from 'vitest';
import type { Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { toId, type MessageId, type ParticipantId } from '../protocol/ids';
import { MAX_TEXT_BYTES } from '../protocol/limits';
import { decodeMessage, encodeMessage, type TalkMessage } from '../protocol/message';
import { Chat } from './chat.svelte';
import { MAX_REACTIONS, type Entry } from './conversation';
import { FADE_MS, IDLE_MS, REPEAT_MS } from './typing';

const person = (byte: number): ParticipantId => toId<ParticipantId>(new Uint8Array(16).fill(byte));
const message = (byte: number): MessageId => toId<MessageId>(new Uint8Array(16).fill(byte));

/** A clock that moves when it is told to. */
class Clock {
  nowMs = 1_000_000;
  #waiting: { atMs: number; run: () => void }[] = [];

  readonly now = (): number => this.nowMs;
  readonly later = (delayMs: number, run: () => void): (() => void) => {
    const entry = { atMs: this.nowMs + delayMs, run };
    this.#waiting.push(entry);
    return () => (this.#waiting = this.#waiting.filter((one) => one !== entry));
  };
  pass(ms: number): void {
    this.nowMs += ms;
    const due = this.#waiting.filter(({ atMs }) => atMs <= this.nowMs);
    this.#waiting = this.#waiting.filter(({ atMs }) => atMs > this.nowMs);
    for (const { run } of due) run();
  }
}

class Speaker {
  readonly name: string;
  readonly id: ParticipantId;
  readonly arrivals: Entry[] = [];
  readonly chat: Chat;
  #count = 0;

  constructor(name: string, byte: number, clock: Clock) {
    this.name = name;
    this.id = person(byte);
    const randomBytes = (length: number): Bytes => {
      const bytes = new Uint8Array(length).fill(byte);
      bytes[0] = ++this.#count;
      return bytes;
    };
    const onArrival = (entry: Entry): number => this.arrivals.push(entry);
    this.chat = new Chat({ now: clock.now, later: clock.later, randomBytes, onArrival });
  }
}

/** A connection of two speakers: messages wait until `settle`, and pass through the codec on their way. */
class Link {
  readonly #ends: readonly [Speaker, Speaker];
  #wire: { to: 0 | 1; bytes: Uint8Array }[] = [];

  constructor(a: Speaker, b: Speaker) {
    this.#ends = [a, b];
    this.#attach(a, b, 1);
    this.#attach(b, a, 0);
  }

  settle(): this {
    for (let one = this.#wire.shift(); one !== undefined; one = this.#wire.shift()) {
      const decoded = decodeMessage(one.bytes) as TalkMessage;
      const [to, from] = one.to === 1 ? [this.#ends[1], this.#ends[0]] : this.#ends;
      expect(to.chat.receive(from.id, decoded)).toBe(true);
    }
    return this;
  }

  cut(): void {
    this.#wire = [];
    const [a, b] = this.#ends;
    a.chat.detach(b.id);
    b.chat.detach(a.id);
  }

  #attach(own: Speaker, other: Speaker, to: 0 | 1): void {
    own.chat.attach(other.id, other.name, (one) => this.#wire.push({ to, bytes: encodeMessage(one) }));
  }
}

function pair() {
  const clock = new Clock();
  const [ada, bo] = [new Speaker('Ada', 1, clock), new Speaker('Bo', 2, clock)];
  const link = new Link(ada, bo).settle();
  return { clock, ada, bo, link };
}

const texts = ({ chat }: Speaker): string[] => chat.entries.map(({ text }) => text);
const ticks = ({ chat }: Speaker): string[] => chat.entries.map(({ delivery }) => delivery);

/** Feeds one speaker hand-written messages, as from Bo. */
function alone() {
  const clock = new Clock();
  const ada = new Speaker('Ada', 1, clock);
  const sent: TalkMessage[] = [];
  const from = person(2);
  ada.chat.attach(from, 'Bo', (one) => sent.push(one));
  const stream = new Uint8Array(8).fill(9);
  ada.chat.receive(from, { kind: 'resume', stream, heardStream: new Uint8Array(8), heard: 0 });
  sent.length = 0;
  let number = 0;
  const hear = (item: Extract<TalkMessage, { kind: 'chat' }>['item']): boolean =>
    ada.chat.receive(from, { kind: 'chat', number: ++number, item });
  const hearText = (id: MessageId, text: string, sentAtMs = 5): boolean =>
    hear({ type: 'text', id, text, sentAtMs, replyTo: null });
  return { clock, ada, from, sent, hear, hearText };
}

describe('Chat', () => {
  it('shows what was said on both sides, with its way through the ticks', () => {
    const { ada, bo, link } = pair();
    expect(ada.chat.say('  Hello\r\nBo ', null)).toBe('said');
    expect(ada.chat.entries).toMatchObject([{ from: 'you', text: 'Hello\nBo', delivery: 'sent' }]);
    link.settle();
    expect(ticks(ada)).toEqual(['delivered']);
    expect(bo.chat.entries).toMatchObject([{ from: ada.id, fromName: 'Ada', text: 'Hello\nBo' }]);
    expect(bo.arrivals).toEqual(bo.chat.entries);
    expect([ada.chat.unread, bo.chat.unread]).toEqual([0, 1]);
    bo.chat.markRead();
    expect(bo.chat.unread).toBe(0);
  });

  it('loses and doubles nothing when the connection goes and comes', () => {
    const { ada, bo, link } = pair();
    ada.chat.say('one', null);
    link.cut();
    ada.chat.say('two', null);
    bo.chat.say('three', null);
    expect(ticks(ada)).toEqual(['waiting', 'waiting']);
    new Link(ada, bo).settle();
    expect(texts(bo)).toEqual(['three', 'one', 'two']);
    expect(texts(ada)).toEqual(['one', 'two', 'three']);
    expect(ticks(ada).slice(0, 2)).toEqual(['delivered', 'delivered']);
  });

  it('answers a message by its id', () => {
    const { ada, bo, link } = pair();
    ada.chat.say('Shall we?', null);
    link.settle();
    const [question] = bo.chat.entries;
    bo.chat.say('Yes', question?.id ?? null);
    link.settle();
    const answer = ada.chat.entries.at(-1);
    expect(answer?.replyTo).toBe(ada.chat.entries[0]?.id);
    expect(ada.chat.entry(answer?.replyTo ?? message(0))?.text).toBe('Shall we?');
  });

  it('counts a reaction once per person and takes it off again', () => {
    const { ada, bo, link } = pair();
    ada.chat.say('Good news', null);
    link.settle();
    const id = bo.chat.entries[0]?.id ?? message(0);
    bo.chat.react(id, '🎉');
    ada.chat.react(id, '🎉');
    link.settle();
    const names = ({ chat }: Speaker): unknown =>
      chat.entries[0]?.reactions.map(({ emoji, people }) => [emoji, ...people.map(({ name }) => name)]);
    expect(names(ada)).toEqual([['🎉', 'You', 'Bo']]);
    expect(names(bo)).toEqual([['🎉', 'You', 'Ada']]);
    expect(bo.chat.unread).toBe(1);
    bo.chat.react(id, '🎉');
    link.settle();
    expect(names(ada)).toEqual([['🎉', 'You']]);
  });

  it('is delivered when everybody has it', () => {
    const { ada, bo, link, clock } = pair();
    const cy = new Speaker('Cy', 3, clock);
    const other = new Link(ada, cy).settle();
    ada.chat.say('All here?', null);
    link.settle();
    expect(ticks(ada)).toEqual(['sent']);
    other.settle();
    expect(ticks(ada)).toEqual(['delivered']);
    expect([texts(bo), texts(cy)]).toEqual([['All here?'], ['All here?']]);
  });

  it('keeps from somebody who left what is said after that', () => {
    const { ada, bo, link, clock } = pair();
    const cy = new Speaker('Cy', 3, clock);
    const other = new Link(ada, cy).settle();
    link.cut();
    ada.chat.say('before', null);
    ada.chat.leave(bo.id);
    ada.chat.say('after', null);
    other.settle();
    expect(ticks(ada)).toEqual(['waiting', 'delivered']);
    new Link(ada, bo).settle();
    expect(texts(bo)).toEqual(['before']);
    expect(texts(cy)).toEqual(['before', 'after']);
  });

  it('refuses what it cannot send, and leaves the text to the person', () => {
    const { ada } = pair();
    const tooLong = 'ä'.repeat(MAX_TEXT_BYTES / 2 + 1);
    expect(ada.chat.say(tooLong, null)).toBe('too-long');
    expect(ada.chat.say(tooLong.slice(1), null)).toBe('said');
    expect(ada.chat.say(' \n\u200B', null)).toBe('empty');
    expect(ada.chat.entries).toHaveLength(1);
    expect(new Speaker('Cy', 3, new Clock()).chat.say('Anyone?', null)).toBe('nobody');
  });

  it('hints at typing seldom, and ends the hint', () => {
    const { ada, from, sent, clock } = alone();
    const press = (): void => ada.chat.setTyping(true);
    press();
    clock.pass(REPEAT_MS - 1);
    press();
    expect(sent).toEqual([{ kind: 'typing', isTyping: true }]);
    clock.pass(1);
    press();
    expect(sent).toHaveLength(2);
    clock.pass(IDLE_MS);
    expect(sent.slice(2)).toEqual([{ kind: 'typing', isTyping: false }]);
    press();
    ada.chat.say('Done', null);
    expect(sent.at(-1)).toEqual({ kind: 'typing', isTyping: false });
    const count = sent.length;
    clock.pass(IDLE_MS);
    expect(sent).toHaveLength(count);
    expect(ada.chat.receive(from, { kind: 'typing', isTyping: false })).toBe(true);
  });

  it('shows who types until the hint fades, the message comes or the connection goes', () => {
    const { ada, from, hearText, clock } = alone();
    const hint = (isTyping: boolean): boolean => ada.chat.receive(from, { kind: 'typing', isTyping });
    hint(true);
    clock.pass(FADE_MS - 1);
    hint(true);
    clock.pass(FADE_MS - 1);
    expect(ada.chat.typingNames).toEqual(['Bo']);
    clock.pass(1);
    expect(ada.chat.typingNames).toEqual([]);
    hint(true);
    hearText(message(1), 'Here');
    expect(ada.chat.typing).toEqual([]);
    hint(true);
    ada.chat.detach(from);
    expect(ada.chat.typing).toEqual([]);
  });

  it('leaves to others what is not its own', () => {
    const { ada, from } = alone();
    expect(ada.chat.receive(from, { kind: 'bye', code: null })).toBe(false);
    expect(ada.chat.receive(person(7), { kind: 'typing', isTyping: true })).toBe(false);
    ada.chat.detach(from);
    expect(ada.chat.receive(from, { kind: 'typing', isTyping: true })).toBe(false);
  });

  it('throws when the order of chat is broken', () => {
    const { ada, from } = alone();
    expect(() => ada.chat.receive(from, { kind: 'chat-ack', number: 4 })).toThrow(
      new ParleyError('protocol/unexpected'),
    );
  });

  describe('against a hostile other side', () => {
    it('shows a repeated message id once', () => {
      const { ada, hearText } = alone();
      hearText(message(1), 'first');
      hearText(message(1), 'second');
      expect(texts(ada)).toEqual(['first']);
      expect(ada.arrivals).toHaveLength(1);
    });

    it('shows a message under an id of one’s own as another one', () => {
      const { ada, hearText } = alone();
      ada.chat.say('mine', null);
      hearText(ada.chat.entries[0]?.id ?? message(0), 'not mine');
      expect(texts(ada)).toEqual(['mine', 'not mine']);
      expect(new Set(ada.chat.entries.map(({ key }) => key)).size).toBe(2);
    });

    it('takes no time from the future', () => {
      const { ada, hearText, clock } = alone();
      hearText(message(1), 'x', Number.MAX_SAFE_INTEGER);
      expect(ada.chat.entries[0]?.sentAtMs).toBe(clock.nowMs);
    });

    it('bounds the reactions to a message and ignores those to none', () => {
      const { ada, hear, hearText } = alone();
      hearText(message(1), 'x');
      for (let i = 0; i < MAX_REACTIONS + 5; i++) {
        const emoji = String.fromCodePoint(0x1f600 + i);
        hear({ type: 'reaction', target: message(1), emoji, isOn: true });
      }
      hear({ type: 'reaction', target: message(2), emoji: '🎉', isOn: true });
      hear({ type: 'reaction', target: message(1), emoji: '🎉', isOn: false });
      expect(ada.chat.entries.map(({ reactions }) => reactions.length)).toEqual([MAX_REACTIONS]);
    });
  });
});
