import { createHmac, createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { iceSettings } from '../lib/protocol/signaling';
import { iceSettingsFor, randomRelayUser, type IceServers } from './turn';

const STUN = ['stun:turn.example:3478'];
const URLS = ['turn:turn.example:3478?transport=udp', 'turns:turn.example:443?transport=tcp'];
const turn = (secret: string, ttlS = 3_600) => ({
  urls: URLS,
  secret: createSecretKey(secret, 'utf8'),
  ttlS,
});

test('an operator without servers has none, and nobody else has any', () => {
  const none: IceServers = { stunUrls: [], turn: null };
  expect(iceSettingsFor(none, randomRelayUser(), 0)).toEqual({ servers: [], expiresInMs: null });
  expect(iceSettingsFor({ stunUrls: STUN, turn: null }, randomRelayUser(), 0)).toEqual({
    servers: [{ urls: STUN }],
    expiresInMs: null,
  });
});

test('a known answer', () => {
  // printf '%s' '1433895918:506ivu3ti5pgr' | openssl dgst -sha1 -hmac 'parley-parley-parley' -binary | base64
  const ice = iceSettingsFor(
    { stunUrls: STUN, turn: turn('parley-parley-parley', 600) },
    '506ivu3ti5pgr',
    1_433_895_318_000,
  );
  expect(ice).toEqual({
    servers: [
      { urls: STUN },
      { urls: URLS, username: '1433895918:506ivu3ti5pgr', credential: 'hl+oh2W7rYSlpDVhSdJ9thrsgx0=' },
    ],
    expiresInMs: 600_000,
  });
});

test.each([60, 3_600, 86_400])('credentials of %i s are signed by the secret and expire then', (ttlS) => {
  const [nowMs, user] = [1_700_000_000_999, randomRelayUser()];
  const { servers, expiresInMs } = iceSettingsFor(
    { stunUrls: [], turn: turn('s'.repeat(16), ttlS) },
    user,
    nowMs,
  );
  const [server] = servers;
  expect(server?.username).toBe(`${1_700_000_000 + ttlS}:${user}`);
  expect(server?.credential).toBe(
    createHmac('sha1', 's'.repeat(16))
      .update(`${1_700_000_000 + ttlS}:${user}`)
      .digest('base64'),
  );
  expect(expiresInMs).toBe(ttlS * 1_000);
});

test('other secret, other second, other session: other credentials', () => {
  const user = randomRelayUser();
  const made = [
    iceSettingsFor({ stunUrls: [], turn: turn('a'.repeat(16)) }, user, 0),
    iceSettingsFor({ stunUrls: [], turn: turn('b'.repeat(16)) }, user, 0),
    iceSettingsFor({ stunUrls: [], turn: turn('a'.repeat(16)) }, user, 1_000),
    iceSettingsFor({ stunUrls: [], turn: turn('a'.repeat(16)) }, randomRelayUser(), 0),
  ];
  expect(new Set(made.map(({ servers }) => servers[0]?.credential)).size).toBe(4);
});

test('user names are random, and of what coturn takes for one', () => {
  const users = Array.from({ length: 1_000 }, randomRelayUser);
  expect(new Set(users).size).toBe(1_000);
  for (const user of users) expect(user).toMatch(/^[A-Za-z0-9_-]{22}$/);
});

test('what the server makes passes what the client checks', () => {
  for (const nowMs of [0, 1_700_000_000_000, 8_640_000_000_000_000]) {
    const ice = iceSettingsFor({ stunUrls: STUN, turn: turn('a'.repeat(16)) }, randomRelayUser(), nowMs);
    expect(iceSettings.parse(JSON.parse(JSON.stringify(ice)))).toEqual(ice);
  }
});
