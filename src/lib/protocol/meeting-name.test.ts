import { expect, test } from 'vitest';
import { toId, type MeetingId } from './ids';
import { meetingName } from './meeting-name';

const named = (...bytes: number[]): string =>
  meetingName(toId<MeetingId>(Uint8Array.from({ length: 16 }, (_, i) => bytes[i] ?? 0)));

test('a name never changes: people know their meetings by it', () => {
  expect(named(0, 0, 0)).toBe('Amber Badger Arbour');
  expect(named(51, 43, 24)).toBe('Quiet Otter Harbour');
  expect(named(63, 63, 63)).toBe('Warm Wren Wood');
});

test('64 words in each place, each told from the others', () => {
  for (const place of [0, 1, 2]) {
    const bytes = (value: number) => [0, 0, 0].map((_, i) => (i === place ? value : 0));
    const all = Array.from({ length: 256 }, (_, value) => named(...bytes(value)));
    expect(new Set(all).size).toBe(64);
    for (const name of all) expect(name).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+ [A-Z][a-z]+$/);
  }
});
