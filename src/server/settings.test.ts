import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from './limits';
import { KNOWN_SERVICES } from './push-services';
import { limitSetting, readSettings } from './settings';

function read(environment: Record<string, string>) {
  const outcome = readSettings(environment);
  if (!outcome.ok) throw new Error(outcome.problem);
  return outcome.settings;
}

test('nothing set: this machine only, port 4000, the limits as documented', () => {
  expect(read({})).toMatchObject({
    host: '127.0.0.1',
    port: 4000,
    origin: null,
    trustProxyHops: 0,
    logMode: 'normal',
    logFile: null,
    metrics: null,
    ice: { stunUrls: [], turn: null },
    push: { services: KNOWN_SERVICES, contact: 'https://example.org' },
    limits: DEFAULT_LIMITS,
  });
  expect(read({ PORT: '', ORIGIN: ' ' })).toMatchObject({ port: 4000, origin: null });
});

test('every limit has a setting of its own', () => {
  expect(limitSetting('relayBytesPerMinute')).toBe('LIMIT_RELAY_BYTES_PER_MINUTE');
  for (const limit of Object.keys(DEFAULT_LIMITS) as (keyof typeof DEFAULT_LIMITS)[]) {
    expect(read({ [limitSetting(limit)]: '7' }).limits).toEqual({ ...DEFAULT_LIMITS, [limit]: 7 });
  }
});

test('the tables of docs/operations.md have them all, with their defaults', () => {
  const text = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  for (const [limit, value] of Object.entries(DEFAULT_LIMITS)) {
    const name = limitSetting(limit as keyof typeof DEFAULT_LIMITS);
    expect(text).toContain(`| \`${name}\` | ${value} |`);
  }
  const source = readFileSync(new URL('settings.ts', import.meta.url), 'utf8');
  const documented = [...source.matchAll(/^ \* {3}([A-Z_]+) {2,}/gm)].map(([, name = '']) => name);
  expect(documented.length).toBeGreaterThan(9);
  for (const name of documented) expect(text).toContain(`| \`${name}\` | `);
});

test('a log file is found from the folder that the server was started in', () => {
  expect(read({ LOG_FILE: '/var/log/parley/parley.log' }).logFile).toBe('/var/log/parley/parley.log');
  expect(read({ LOG_FILE: 'logs/parley.log' }).logFile).toBe(resolve('logs/parley.log'));
});

test('metrics are for this machine alone unless somebody says otherwise', () => {
  expect(read({ METRICS_PORT: '9464' }).metrics).toEqual({ host: '127.0.0.1', port: 9464 });
  expect(read({ METRICS_PORT: '0', METRICS_HOST: '::' }).metrics).toEqual({ host: '::', port: 0 });
  expect(read({ METRICS_HOST: '0.0.0.0' }).metrics).toBeNull();
});

test.each(['https://meet.example', 'https://meet.example:8443', 'http://192.0.2.1', 'http://[::1]:4000'])(
  'ORIGIN %s',
  (origin) => expect(read({ ORIGIN: origin }).origin).toBe(origin),
);

test.each([
  ['PORT', '-1'],
  ['PORT', '65536'],
  ['PORT', '4000.0'],
  ['PORT', '1e3'],
  ['PORT', '0x10'],
  ['TRUST_PROXY_HOPS', '11'],
  ['TRUST_PROXY_HOPS', 'true'],
  ['HOST', 'http://x'],
  ['HOST', 'a b'],
  ['ORIGIN', 'meet.example'],
  ['ORIGIN', 'https://meet.example/'],
  ['ORIGIN', 'https://meet.example:443'],
  ['ORIGIN', 'https://MEET.example'],
  ['ORIGIN', 'ftp://meet.example'],
  ['ORIGIN', 'null'],
  ['LOG_MODE', 'verbose'],
  ['LOG_FILE', '/var/log/parley'],
  ['LOG_FILE', '/var/log/parley/'],
  ['LOG_FILE', '/var/log/.log'],
  ['LOG_FILE', '/var/log/parley.*.log'],
  ['LOG_FILE', '/var/log/a:b/parley.log'],
  ['METRICS_PORT', 'off'],
  ['METRICS_PORT', '65536'],
  ['METRICS_HOST', 'http://127.0.0.1'],
  ['LIMIT_SOCKETS', '-5'],
  ['LIMIT_SOCKETS', '9999999999'],
  ['LIMIT_NOTHING', '1'],
  ['STUN_URLS', 'turn:turn.example'],
  ['STUN_URLS', 'stun:turn.example?transport=udp'],
  ['STUN_URLS', 'stun://turn.example'],
  ['STUN_URLS', 'turn.example:3478'],
  ['STUN_URLS', 'stun:turn.example:65536'],
  ['STUN_URLS', 'stun:[::1'],
  ['STUN_URLS', 'stun:[1:2:3]'],
  ['STUN_URLS', 'stun:a.example,'],
  ['STUN_URLS', 'stun:a.example stun:b.example'],
  ['STUN_URLS', `stun:${'a'.repeat(300)}`],
  ['STUN_URLS', Array.from({ length: 9 }, (_, i) => `stun:${i}.example`).join()],
  ['TURN_URLS', 'stun:turn.example'],
  ['TURN_URLS', 'turn:turn.example?transport=tls'],
  ['TURN_URLS', 'turn:user:password@turn.example'],
  ['TURN_TTL_S', '59'],
  ['TURN_TTL_S', '86401'],
  ['PUSH_SERVICES', 'push'],
  ['PUSH_SERVICES', '*'],
  ['PUSH_SERVICES', '*.'],
  ['PUSH_SERVICES', '*.example.*'],
  ['PUSH_SERVICES', 'push.*.example'],
  ['PUSH_SERVICES', 'a.example,'],
  ['PUSH_SERVICES', 'a.example,off'],
  ['PUSH_SERVICES', 'Push.example'],
  ['PUSH_SERVICES', 'push.example:8443'],
  ['PUSH_SERVICES', 'push.example/path'],
  ['PUSH_SERVICES', '192.0.2.1'],
  ['PUSH_SERVICES', 'http://127.0.0.1:4555/'],
  ['PUSH_SERVICES', 'https://user@push.example'],
  ['PUSH_SERVICES', 'ftp://push.example'],
  ['PUSH_CONTACT', 'you@meet.example'],
  ['PUSH_CONTACT', 'mailto:you'],
  ['PUSH_CONTACT', 'mailto:you@localhost'],
  ['PUSH_CONTACT', 'mailto:you@box.local'],
  ['PUSH_CONTACT', 'mailto: you@meet.example'],
  ['PUSH_CONTACT', 'http://meet.example'],
  ['PUSH_CONTACT', 'https://localhost:4000'],
  ['PUSH_CONTACT', 'https://meet.localhost'],
  ['PUSH_CONTACT', 'https://user@meet.example'],
])('%s=%s is refused by a sentence that names it', (name, value) => {
  const outcome = readSettings({ [name]: value });
  expect(outcome).toEqual({
    ok: false,
    problem: expect.stringMatching(new RegExp(`^${name} .*\\.$`)) as string,
  });
});

