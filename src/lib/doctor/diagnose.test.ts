import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLOCK_TOLERANCE_MS, diagnose, FINDING_CODES, isOnlyNews, type Finding } from './diagnose';
import { NO_FACTS, transportOf, type ConnectionFacts } from './facts';
import { anyFacts } from '../../../tests/fakes/connection-facts';

const NO_RELAY = { UDP: 0, TCP: 0, TLS: 0 };
const URLS = {
  UDP: 'turn:turn.example:3478?transport=udp',
  TCP: 'turn:turn.example:3478?transport=tcp',
  TLS: 'turns:turn.example:443?transport=tcp',
};

/** A device on which all is well, as far as it went. */
const WELL: ConnectionFacts = {
  ...NO_FACTS,
  signaling: { kind: 'websocket', socketsRefused: false },
  hasStun: true,
  hasTurn: true,
  gathered: { host: 2, srflx: 1, relay: { UDP: 1, TCP: 1, TLS: 1 }, end: 'complete' },
  remote: { host: 1, srflx: 1, relay: 1 },
  state: 'checking',
  clockSkewMs: 300,
};

type News = Omit<Partial<ConnectionFacts>, 'gathered'> & { gathered?: Partial<ConnectionFacts['gathered']> };
const facts = ({ gathered, ...news }: News): ConnectionFacts => ({
  ...WELL,
  ...news,
  gathered: { ...WELL.gathered, ...gathered },
});

const noRelayFor = (code: number, ...transports: (keyof typeof URLS)[]): News => ({
  gathered: {
    relay: { ...WELL.gathered.relay, ...Object.fromEntries(transports.map((name) => [name, 0])) },
  },
  errors: transports.map((name) => ({ code, url: URLS[name] })),
});

const fine = (isConnected: boolean): Finding => ({ code: 'fine', isConnected });

