import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../protocol/errors';
import { WORDS } from './words';

describe('words for errors', () => {
  it.each(ERROR_CODES)('%s says what, why and what next in whole sentences', (code) => {
    const { what, why, next } = WORDS[code];
    for (const text of [what, why, next]) {
      expect(text).toMatch(/^[A-Z].{12,}\.$/);
      expect(text.length).toBeLessThan(160);
    }
  });

  it('never shows a code or the vocabulary of the inside', () => {
    const all = JSON.stringify(Object.values(WORDS));
    for (const code of ERROR_CODES) expect(all).not.toContain(code);
    expect(all).not.toMatch(
      /\b(ICE|SDP|AES|nonce|handshake|WebRTC|payload|schema|exception|null|undefined)\b/i,
    );
  });

  it('tells every failure apart', () => {
    const whats = ERROR_CODES.map((code) => WORDS[code].what);
    expect(new Set(whats).size).toBe(whats.length);
  });
});
