import type { MessageId, ParticipantId } from '../protocol/ids';

/** The list that a conversation shows. Entries never change: a change makes a new one, so a view redraws just that. */

export type Speaker = ParticipantId | 'you';

/** `waiting`: not on its way to everybody; `sent`: on its way; `delivered`: everybody it was for has it. */
export type Tick = 'waiting' | 'sent' | 'delivered';

export type Reaction = {
  readonly emoji: string;
  /** In the order in which they reacted; never empty. */
  readonly people: readonly { readonly id: Speaker; readonly name: string }[];
};

export type Entry = {
  /** Unique in this list; a message id is chosen by whoever wrote it. */
  readonly key: number;
  readonly id: MessageId;
  readonly from: Speaker;
  readonly fromName: string;
  readonly text: string;
  readonly sentAtMs: number;
  /** May name a message that is not in the list, from before this page was loaded. */
  readonly replyTo: MessageId | null;
  readonly reactions: readonly Reaction[];
  readonly delivery: Tick;
};

type Entries = readonly Entry[];

/** What one page keeps to show; older messages leave it first. Keeps a flood from taking the page down. */
export const MAX_ENTRIES = 5000;
/** Different emoji on one message; more is no longer an answer but a flood. */
export const MAX_REACTIONS = 20;

/** A pause after which the same person's next message is named and timed again. */
const GROUP_MS = 5 * 60 * 1000;

/** One after the other by one person. */
export function isGrouped(entry: Entry, other: Entry | undefined): boolean {
  return other?.from === entry.from && Math.abs(entry.sentAtMs - other.sentAtMs) < GROUP_MS;
}

export function startsDay(entry: Entry, before: Entry | undefined): boolean {
  return (
    before !== undefined &&
    new Date(before.sentAtMs).toDateString() !== new Date(entry.sentAtMs).toDateString()
  );
}

/** A message id that this speaker used before is not shown again. */
export function withEntry(entries: Entries, entry: Omit<Entry, 'key'>): Entries {
  if (entries.some(({ id, from }) => id === entry.id && from === entry.from)) return entries;
  const key = (entries.at(-1)?.key ?? 0) + 1;
  return [...entries, { ...entry, key }].slice(-MAX_ENTRIES);
}

/** Each person counts once per emoji. A message that is not in the list takes no reaction. */
export function withReaction(
  entries: Entries,
  change: { target: MessageId; emoji: string; isOn: boolean; id: Speaker; name: string },
): Entries {
  const { target, emoji, isOn, id, name } = change;
  const index = entries.findIndex((entry) => entry.id === target);
  const entry = entries[index];
  if (entry === undefined) return entries;

  const others = (entry.reactions.find((one) => one.emoji === emoji)?.people ?? []).filter(
    (person) => person.id !== id,
  );
  const people = isOn ? [...others, { id, name }] : others;
  const isNew = entry.reactions.every((one) => one.emoji !== emoji);
  const reactions = isNew
    ? [...entry.reactions, { emoji, people }]
    : entry.reactions.map((one) => (one.emoji === emoji ? { emoji, people } : one));
  const kept = reactions.filter((one) => one.people.length > 0);
  return kept.length > MAX_REACTIONS ? entries : entries.with(index, { ...entry, reactions: kept });
}

/** Own messages get the tick found under their id; those without one have reached everybody. */
export function withTicks(entries: Entries, underWay: ReadonlyMap<MessageId, Tick>): Entries {
  let hasChanged = false;
  const ticked = entries.map((entry) => {
    const delivery = underWay.get(entry.id) ?? 'delivered';
    if (entry.from !== 'you' || entry.delivery === delivery) return entry;
    hasChanged = true;
    return { ...entry, delivery };
  });
  return hasChanged ? ticked : entries;
}
