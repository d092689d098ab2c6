import { afterEach, describe, expect, test, vi } from 'vitest';
import { randomId, type VaultId } from '../protocol/ids';
import {
  hideOpening,
  newMeetingHash,
  pageOpening,
  readOpening,
  rememberInTab,
  savedMeetingHash,
} from './opening';

const FRAGMENT = 'AQ'.repeat(34);
const at = (rest: string): string => `https://meet.example${rest}`;

describe('an address', () => {
  test.each([
    ['/m', { kind: 'none' }],
    ['/m#', { kind: 'none' }],
    ['/m#new', { kind: 'new' }],
    [`/m#${FRAGMENT}`, { kind: 'link', fragment: FRAGMENT, wasRewritten: false }],
    [`/m%23${FRAGMENT}`, { kind: 'link', fragment: FRAGMENT, wasRewritten: true }],
    [`/M%23${FRAGMENT}`, { kind: 'link', fragment: FRAGMENT, wasRewritten: true }],
    [
      `/m#${FRAGMENT}#${FRAGMENT}`,
      { kind: 'link', fragment: `${FRAGMENT}#${FRAGMENT}`, wasRewritten: false },
    ],
  ])('%s is read', (rest, opening) => {
    expect(readOpening(at(rest))).toEqual(opening);
  });

  test('of a saved meeting is read back', () => {
    const vaultId = randomId<VaultId>();
    expect(readOpening(at(`/m${savedMeetingHash(vaultId)}`))).toEqual({ kind: 'saved', vaultId });
    expect(readOpening(at(`/m${newMeetingHash}`))).toEqual({ kind: 'new' });
  });

  test.each([
    `s-${'!'.repeat(22)}`,
    `s-${'B'.repeat(22)}`,
    `s-${'A'.repeat(21)}`,
    `s-${'A'.repeat(23)}`,
    `S-${'A'.repeat(22)}`,
    's-',
    'new ',
    'NEW',
    '__proto__',
    '\u202Enew',
    'x'.repeat(1_000_000),
  ])('that only looks like one of this device is a link like any other (%#)', (fragment) => {
    expect(readOpening(at(`/m#${fragment}`))).toEqual({ kind: 'link', fragment, wasRewritten: false });
  });
});

describe('on load', () => {
  afterEach(() => vi.unstubAllGlobals());

  const page = (href: string) => {
    const replaced: string[] = [];
    const kept = new Map<string, string>();
    vi.stubGlobal('location', { href });
    vi.stubGlobal('history', {
      state: null,
      replaceState: (_state: unknown, _unused: string, url: string) => replaced.push(url),
    });
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    });
    return { replaced, kept };
  };

  test.each([`/m#${FRAGMENT}`, `/m%23${FRAGMENT}`, '/m#new', `/m#s-${'!'.repeat(22)}`])(
    'nothing of %s stays in the address bar',
    (rest) => {
      const { replaced } = page(at(rest));
      hideOpening();
      expect(replaced).toEqual(['/m']);
    },
  );

  test('a reload finds its meeting by the note of the tab, which holds the random handle alone', () => {
    const { kept, replaced } = page(at('/m'));
    const vaultId = randomId<VaultId>();
    rememberInTab(vaultId);
    expect([...kept.values()]).toEqual([vaultId]);
    expect(pageOpening()).toEqual({ kind: 'saved', vaultId });
    hideOpening();
    expect(replaced).toEqual([]);
    rememberInTab(null);
    expect(pageOpening()).toEqual({ kind: 'none' });
  });

  test('a link wins over the note', () => {
    page(at(`/m#${FRAGMENT}`));
    rememberInTab(randomId<VaultId>());
    expect(pageOpening()).toEqual({ kind: 'link', fragment: FRAGMENT, wasRewritten: false });
  });
});
