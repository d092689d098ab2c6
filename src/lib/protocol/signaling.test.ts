import { describe, expect, test } from 'vitest';
import { inputs, iceSettings, MAX_ENDPOINT_LENGTH, MAX_ICE_LIFE_MS, MAX_ICE_URLS } from './signaling';

const relay = { username: '1700003600:AbC-_', credential: 'kf7N+/8tJ2zRZg==' };
const of = (...servers: unknown[]) => ({ servers, expiresInMs: 3_600_000 });
const stun = (...urls: unknown[]) => of({ urls });
const turn = (...urls: unknown[]) => of({ urls, ...relay });

describe('ICE servers', () => {
  test.each([
    { servers: [], expiresInMs: null },
    { servers: [{ urls: ['stun:turn.example'] }], expiresInMs: null },
    stun('stun:192.0.2.1:3478', 'stuns:[2001:db8::1]:5349', 'stun:a-b.example'),
    turn('turn:turn.example', 'turn:192.0.2.1:3478?transport=udp', 'turns:[2001:db8::1]:443?transport=tcp'),
    of({ urls: ['stun:x'] }, { urls: ['turn:x:1?transport=tcp'], ...relay }),
  ])('are taken as they are: %o', (settings) => {
    expect(iceSettings.parse(settings)).toEqual(settings);
  });

  test.each([
    null,
    {},
    [],
    { servers: [] },
    { servers: {}, expiresInMs: null },
    { servers: [], expiresInMs: null, more: 1 },
    { servers: [], expiresInMs: 0 },
    { servers: [], expiresInMs: -1 },
    { servers: [], expiresInMs: 1.5 },
    { servers: [], expiresInMs: Infinity },
    { servers: [], expiresInMs: MAX_ICE_LIFE_MS + 1 },
    of({ urls: 'stun:x' }),
    of({ url: 'stun:x' }),
    of({ urls: ['stun:x'], credentialType: 'oauth' }),
    of({ urls: ['turn:x'] }),
    of({ urls: ['turn:x'], username: 'a' }),
    of({ urls: ['turn:x'], username: 'a b', credential: 'AAAA' }),
    of({ urls: ['turn:x'], username: 'a', credential: 'A A' }),
    of({ urls: ['turn:x'], username: 'a'.repeat(65), credential: 'AAAA' }),
    of({ urls: ['turn:x'], username: 'a', credential: 'A'.repeat(65) }),
    of({ urls: ['stun:x', 'turn:x'], ...relay }),
    of(...Array.from({ length: 5 }, () => ({ urls: ['stun:x'] }))),
    stun(),
    stun(...Array.from({ length: MAX_ICE_URLS + 1 }, () => 'stun:x')),
    stun(7),
    stun('stun:'),
    stun('stun://x'),
    stun('stun:x?transport=udp'),
    stun('stun:x:0'),
    stun('stun:x:123456'),
    stun('stun:x:3478:1'),
    stun('stun:user@x'),
    stun('stun:-x'),
    stun('stun:x..y'),
    stun('stun:x y'),
    stun('stun:x\n'),
    stun('STUN:x'),
    stun('https://x'),
    stun('javascript:x'),
    stun(`stun:${'x'.repeat(300)}`),
    turn('turn:x?transport=tls'),
    turn('turn:x?transport=udp&x'),
    turn('turn:x?'),
    turn('turn:x#y'),
  ])('are refused when they are anything else: %o', (settings) => {
    expect(iceSettings.safeParse(settings).success).toBe(false);
  });

  test('of a hostile length are refused at once', () => {
    const startedAtMs = performance.now();
    for (const part of ['a', '-a', 'a.', 'a-']) {
      expect(iceSettings.safeParse(stun(`stun:${part.repeat(500_000)}!`)).success).toBe(false);
    }
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
  });
});

describe('asking to be told', () => {
  /** Base64url of so many zeros. */
  const zeros = (bytes: number) => 'A'.repeat(Math.ceil((bytes * 4) / 3));
  const subscription = { endpoint: 'https://push.example/x?y=%2b', p256dh: zeros(65), auth: zeros(16) };
  const asked = { id: zeros(16), role: 'guest', tag: zeros(16), subscription };
  const at = (endpoint: unknown) => ({ ...asked, subscription: { ...subscription, endpoint } });
  const longest = 'https://push.example/'.padEnd(MAX_ENDPOINT_LENGTH, 'a');

  test.each([asked, { ...asked, role: 'host' }, at(longest), at('http://127.0.0.1:4555/x')])(
    'is taken as it is: %o',
    (input) => expect(inputs.tell.parse(input)).toEqual(input),
  );

  test.each([
    null,
    {},
    { ...asked, more: 1 },
    { ...asked, id: zeros(15) },
    { ...asked, role: 'both' },
    { ...asked, role: ['host', 'guest'] },
    { ...asked, tag: zeros(15) },
    { ...asked, tag: zeros(17) },
    { ...asked, tag: `${zeros(16).slice(1)}B` },
    { ...asked, tag: `${zeros(16)}==` },
    { ...asked, subscription: { ...subscription, p256dh: zeros(64) } },
    { ...asked, subscription: { ...subscription, p256dh: `${zeros(65).slice(1)}B` } },
    { ...asked, subscription: { ...subscription, auth: zeros(12) } },
    { ...asked, subscription: { ...subscription, expirationTime: null } },
    { ...asked, subscription: { endpoint: subscription.endpoint } },
    { ...asked, subscription: subscription.endpoint },
    at(`${longest}a`),
    at(''),
    at(7),
    at('push.example/x'),
    at('https://'),
    at('ftp://push.example/x'),
    at('HTTPS://push.example/x'),
    at('javascript://push.example/x'),
    at(' https://push.example/x'),
    at('https://push.example/a b'),
    at('https://push.example/a\r\nHost: b'),
    at('https://push.example/\u0000'),
    at('https://püsh.example/x'),
  ])('is refused when it is anything else: %o', (input) => {
    expect(inputs.tell.safeParse(input).success).toBe(false);
  });
});