describe('what is found', () => {
  test.each<[string, News, Finding[]]>([
    ['all is well', {}, [fine(false)]],
    ['connected', { state: 'connected' }, [fine(true)]],
    ['nothing known yet', { ...NO_FACTS }, []],
    ['still gathering', { gathered: { end: 'not-yet' } }, []],

    ['no WebRTC', { hasWebRtc: false }, [{ code: 'webrtc-off' }]],
    [
      'no WebRTC, and so no candidates, which is no news',
      { hasWebRtc: false, gathered: { host: 0, srflx: 0, relay: NO_RELAY, end: 'complete' } },
      [{ code: 'webrtc-off' }],
    ],

    [
      'no server',
      { signaling: { kind: 'offline', socketsRefused: true }, gathered: { end: 'not-yet' } },
      [{ code: 'server-unreachable' }],
    ],
    [
      'no server while connected: the path needs none',
      { signaling: { kind: 'offline', socketsRefused: true }, state: 'connected' },
      [fine(true)],
    ],
    [
      'no WebSocket, and the fallback in its place',
      { signaling: { kind: 'server-sent events', socketsRefused: true } },
      [fine(false), { code: 'no-websocket' }],
    ],
    [
      'the fallback, with no WebSocket refused',
      { signaling: { kind: 'server-sent events', socketsRefused: false } },
      [fine(false)],
    ],

    [
      'UDP blocked: nothing over UDP, the relay answers over TCP',
      {
        gathered: { srflx: 0, relay: { UDP: 0, TCP: 1, TLS: 1 }, end: 'overdue' },
      },
      [fine(false), { code: 'udp-blocked' }],
    ],
    [
      'UDP blocked, and the browser says it of the relay',
      {
        gathered: { srflx: 0, relay: { UDP: 0, TCP: 0, TLS: 1 }, end: 'overdue' },
        errors: [{ code: 701, url: URLS.UDP }],
      },
      [
        fine(false),
        { code: 'relay-unreachable', transports: ['UDP'], others: ['TLS'] },
        { code: 'udp-blocked' },
      ],
    ],
    [
      'no STUN answer',
      { hasTurn: null, gathered: { srflx: 0, relay: NO_RELAY, end: 'overdue' } },
      [{ code: 'stun-silent' }],
    ],
    [
      'a STUN server whose name is unknown',
      {
        hasTurn: null,
        gathered: { srflx: 0, relay: NO_RELAY },
        errors: [{ code: 701, url: 'stun:stun.example:3478' }],
      },
      [{ code: 'stun-silent' }],
    ],
    [
      'a STUN answer that names an address of this device',
      { hasTurn: null, gathered: { srflx: 0, relay: NO_RELAY } },
      [fine(false)],
    ],
    [
      'UDP blocked, and connected through the relay',
      { gathered: { srflx: 0, relay: { UDP: 0, TCP: 1, TLS: 0 }, end: 'overdue' }, state: 'connected' },
      [fine(true), { code: 'udp-blocked' }],
    ],
    [
      'no STUN answer, and connected',
      { gathered: { srflx: 0, relay: NO_RELAY, end: 'overdue' }, hasTurn: false, state: 'connected' },
      [fine(true)],
    ],
    [
      'a relay that refuses over UDP was reached over UDP',
      {
        gathered: { srflx: 0, relay: { UDP: 0, TCP: 1, TLS: 1 }, end: 'overdue' },
        errors: [{ code: 401, url: URLS.UDP }],
      },
      [{ code: 'relay-refused', transports: ['UDP'] }],
    ],
    [
      'a browser that names no address of its own',
      { gathered: { host: 0, srflx: 0, relay: { UDP: 0, TCP: 1, TLS: 1 } } },
      [{ code: 'udp-forbidden' }],
    ],
    [
      'no address of its own, as it was wished',
      { relayOnly: true, gathered: { host: 0, srflx: 0 } },
      [fine(false)],
    ],

    ['401', noRelayFor(401, 'UDP', 'TCP'), [{ code: 'relay-refused', transports: ['UDP', 'TCP'] }]],
    ['486', noRelayFor(486, 'TCP'), [{ code: 'relay-full', transports: ['TCP'] }]],
    [
      '701',
      noRelayFor(701, 'TLS'),
      [fine(false), { code: 'relay-unreachable', transports: ['TLS'], others: ['UDP', 'TCP'] }],
    ],
    [
      '401 and 701 of one relay: it was reached',
      {
        ...noRelayFor(401, 'UDP'),
        errors: [
          { code: 701, url: URLS.UDP },
          { code: 401, url: URLS.UDP },
        ],
      },
      [{ code: 'relay-refused', transports: ['UDP'] }],
    ],
    [
      '701 on one of several networks, and an address through another',
      { errors: [{ code: 701, url: URLS.UDP }] },
      [fine(false)],
    ],
    ['an error of no meaning here', { errors: [{ code: 300, url: URLS.UDP }] }, [fine(false)]],
    [
      'a relay that never answers, and no error',
      { gathered: { relay: NO_RELAY, end: 'overdue' } },
      [{ code: 'relay-unreachable', transports: [], others: [] }],
    ],
    [
      'a relay that passes nothing on',
      { silentRelays: ['UDP'] },
      [{ code: 'relay-silent', transports: ['UDP'] }],
    ],

    [
      '"Hide my address" without a relay',
      {
        relayOnly: true,
        hasTurn: false,
        state: 'failed',
        gathered: { host: 0, srflx: 0, relay: NO_RELAY },
      },
      [{ code: 'hidden-without-relay' }],
    ],
    ['no relay', { hasTurn: false, gathered: { relay: NO_RELAY } }, [fine(false), { code: 'no-relay' }]],
    ['no relay, and none needed', { hasTurn: false, state: 'connected' }, [fine(true)]],
    [
      'neither STUN nor TURN',
      { hasStun: false, hasTurn: false, gathered: { srflx: 0, relay: NO_RELAY } },
      [{ code: 'no-helpers' }],
    ],
    [
      'both ends symmetric and no relay',
      {
        hasTurn: false,
        state: 'failed',
        mapped: { here: 'varies', there: 'varies' },
        gathered: { relay: NO_RELAY },
        remote: { host: 1, srflx: 2, relay: 0 },
      },
      [{ code: 'both-symmetric' }, { code: 'no-relay' }],
    ],
    [
      'both ends symmetric, and a relay at the other',
      {
        hasTurn: false,
        state: 'failed',
        mapped: { here: 'varies', there: 'varies' },
        gathered: { relay: NO_RELAY },
      },
      [{ code: 'no-path', hasRelay: true }, { code: 'no-relay' }],
    ],
    [
      'one end symmetric',
      {
        hasTurn: false,
        state: 'failed',
        mapped: { here: 'varies', there: 'unknown' },
        gathered: { relay: NO_RELAY },
        remote: { host: 1, srflx: 1, relay: 0 },
      },
      [{ code: 'no-path', hasRelay: false }, { code: 'no-relay' }],
    ],
    [
      'nothing from the other side',
      { state: 'failed', remote: { host: 0, srflx: 0, relay: 0 } },
      [{ code: 'nothing-from-there' }],
    ],
    ['no path, though all was there', { state: 'failed' }, [{ code: 'no-path', hasRelay: true }]],
    ['silence', { state: 'silent' }, [{ code: 'path-silent' }]],

    [
      'a clock that is fast',
      { clockSkewMs: CLOCK_TOLERANCE_MS },
      [{ code: 'clock-wrong', skewMs: CLOCK_TOLERANCE_MS }],
    ],
    ['a clock that is slow', { clockSkewMs: -3_600_000 }, [{ code: 'clock-wrong', skewMs: -3_600_000 }]],
    ['a clock that is off by a little', { clockSkewMs: 1 - CLOCK_TOLERANCE_MS }, [fine(false)]],
    ['a VPN that the browser names', { hasVpn: true }, [fine(false), { code: 'vpn' }]],
    ['no VPN', { hasVpn: false }, [fine(false)]],
  ])('%s', (_, news, expected) => {
    expect(diagnose(facts(news))).toEqual(expected);
  });
});

