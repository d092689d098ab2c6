import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../protocol/errors';
import { WORDS as HERE, wordsFor } from './words';
import { LATER_WORDS } from './words-answer';
import { whereToAllow } from './words-device';

const WORDS = { ...HERE, ...LATER_WORDS };

describe('words for errors', () => {
  it.each(ERROR_CODES)('%s says what, why and what next in whole sentences', (code) => {
    const { what, why, next } = WORDS[code]();
    for (const text of [what, why, next]) {
      expect(text).toMatch(/^[A-Z].{12,}\.$/);
      expect(text.length).toBeLessThan(160);
    }
  });

  it('never shows a code or the vocabulary of the inside', () => {
    const all = JSON.stringify(ERROR_CODES.map((code) => WORDS[code]()));
    for (const code of ERROR_CODES) expect(all).not.toContain(code);
    expect(all).not.toMatch(
      /\b(ICE|SDP|AES|nonce|handshake|WebRTC|payload|schema|exception|null|undefined)\b/i,
    );
  });

  it.each(ERROR_CODES)('%s is found, here or loaded', async (code) => {
    expect(await wordsFor(code)).toEqual(WORDS[code]());
  });

  it('tells every failure apart', () => {
    const whats = ERROR_CODES.map((code) => WORDS[code]().what);
    expect(new Set(whats).size).toBe(whats.length);
  });

  it('says where each browser keeps its answer about the microphone', () => {
    const agents = {
      Firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      Chrome: 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36',
      Safari:
        'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15',
      iPhone:
        'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1',
    };
    const said = Object.values(agents).map(whereToAllow);
    expect(new Set(said).size).toBe(said.length);
    for (const text of said) expect(text).toMatch(/^[A-Z].{12,}\.$/);
    expect(whereToAllow(agents.Safari)).toContain('Safari');
  });
});
