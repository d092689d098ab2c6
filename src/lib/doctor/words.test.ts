import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyFacts } from '../../../tests/fakes/connection-facts';
import { diagnose, FINDING_CODES, type Finding, type FindingCode } from './diagnose';
import { CONNECTION_STEPS, MEDIA_STEPS } from './steps';
import { STEP_NAMES, STEP_NOTES, wordsOf } from './words';

/** Every finding, in every form in which it has other words. */
const FORMS: { [C in FindingCode]: Extract<Finding, { code: C }>[] } = {
  'webrtc-off': [{ code: 'webrtc-off' }],
  'server-unreachable': [{ code: 'server-unreachable' }],
  'hidden-without-relay': [{ code: 'hidden-without-relay' }],
  'relay-refused': [{ code: 'relay-refused', transports: ['UDP', 'TCP', 'TLS'] }],
  'relay-full': [{ code: 'relay-full', transports: ['TCP'] }],
  'relay-silent': [{ code: 'relay-silent', transports: ['UDP', 'TLS'] }],
  'udp-forbidden': [{ code: 'udp-forbidden' }],
  'udp-blocked': [{ code: 'udp-blocked' }],
  'both-symmetric': [{ code: 'both-symmetric' }],
  'relay-unreachable': [
    { code: 'relay-unreachable', transports: [], others: [] },
    { code: 'relay-unreachable', transports: ['TLS'], others: ['UDP', 'TCP'] },
  ],
  'stun-silent': [{ code: 'stun-silent' }],
  'nothing-from-there': [{ code: 'nothing-from-there' }],
  'no-path': [
    { code: 'no-path', hasRelay: true },
    { code: 'no-path', hasRelay: false },
  ],
  'path-silent': [{ code: 'path-silent' }],
  'clock-wrong': [
    { code: 'clock-wrong', skewMs: 300_000 },
    { code: 'clock-wrong', skewMs: -3_600_000 },
    { code: 'clock-wrong', skewMs: 3 * 86_400_000 },
  ],
  'no-helpers': [{ code: 'no-helpers' }],
  'no-relay': [{ code: 'no-relay' }],
  'no-websocket': [{ code: 'no-websocket' }],
  vpn: [{ code: 'vpn' }],
  fine: [
    { code: 'fine', isConnected: true },
    { code: 'fine', isConnected: false },
  ],
};
const ALL = Object.values(FORMS).flat();

describe('words for findings', () => {
  it.each(ALL)('$code says what, why and what next in whole sentences', (finding) => {
    const { what, why, next } = wordsOf(finding);
    for (const text of [what, why, next]) {
      expect(text).toMatch(/^[A-Z“].{12,}\.$/);
      expect(text.length).toBeLessThan(220);
      expect(text).not.toMatch(/undefined|null|NaN|\s\s|\s[.,;]/);
    }
  });

  it('never show a code of ours or the vocabulary of the inside', () => {
    const all = JSON.stringify(ALL.map(wordsOf));
    for (const code of FINDING_CODES.filter((one) => one.includes('-'))) expect(all).not.toContain(code);
    expect(all).not.toMatch(/\b(ICE|SDP|NAT|symmetric|srflx|candidate|allocation|null)\b/i);
  });

  it('tell every finding apart', () => {
    const whats = ALL.map((finding) => wordsOf(finding).what);
    expect(new Set(whats).size).toBeGreaterThanOrEqual(FINDING_CODES.length);
    expect(new Set(Object.values(FORMS).map(([form]) => form && wordsOf(form).what)).size).toBe(
      FINDING_CODES.length,
    );
  });

  it('name the ways and the number that a relay answered with', () => {
    expect(wordsOf({ code: 'relay-refused', transports: ['UDP', 'TCP', 'TLS'] }).what).toBe(
      'The relay refused this device over UDP, TCP and TLS (401).',
    );
    expect(wordsOf({ code: 'clock-wrong', skewMs: -3_600_000 }).what).toBe(
      'This device’s clock is 1 hour slow.',
    );
    expect(wordsOf({ code: 'clock-wrong', skewMs: 3_599_500 }).what).toContain('1 hour fast');
    expect(wordsOf({ code: 'clock-wrong', skewMs: 3 * 86_400_000 }).what).toContain('3 days fast');
  });

  it('are there for whatever is found', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        for (const finding of diagnose(facts)) expect(wordsOf(finding).what).not.toMatch(/undefined|NaN/);
      }),
    );
  });
});

it('every step has a name of its own, every note a sentence', () => {
  const names = [...CONNECTION_STEPS, ...MEDIA_STEPS].map((id) => STEP_NAMES[id]());
  expect(new Set(names).size).toBe(names.length);
  for (const note of Object.values(STEP_NOTES)) expect(note()).toMatch(/^[A-Z].*\.$/);
});
