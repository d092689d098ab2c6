import { describe, expect, it } from 'vitest';
import { strengthOf, suggestPassphrase } from './strength';

describe('a passphrase is', () => {
  it.each([
    ['', 'too-short'],
    ['seven77', 'too-short'],
    ['🌿🌿🌿🌿🌿🌿🌿', 'too-short'],
    ['password', 'weak'],
    ['Password2024!', 'weak'],
    ['aaaaaaaaaaaaaaaaaaaaaaaa', 'weak'],
    ['abcdefghijklmnop', 'weak'],
    ['12345678901234567890', 'weak'],
    ['qwertyqwerty', 'weak'],
    ['the the the the', 'weak'],
    ['correct horse battery staple', 'fair'],
    ['tV9x!mQ2', 'fair'],
    ['correct horse battery staple lantern', 'strong'],
    ['gT7#pLz0!wQs', 'strong'],
  ] as const)('%s: %s', (passphrase, strength) => {
    expect(strengthOf(passphrase)).toBe(strength);
  });
});

it('what Parley suggests is strong, and another each time', () => {
  const many = Array.from({ length: 50 }, suggestPassphrase);
  expect(new Set(many).size).toBe(50);
  // Six picks of 256 words: two alike in one are possible, and still fair.
  for (const one of many) expect(['fair', 'strong']).toContain(strengthOf(one));
});
