import { utf8, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { ID_BYTES, toId, type MessageId, type ParticipantId } from '../protocol/ids';
import { MAX_TEXT_BYTES } from '../protocol/limits';
import type { ChatItem, TalkMessage } from '../protocol/message';
import { cleanText } from '../protocol/text';
import { m } from '../words/messages';
import { MAX_ENTRIES, withEntry, withReaction, withTicks, type Entry, type Tick } from './conversation';
import { next, startDelivery, STREAM_BYTES, type Delivery, type DeliveryEvent } from './delivery';
import { FADE_MS, timeoutLater, TypingHint, type Later } from './typing';

type ChatOptions = {
  now: () => number;
  randomBytes?: (length: number) => Bytes;
  later?: Later;
  /** Somebody else's message was added: for the sound and the title. */
  onArrival?: (entry: Entry) => void;
};

/** What came of saying something. Only `said` took the text; after any other answer the person still has it. */
export type SayResult = 'said' | 'empty' | 'too-long' | 'nobody';

/** Somebody the conversation is or was held with. */
type Person = {
  name: string;
  delivery: Delivery;
  send: ((message: TalkMessage) => void) | null;
  /** What is said now is for them: they are here, or only cut off for a while. */
  isAddressed: boolean;
  cancelFade: () => void;
};

/** So many that come at once are all read out; of a flood, its end. */
const MAX_ARRIVALS = 5;

/** One meeting's conversation: what was said by whom, and how far it got. Lives as long as the page does. */
export class Chat {
  readonly #options: Required<Omit<ChatOptions, 'onArrival'>> & Pick<ChatOptions, 'onArrival'>;
  readonly #people = new Map<ParticipantId, Person>();
  readonly #hint: TypingHint;
  #entries = $state.raw<readonly Entry[]>([]);
  #typing = $state.raw<readonly ParticipantId[]>([]);
  #arrivals = $state.raw<readonly Entry[]>([]);
  #unread = $state.raw(0);

  constructor(options: ChatOptions) {
    const { now, later = timeoutLater, randomBytes = random } = options;
    this.#options = { ...options, now, later, randomBytes };
    this.#hint = new TypingHint({ now, later, send: (isTyping) => this.#tellTyping(isTyping) });
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }
  /** What others said last since the page was opened, to be read out. */
  get arrivals(): readonly Entry[] {
    return this.#arrivals;
  }
  /** Messages of others since `markRead` was last called. */
  get unread(): number {
    return this.#unread;
  }
  get typing(): readonly ParticipantId[] {
    return this.#typing;
  }
  get typingNames(): readonly string[] {
    return this.#typing.map((participant) => this.#people.get(participant)?.name ?? '');
  }

  /** What was said before this page was opened: it stands before everything else. */
  restore(earlier: readonly Entry[]): void {
    const last = earlier.at(-1)?.key ?? 0;
    const since = this.#entries.map((entry, index) => ({ ...entry, key: last + 1 + index }));
    this.#entries = [...earlier, ...since].slice(-MAX_ENTRIES);
  }

  /** The first message with this id, or null: it may be older than this page. */
  entry(id: MessageId): Entry | null {
    return this.#entries.find((entry) => entry.id === id) ?? null;
  }

  /** To everybody in the meeting, also to those who are just being reconnected. At most MAX_TEXT_BYTES of UTF-8. */
  say(text: string, replyTo: MessageId | null): SayResult {
    const clean = cleanText(text).trim();
    if (clean === '') return 'empty';
    if (utf8(clean).length > MAX_TEXT_BYTES) return 'too-long';
    if (this.#addressed().length === 0) return 'nobody';
    const id = toId<MessageId>(this.#options.randomBytes(ID_BYTES));
    const item: ChatItem = { type: 'text', id, sentAtMs: this.#options.now(), replyTo, text: clean };
    this.#add(item, 'you', m.you());
    this.#sayItem(item);
    this.#hint.set(false);
    return 'said';
  }

  /** Puts one's own emoji on a message, or takes it off again. */
  react(messageId: MessageId, emoji: string): void {
    const reaction = this.entry(messageId)?.reactions.find((one) => one.emoji === emoji);
    const isOn = reaction?.people.every(({ id }) => id !== 'you') ?? true;
    const before = this.#entries;
    this.#entries = withReaction(before, { target: messageId, emoji, isOn, id: 'you', name: m.you() });
    if (this.#entries !== before) this.#sayItem({ type: 'reaction', target: messageId, emoji, isOn });
  }

  /** With every key pressed; the hint's own rules decide what is sent. */
  setTyping(isTyping: boolean): void {
    this.#hint.set(isTyping);
  }

  markRead(): void {
    this.#unread = 0;
  }

  /** A connection to this person is open, the first or another one. */
  attach(participant: ParticipantId, name: string, send: (message: TalkMessage) => void): void {
    const known = this.#people.get(participant);
    if (known !== undefined) this.detach(participant);
    const delivery = known?.delivery ?? startDelivery(this.#options.randomBytes(STREAM_BYTES));
    const person: Person = { name, delivery, send, isAddressed: true, cancelFade: () => undefined };
    this.#people.set(participant, person);
    this.#step(participant, person, { type: 'connected' });
  }

  /** The connection is gone. The person is still in the meeting, and what is said waits for them. */
  detach(participant: ParticipantId): void {
    const person = this.#people.get(participant);
    if (person === undefined) return;
    person.send = null;
    this.#setTyping(participant, person, false);
    this.#step(participant, person, { type: 'disconnected' });
  }

  /** The person left the meeting. What was said to them before still waits; what is said from now on is not for them. */
  leave(participant: ParticipantId): void {
    this.detach(participant);
    const person = this.#people.get(participant);
    if (person !== undefined) person.isAddressed = false;
  }

  /**
   * @returns false if the message is none of chat's.
   * @throws ParleyError `protocol/unexpected` when the other side breaks the order of chat; close the connection.
   */
  receive(participant: ParticipantId, message: TalkMessage): boolean {
    const person = this.#people.get(participant);
    if (person === undefined || person.send === null) return false;
    switch (message.kind) {
      case 'typing':
        this.#setTyping(participant, person, message.isTyping);
        return true;
      case 'resume':
      case 'chat':
      case 'chat-ack':
        this.#step(participant, person, { type: 'heard', message });
        return true;
      default:
        return false;
    }
  }

  destroy(): void {
    this.#hint.destroy();
    for (const person of this.#people.values()) person.cancelFade();
    this.#people.clear();
  }

  #step(participant: ParticipantId, person: Person, event: DeliveryEvent): void {
    const before = person.delivery;
    const { state, effects } = next(before, event);
    person.delivery = state;
    for (const effect of effects) {
      switch (effect.type) {
        case 'send':
          person.send?.(effect.message);
          break;
        case 'show':
          this.#show(participant, person, effect.item);
          break;
        case 'delivered':
          break;
        case 'violation':
          throw new ParleyError('protocol/unexpected');
      }
    }
    if (state.outbox !== before.outbox || state.link !== before.link) {
      this.#entries = withTicks(this.#entries, this.#underWay());
    }
  }

  #show(participant: ParticipantId, person: Person, item: ChatItem): void {
    if (item.type === 'reaction') {
      const { target, emoji, isOn } = item;
      const change = { target, emoji, isOn, id: participant, name: person.name };
      this.#entries = withReaction(this.#entries, change);
      return;
    }
    this.#setTyping(participant, person, false);
    const before = this.#entries;
    this.#add(item, participant, person.name);
    const added = this.#entries.at(-1);
    if (this.#entries === before || added === undefined) return;
    this.#arrivals = [...this.#arrivals, added].slice(-MAX_ARRIVALS);
    this.#unread += 1;
    this.#options.onArrival?.(added);
  }

  #add(item: Extract<ChatItem, { type: 'text' }>, from: Entry['from'], fromName: string): void {
    const { id, text, replyTo } = item;
    // Nothing was written in the future, whatever the other clock says; far beyond it a Date can't be shown at all.
    const sentAtMs = Math.min(item.sentAtMs, this.#options.now());
    const entry = {
      id,
      from,
      fromName,
      text,
      sentAtMs,
      replyTo,
      reactions: [],
      delivery: 'waiting',
    } as const;
    this.#entries = withEntry(this.#entries, entry);
  }

  #sayItem(item: ChatItem): void {
    for (const [participant, person] of this.#addressed())
      this.#step(participant, person, { type: 'say', item });
  }

  #addressed(): [ParticipantId, Person][] {
    return [...this.#people].filter(([, person]) => person.isAddressed);
  }

  /** Of several people the one furthest behind counts. */
  #underWay(): ReadonlyMap<MessageId, Tick> {
    const ticks = new Map<MessageId, Tick>();
    for (const { delivery } of this.#people.values()) {
      for (const { item } of delivery.outbox) {
        if (item.type === 'reaction' || ticks.get(item.id) === 'waiting') continue;
        ticks.set(item.id, delivery.link === 'up' ? 'sent' : 'waiting');
      }
    }
    return ticks;
  }

  #setTyping(participant: ParticipantId, person: Person, isTyping: boolean): void {
    person.cancelFade();
    const others = this.#typing.filter((one) => one !== participant);
    if (isTyping) {
      this.#typing = [...others, participant];
      person.cancelFade = this.#options.later(FADE_MS, () => this.#setTyping(participant, person, false));
    } else if (others.length < this.#typing.length) this.#typing = others;
  }

  #tellTyping(isTyping: boolean): void {
    for (const [, { send }] of this.#addressed()) send?.({ kind: 'typing', isTyping });
  }
}

const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