describe('whatever the facts', () => {
  test('there is an answer, each finding once, trouble first', () => {
    fc.assert(
      fc.property(anyFacts, (any) => {
        const found = diagnose(any);
        expect(new Set(found.map(({ code }) => code)).size).toBe(found.length);
        const sorts = found.map((finding) => (isOnlyNews(finding) ? 'news' : 'trouble'));
        expect(sorts).toEqual(sorts.toSorted().reverse());
        for (const { code } of found) expect(FINDING_CODES).toContain(code);
      }),
    );
  });

  test('"fine" never stands beside something in the way', () => {
    fc.assert(
      fc.property(anyFacts, (any) => {
        const found = diagnose(any);
        if (found[0]?.code === 'fine') expect(found.slice(1).every(isOnlyNews)).toBe(true);
        else expect(found.map(({ code }) => code)).not.toContain('fine');
      }),
    );
  });

  test('the facts are left as they were', () => {
    fc.assert(
      fc.property(anyFacts, (any) => {
        const before = structuredClone(any);
        diagnose(any);
        expect(any).toEqual(before);
      }),
    );
  });
});

test.each([
  ['turn:turn.example', 'UDP'],
  ['turn:turn.example:3478?transport=udp', 'UDP'],
  ['turn:[2001:db8::1]:3478?transport=tcp', 'TCP'],
  ['turns:turn.example:443?transport=tcp', 'TLS'],
  ['turns:turn.example', 'TLS'],
  ['stun:turn.example', null],
  ['', null],
] as const)('%s is spoken to over %s', (url, transport) => {
  expect(transportOf(url)).toBe(transport);
});
