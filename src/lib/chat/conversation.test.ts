import { describe, expect, it } from 'vitest';
import { randomId, type MessageId } from '../protocol/ids';
import { MAX_ENTRIES, withEntry, withTicks, type Entry } from './conversation';

const entry = (text: string): Omit<Entry, 'key'> => ({
  id: randomId<MessageId>(),
  from: 'you',
  fromName: 'You',
  text,
  sentAtMs: 0,
  replyTo: null,
  reactions: [],
  delivery: 'waiting',
});

describe('conversation', () => {
  it('lets the oldest message go when the page keeps too many, and uses no key twice', () => {
    let entries: readonly Entry[] = [];
    for (let i = 0; i <= MAX_ENTRIES; i++) entries = withEntry(entries, entry(String(i)));
    expect(entries).toHaveLength(MAX_ENTRIES);
    expect([entries[0]?.text, entries.at(-1)?.text]).toEqual(['1', String(MAX_ENTRIES)]);
    expect(new Set(entries.map(({ key }) => key)).size).toBe(MAX_ENTRIES);
  });

  it('redraws only what changed', () => {
    const entries = withEntry(withEntry([], entry('a')), entry('b'));
    const ticked = withTicks(entries, new Map(entries.slice(1).map(({ id }) => [id, 'sent'])));
    expect(ticked.map(({ delivery }) => delivery)).toEqual(['delivered', 'sent']);
    const again = withTicks(ticked, new Map(entries.slice(1).map(({ id }) => [id, 'sent'])));
    expect(again).toBe(ticked);
    const last = withTicks(ticked, new Map());
    expect([last[0] === ticked[0], last[1] === ticked[1]]).toEqual([true, false]);
  });
});
