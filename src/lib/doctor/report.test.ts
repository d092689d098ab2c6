import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyFacts } from '../../../tests/fakes/connection-facts';
import { readCandidate, addressKinds } from './candidates';
import { diagnose } from './diagnose';
import { NO_FACTS, type ConnectionFacts } from './facts';
import { reportOf } from './report';
import { ALL_WAITING } from './steps';

const AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';

const report = (facts: ConnectionFacts, userAgent = AGENT, atMs = Date.UTC(2026, 0, 2, 3, 4, 5)): string =>
  reportOf({ facts, findings: diagnose(facts), steps: ALL_WAITING, userAgent, atMs });

/** What an address looks like, whole or in part. */
const IPV4 = /\d{1,3}\.\d{1,3}\.\d/;
const IPV6 = /[0-9a-f]*:[0-9a-f]*:[0-9a-f]*/i;

/** A word that is nothing of ours, so that its place in the report could only come from the facts. */
const foreign = fc.stringMatching(/^[a-z0-9]{8,20}$/).map((text) => `zq${text}`);

test('no address, whatever the browser and the servers say', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const text = report(facts);
      // The minute of the report has colons too, but only one in a row.
      expect(text).not.toMatch(IPV4);
      expect(text).not.toMatch(IPV6);
      for (const { url } of facts.errors) {
        const host = url.replace(/^(?:stun|turns?):/, '').replace(/\?.*$/, '');
        if (host.length > 5) expect(text).not.toContain(host);
      }
    }),
  );
});

test('of a candidate only the sort of its address', () => {
  const address = fc.oneof(
    fc.ipV4(),
    fc.ipV4Extended(),
    fc.ipV6(),
    fc.uuid().map((id) => `${id}.local`),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(address), fc.constantFrom('host' as const, 'srflx' as const), (addresses, type) => {
      const seen = addresses.flatMap((one) => {
        const read = readCandidate({
          type,
          address: one,
          port: 54_321,
          protocol: 'udp',
          foundation: '1',
          relatedPort: 0,
        });
        return read === null ? [] : [read];
      });
      const text = report({ ...NO_FACTS, addresses: addressKinds(seen) });
      for (const one of addresses) if (one.length > 5) expect(text).not.toContain(one);
      expect(text).not.toContain('54321');
    }),
  );
});

test('no meeting, name or secret, wherever it might have got in', () => {
  fc.assert(
    fc.property(foreign, anyFacts, (secret, any) => {
      const facts = {
        ...any,
        errors: [...any.errors, { code: 401, url: `turn:${secret}:3478` }, { code: 701, url: secret }],
      };
      expect(report(facts, `${AGENT} ${secret}`)).not.toContain(secret);
    }),
  );
});

test('says what was found, tried and seen', () => {
  const text = reportOf({
    facts: {
      ...NO_FACTS,
      signaling: { kind: 'server-sent events', socketsRefused: true },
      hasStun: true,
      hasTurn: true,
      gathered: { host: 2, srflx: 1, relay: { UDP: 0, TCP: 1, TLS: 0 }, end: 'complete' },
      errors: [
        { code: 401, url: 'turn:203.0.113.7:3478?transport=udp' },
        { code: 401, url: 'turn:203.0.113.7:3478?transport=udp' },
        { code: 701, url: 'stun:stun.example:3478' },
      ],
      clockSkewMs: 1_499,
      addresses: ['private IPv4', 'private IPv4', 'public IPv6'],
    },
    findings: [{ code: 'relay-refused', transports: ['UDP'] }],
    steps: { ...ALL_WAITING, 'relay-UDP': { state: 'bad', note: 'refused' } },
    userAgent: AGENT,
    atMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  });
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([
      'Made: 2026-01-02 03:04 UTC',
      'Browser: Chrome or like it 156',
      '- The relay refused this device over UDP (401).',
      '- Relay over UDP: Fails. Credentials refused (401).',
      '- Relay over TCP: Not tested',
      '- server: server-sent events, WebSocket refused',
      '- own candidates: host 2, srflx 1, relay UDP 0, TCP 1, TLS 0',
      '- own addresses: private IPv4, public IPv6',
      '- clock: 1 s off',
      '- errors: TURN over UDP 401 (2 times), STUN 701',
    ]),
  );
});

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0', 'Firefox 153'],
  [`${AGENT} Edg/150.0.0.0`, 'Edge 150'],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
    'Safari 18, mobile',
  ],
  ['curl/8', 'unknown'],
])('a browser is its name and version: %s', (userAgent, browser) => {
  expect(report(NO_FACTS, userAgent)).toContain(`\nBrowser: ${browser}\n`);
});

test('a clock that tells no time', () => {
  expect(report(NO_FACTS, AGENT, NaN)).toContain('Made: unknown');
});
