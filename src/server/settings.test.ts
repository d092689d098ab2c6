import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from './limits';
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
  ['LIMIT_SOCKETS', '-5'],
  ['LIMIT_SOCKETS', '9999999999'],
  ['LIMIT_NOTHING', '1'],
])('%s=%s is refused by a sentence that names it', (name, value) => {
  const outcome = readSettings({ [name]: value });
  expect(outcome).toEqual({
    ok: false,
    problem: expect.stringMatching(new RegExp(`^${name} .*\\.$`)) as string,
  });
});
