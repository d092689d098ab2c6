import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { guardCandidate, guardDescription } from './description';
import { MAX_DESCRIPTION_BYTES } from './limits';

const REFUSED = expect.objectContaining({ code: 'description/refused' }) as Error;
const DIRECT = { relayOnly: false };
const RELAY_ONLY = { relayOnly: true };

const PRINT = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0').toUpperCase()).join(':');
const OTHER_PRINT = PRINT.replace('00', 'FF');
const HEAD = ['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0 1'];
const HOST = 'candidate:1 1 udp 2122260223 192.168.1.7 50000 typ host generation 0';
const RELAY =
  'candidate:2 1 udp 41885439 203.0.113.5 40000 typ relay raddr 198.51.100.9 rport 55555 generation 0';

const section = (kind: string, print: string | null, ...more: string[]): string[] => [
  `m=${kind} 9 UDP/DTLS/SCTP webrtc-datachannel`,
  ...(print === null ? [] : [`a=fingerprint:sha-256 ${print}`]),
  ...more,
];
const sdpOf = (...lines: string[]): string => [...HEAD, ...lines, ''].join('\r\n');
const guard = (sdp: string, rules = DIRECT) => guardDescription({ type: 'offer', sdp }, rules);

describe('a description', () => {
  const good = sdpOf(...section('application', PRINT), ...section('audio', PRINT));

  test('passes as it was, and gives its fingerprint', () => {
    const { description, fingerprint } = guard(good);
    expect(description).toEqual({ type: 'offer', sdp: good });
    expect(fingerprint).toEqual(Uint8Array.from({ length: 32 }, (_, i) => i));
  });

  test('may have the fingerprint for all sections at the top, and in small letters', () => {
    const top = sdpOf(`a=fingerprint:sha-256 ${PRINT.toLowerCase()}`, ...section('application', null));
    expect(guard(top).fingerprint).toEqual(guard(good).fingerprint);
    const both = sdpOf(`a=fingerprint:sha-256 ${PRINT.toLowerCase()}`, ...section('video', PRINT));
    expect(guard(both).fingerprint).toEqual(guard(good).fingerprint);
  });

  const hostile: Record<string, string> = {
    'nothing at all': '',
    'no section': sdpOf(`a=fingerprint:sha-256 ${PRINT}`),
    'no fingerprint': sdpOf(...section('application', null)),
    'a section without one': sdpOf(...section('application', PRINT), ...section('audio', null)),
    'two fingerprints in one section': sdpOf(
      ...section('application', PRINT, `a=fingerprint:sha-256 ${OTHER_PRINT}`),
    ),
    'another fingerprint in another section': sdpOf(
      ...section('application', PRINT),
      ...section('audio', OTHER_PRINT),
    ),
    'another at the top': sdpOf(`a=fingerprint:sha-256 ${OTHER_PRINT}`, ...section('application', PRINT)),
    'sha-1': sdpOf(...section('application', null, `a=fingerprint:sha-1 ${PRINT.slice(0, 59)}`)),
    'sha-1 beside sha-256': sdpOf(
      ...section('application', PRINT, `a=fingerprint:sha-1 ${PRINT.slice(0, 59)}`),
    ),
    'sha-512': sdpOf(...section('application', null, `a=fingerprint:sha-512 ${PRINT}:${PRINT}`)),
    'a fingerprint cut short': sdpOf(...section('application', PRINT.slice(3))),
    'a fingerprint too long': sdpOf(...section('application', `${PRINT}:00`)),
    'a fingerprint that is none': sdpOf(...section('application', PRINT.replace('1F', 'XY'))),
    'an attribute in capitals with another': sdpOf(
      ...section(
        'application',
        PRINT,
        `A=FINGERPRINT:sha-256 ${OTHER_PRINT}`,
        `a=FINGERPRINT:sha-256 ${OTHER_PRINT}`,
      ),
    ),
    'an unknown section': sdpOf(...section('application', PRINT), ...section('text', PRINT)),
    'thirteen sections': sdpOf(...Array.from({ length: 13 }, () => section('audio', PRINT)).flat()),
    'a lone carriage return': good.replace('s=-', `s=-\ra=fingerprint:sha-256 ${OTHER_PRINT}`),
    'a NUL': good.replace('s=-', 's=\u0000'),
    'a line separator': good.replace('s=-', 's=\u2028a=x'),
    'letters beyond ASCII': good.replace('s=-', 's=é'),
    'text before the version': ` ${good}`,
    'more than 64 KiB': good + 'a=x\r\n'.repeat(MAX_DESCRIPTION_BYTES / 5),
    '10,000 candidates': sdpOf(
      ...section('application', PRINT, ...Array<string>(10_000).fill('a=candidate:1')),
    ),
    'more lines than any': sdpOf(...section('application', PRINT, ...Array<string>(2_001).fill('a='))),
    'a candidate that is none': sdpOf(...section('application', PRINT, 'a=candidate:x')),
    'a candidate too long': sdpOf(...section('application', PRINT, `a=${HOST} x ${'y'.repeat(1024)}`)),
  };
  for (const [name, sdp] of Object.entries(hostile)) {
    test(`is refused: ${name}`, () => expect(() => guard(sdp)).toThrow(REFUSED));
  }

  test('under relay-only loses every candidate that is no relay’s, and the address behind the relay', () => {
    const { sdp } = guard(
      sdpOf(...section('application', PRINT, `a=${HOST}`, `a=${RELAY}`)),
      RELAY_ONLY,
    ).description;
    expect(sdp).not.toContain('192.168.1.7');
    expect(sdp).toContain('203.0.113.5');
    expect(sdp).not.toMatch(/198\.51\.100\.9|55555/);
  });

  test('otherwise keeps them all, to the letter', () => {
    const sdp = sdpOf(...section('application', PRINT, `a=${HOST}`, `a=${RELAY}`));
    expect(guard(sdp).description.sdp).toBe(sdp);
  });

  test('random lines are refused or pass as text of one fingerprint', () => {
    const line = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constantFrom(
        ...section('application', PRINT),
        ...section('audio', OTHER_PRINT),
        `a=${HOST}`,
        'a=candidate:',
      ),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        try {
          expect(guard(sdpOf(...lines)).fingerprint).toHaveLength(32);
        } catch (error) {
          expect(error).toEqual(REFUSED);
        }
      }),
    );
  });
});