describe('push', () => {
  const push = (environment: Record<string, string>) => read(environment).push;

  test('services of one’s own replace the known ones; off is nobody', () => {
    const own = 'push.example, *.push.example,http://127.0.0.1:4555,https://[2001:db8::1]:8443';
    expect(push({ PUSH_SERVICES: own })?.services).toEqual(own.split(',').map((rule) => rule.trim()));
    expect(push({ PUSH_SERVICES: ' off ' })).toBeNull();
    expect(push({ PUSH_SERVICES: '' })?.services).toEqual(KNOWN_SERVICES);
  });

  test('the contact is what is said, else an https ORIGIN, else nobody', () => {
    const origin = { ORIGIN: 'https://meet.example:8443' };
    expect(push({ ...origin, PUSH_CONTACT: 'mailto:you@meet.example' })?.contact).toBe(
      'mailto:you@meet.example',
    );
    expect(push({ PUSH_CONTACT: 'https://meet.example/contact' })?.contact).toBe(
      'https://meet.example/contact',
    );
    expect(push(origin)?.contact).toBe('https://meet.example:8443');
    for (const ORIGIN of [
      'http://meet.example',
      'https://localhost',
      'https://localhost:8443',
      'https://box.local',
    ]) {
      expect(push({ ORIGIN })?.contact).toBe('https://example.org');
    }
  });
});

describe('STUN and TURN', () => {
  const urls = 'turn:192.0.2.1:3478?transport=udp, turns:[2001:db8::1]:443?transport=tcp,turn:turn.example';
  const secret = 'Zs7-kept-to-ourselves';

  test('servers, their secret and the life of credentials', () => {
    const { ice } = read({
      STUN_URLS: 'stun:turn.example,stuns:turn.example:5349',
      TURN_URLS: urls,
      TURN_SECRET: secret,
      TURN_TTL_S: '60',
    });
    expect(ice.stunUrls).toEqual(['stun:turn.example', 'stuns:turn.example:5349']);
    expect(ice.turn).toMatchObject({ ttlS: 60, urls: urls.split(',').map((url) => url.trim()) });
    expect(String(ice.turn?.secret.export())).toBe(secret);
    expect(read({ TURN_URLS: urls, TURN_SECRET: secret }).ice.turn?.ttlS).toBe(3_600);
  });

  test('settings that are printed by mistake do not show the secret', () => {
    const settings = read({ TURN_URLS: urls, TURN_SECRET: secret });
    for (const shown of [JSON.stringify(settings), inspect(settings, { depth: 9, showHidden: true })]) {
      expect(shown).toContain('turn.example');
      expect(shown).not.toContain(secret);
    }
  });

  test.each([
    [{ TURN_URLS: urls }],
    [{ TURN_SECRET: secret }],
    [{ TURN_URLS: urls, TURN_SECRET: 'Zs7-fifteen-chr' }],
    [{ TURN_URLS: urls, TURN_SECRET: 'Zs7-'.repeat(65) }],
    [{ TURN_URLS: urls, TURN_SECRET: 'Zs7 with spaces in it' }],
    [{ TURN_URLS: urls, TURN_SECRET: 'Zs7-with-an-ümlaut-in-it' }],
  ])('%o is refused by a sentence that names the secret and does not repeat it', (environment) => {
    const outcome = readSettings(environment);
    expect(outcome).toEqual({
      ok: false,
      problem: expect.stringMatching(/^TURN_SECRET must [^"]*\.$/) as string,
    });
    expect(JSON.stringify(outcome)).not.toContain('Zs7');
  });
});
