import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { ParleyError } from '../lib/protocol/errors';
import { createLog } from './log';
import type { LogMode } from './settings';

function capture(mode: LogMode) {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return { log: createLog(mode, stream), written: () => text };
}

test.each([
  ['normal', '192.0.2.77', '192.0.2.0'],
  ['normal', '2001:db8:1:2::3', '2001:db8:1::'],
  ['debug', '192.0.2.77', '192.0.2.77'],
] as const)('mode %s writes %s as %s', (mode, address, shown) => {
  const { log, written } = capture(mode);
  log.event('claimed', address);
  const line = JSON.parse(written()) as Record<string, unknown>;
  expect(Object.keys(line).sort()).toEqual(['address', 'event', 'level', 'time']);
  expect(line).toMatchObject({ event: 'claimed', address: shown });
});

test('mode off writes nothing at all', () => {
  const { log, written } = capture('off');
  log.event('claimed', '192.0.2.77');
  log.fault(new Error('x'));
  expect(written()).toBe('');
});

test('a fault says its kind and place, never its message: messages quote input', () => {
  const { log, written } = capture('debug');
  for (const fault of [
    'secret text',
    new Error('secret text'),
    new Error('quoted:\n    at secret (/secret:1:1)\n'),
    new ParleyError('internal/fault', { cause: 'secret' }),
  ]) {
    log.fault(fault);
  }
  expect(() => JSON.parse('secret text') as unknown).toThrow('secret');
  try {
    JSON.parse('secret text');
  } catch (cause) {
    log.fault(cause);
  }
  expect(written().split('\n')).toHaveLength(6);
  expect(written()).toContain('"name":"internal/fault"');
  expect(written()).toContain('log.test.ts');
  expect(written()).not.toContain('secret');
});
