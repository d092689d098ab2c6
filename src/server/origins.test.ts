import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { allowedOrigins, httpOrigin, statedOrigin, streamOrigin } from './origins';

const request = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage;
const allowed = (host: string, port = 4000, origin: string | null = null) => [
  ...allowedOrigins({ host, port, origin }),
];

test('a loopback address comes with its twins, another stands alone', () => {
  const twins = ['http://127.0.0.1:4000', 'http://localhost:4000', 'http://[::1]:4000'];
  expect(allowed('127.0.0.1').sort()).toEqual([...twins].sort());
  expect(allowed('localhost').sort()).toEqual([...twins].sort());
  expect(allowed('0.0.0.0')).toEqual(expect.arrayContaining(twins));
  expect(allowed('192.0.2.1')).toEqual(['http://192.0.2.1:4000']);
});

test('behind a proxy only its origin counts', () => {
  expect(allowed('127.0.0.1', 4000, 'https://meet.example')).toEqual(['https://meet.example']);
});

test('origins are written as browsers write them', () => {
  expect(httpOrigin('127.0.0.1', 80)).toBe('http://127.0.0.1');
  expect(httpOrigin('::1', 4000)).toBe('http://[::1]:4000');
});

const origins = new Set(['https://meet.example', 'http://localhost:4000']);

test.each([
  undefined,
  '',
  'null',
  'https://evil.example',
  'https://meet.example/',
  'https://meet.example.evil.example',
])('Origin %s is refused', (origin) => {
  expect(statedOrigin(request(origin === undefined ? {} : { origin }), origins)).toBeNull();
});

test('a stream without Origin needs the browser to vouch for it, and our own Host', () => {
  const site = { 'sec-fetch-site': 'same-origin' };
  expect(streamOrigin(request({ ...site, host: 'meet.example' }), origins)).toBe('https://meet.example');
  expect(streamOrigin(request({ ...site, host: 'localhost:4000' }), origins)).toBe('http://localhost:4000');
  expect(streamOrigin(request({ ...site, host: 'evil.example' }), origins)).toBeNull();
  expect(streamOrigin(request(site), origins)).toBeNull();
  expect(streamOrigin(request({ host: 'meet.example' }), origins)).toBeNull();
  expect(streamOrigin(request({ host: 'meet.example', 'sec-fetch-site': 'same-site' }), origins)).toBeNull();
  expect(streamOrigin(request({ ...site, host: 'meet.example', origin: 'null' }), origins)).toBeNull();
});