describe('a candidate', () => {
  const of = (candidate: string) => ({ candidate, sdpMid: '0' });

  test('passes, of every type, and so does the end of them', () => {
    const candidates = [
      HOST,
      RELAY,
      'candidate:1 1 udp 1 2001:db8::1 1 typ srflx raddr :: rport 0',
      'candidate:1 1 UDP 1 0b8f.local 9 typ host',
      'candidate:1 2 tcp 1 10.0.0.1 9 typ host tcptype active',
      '',
    ];
    for (const text of candidates) expect(guardCandidate(of(text), DIRECT)).toEqual(of(text));
  });

  test('is refused where it is none', () => {
    const hostile = [
      'candidate:',
      'a=candidate:1 1 udp 1 10.0.0.1 9 typ host',
      HOST.replace('host', 'other'),
      HOST.replace('udp', 'sctp'),
      HOST.replace(' 1 udp', ' 3 udp'),
      HOST.replace('192.168.1.7', 'a b'),
      HOST.replace('192.168.1.7', 'http://x/'),
      `${HOST}\r\na=fingerprint:sha-256 ${PRINT}`,
      `${HOST}\n`,
      `${HOST} \u202E`,
      `${HOST} ${'x'.repeat(1024)}`,
      'x'.repeat(1_000_000),
    ];
    for (const text of hostile) expect(() => guardCandidate(of(text), DIRECT)).toThrow(REFUSED);
  });

  test('under relay-only is dropped unless it is a relay’s, and tells nobody what is behind', () => {
    expect(guardCandidate(of(HOST), RELAY_ONLY)).toBeNull();
    expect(guardCandidate(of(HOST.replace('typ host', 'typ srflx')), RELAY_ONLY)).toBeNull();
    expect(guardCandidate(of(HOST.replace('typ host', 'typ host typ relay')), RELAY_ONLY)).toBeNull();
    const kept = guardCandidate(of(RELAY), RELAY_ONLY);
    expect(kept?.candidate).toContain('raddr 0.0.0.0 rport 0 ');
    expect(kept?.sdpMid).toBe('0');
  });
});
