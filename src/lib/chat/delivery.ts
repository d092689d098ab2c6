import { equalBytes, type Bytes } from '../protocol/bytes';
import type { ChatItem, TalkMessage } from '../protocol/message';

/**
 * Every chat item reaches one participant exactly once and in order, over connections that come and go.
 *
 * What this side says is a stream of its own: 8 random bytes per page life, items numbered from 1. The outbox holds
 * what the other has not acknowledged. Both sides begin each connection with where they stand:
 *
 *     resume{my stream, the stream of yours that I know, how far I have it}   first, both ways
 *     chat{number, item} ...                                                  only after the other's resume
 *     chat-ack{number}                                                        cumulative
 *
 * The channel below is ordered and replay-safe (section 7), so a gap or a number nobody gave is no accident: it is
 * answered with a `violation`, upon which the state stays as it was and the caller closes the connection.
 */
export type Delivery = {
  readonly stream: Bytes;
  /** The number last given to an item; 0 before the first. */
  readonly given: number;
  readonly outbox: readonly Numbered[];
  readonly heardStream: Bytes;
  readonly heard: number;
  /** `greeting`: connected, the other's resume not yet here. */
  readonly link: 'down' | 'greeting' | 'up';
};

type Numbered = { readonly number: number; readonly item: ChatItem };

export type ResumeMessage = Extract<TalkMessage, { kind: 'resume' | 'chat' | 'chat-ack' }>;

export type DeliveryEvent =
  | { type: 'connected' }
  | { type: 'disconnected' }
  | { type: 'say'; item: ChatItem }
  | { type: 'heard'; message: ResumeMessage };

export type DeliveryEffect =
  | { type: 'send'; message: ResumeMessage }
  /** The other side said this; happens once per item. */
  | { type: 'show'; item: ChatItem }
  /** The other side has this item; happens once per item. */
  | { type: 'delivered'; item: ChatItem }
  | { type: 'violation' };

type Step = { state: Delivery; effects: DeliveryEffect[] };

export const STREAM_BYTES = 8;
/** What `resume` names while no stream of the other is known. */
const NO_STREAM: Bytes = new Uint8Array(STREAM_BYTES);

/** @param stream 8 random bytes: a page that forgot its outbox must not be taken for its earlier self. */
export function startDelivery(stream: Bytes): Delivery {
  return { stream, given: 0, outbox: [], heardStream: NO_STREAM, heard: 0, link: 'down' };
}

export function next(state: Delivery, event: DeliveryEvent): Step {
  switch (event.type) {
    case 'connected': {
      const { stream, heardStream, heard } = state;
      return {
        state: { ...state, link: 'greeting' },
        effects: [{ type: 'send', message: { kind: 'resume', stream, heardStream, heard } }],
      };
    }
    case 'disconnected':
      return { state: { ...state, link: 'down' }, effects: [] };
    case 'say': {
      const numbered = { number: state.given + 1, item: event.item };
      return {
        state: { ...state, given: numbered.number, outbox: [...state.outbox, numbered] },
        effects: state.link === 'up' ? [sendItem(numbered)] : [],
      };
    }
    case 'heard':
      return heard(state, event.message);
  }
}

function heard(state: Delivery, message: ResumeMessage): Step {
  // A resume opens each connection, once; nothing else can be the first word.
  if (state.link !== (message.kind === 'resume' ? 'greeting' : 'up')) return violation(state);
  switch (message.kind) {
    case 'resume':
      return resumed(state, message);
    case 'chat':
      return arrived(state, message);
    case 'chat-ack':
      return message.number > state.given ? violation(state) : acknowledged(state, message.number);
  }
}

function resumed(state: Delivery, resume: Extract<ResumeMessage, { kind: 'resume' }>): Step {
  const knowsUs = equalBytes(resume.heardStream, state.stream);
  // It can't have more than was given, nor lack what it acknowledged in this same stream.
  const acknowledgedBefore = (state.outbox[0]?.number ?? state.given + 1) - 1;
  if (knowsUs && (resume.heard > state.given || resume.heard < acknowledgedBefore)) return violation(state);

  const { state: trimmed, effects } = acknowledged(state, knowsUs ? resume.heard : 0);
  // Another stream: the other side was loaded anew and counts from 1 again.
  const isSameStream = equalBytes(resume.stream, state.heardStream);
  return {
    state: { ...trimmed, link: 'up', heardStream: resume.stream, heard: isSameStream ? state.heard : 0 },
    effects: [...effects, ...trimmed.outbox.map(sendItem)],
  };
}

function arrived(state: Delivery, { number, item }: Extract<ResumeMessage, { kind: 'chat' }>): Step {
  // Of an unknown stream this side may have been told the beginning in an earlier page life.
  const isNext = number === state.heard + 1 || (state.heard === 0 && number > 0);
  if (isNext) {
    return {
      state: { ...state, heard: number },
      effects: [{ type: 'show', item }, acknowledge(number)],
    };
  }
  return number === 0 || number > state.heard
    ? violation(state)
    : { state, effects: [acknowledge(state.heard)] };
}

/** Drops what the other has. An older acknowledgement than the last says nothing new. */
function acknowledged(state: Delivery, number: number): Step {
  return {
    state: { ...state, outbox: state.outbox.filter((one) => one.number > number) },
    effects: state.outbox
      .filter((one) => one.number <= number)
      .map(({ item }) => ({ type: 'delivered', item })),
  };
}

const violation = (state: Delivery): Step => ({ state, effects: [{ type: 'violation' }] });

const acknowledge = (number: number): DeliveryEffect => ({
  type: 'send',
  message: { kind: 'chat-ack', number },
});

const sendItem = ({ number, item }: Numbered): DeliveryEffect => ({
  type: 'send',
  message: { kind: 'chat', number, item },
});
