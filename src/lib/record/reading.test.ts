import { expect, test } from 'vitest';
import type { Entry } from '../signaling/record';
import { readMessages } from './reading';

let number = 0;
const entry = (isSent: boolean, said: unknown, path = '', line = 1): Entry => ({
  ...{ number: ++number, line, isSent, path, bytes: 1, atMs: 0, count: 1 },
  text: typeof said === 'string' ? said : JSON.stringify(said),
});
const named = (...entries: Entry[]) =>
  readMessages(entries).map(({ names, isAnswer }) => [names.join(), isAnswer]);

test('a call has its name, its answer too, an event its type', () => {
  expect(
    named(
      entry(true, { id: 1, method: 'subscription', params: { path: 'connect' } }),
      entry(false, { id: 1, result: { type: 'started' } }),
      entry(false, { id: 1, result: { type: 'data', data: { type: 'hello' } } }),
      entry(true, [
        { id: 2, method: 'mutation', params: { path: 'claim', input: {} } },
        { id: 3, method: 'query', params: { path: 'serverInfo' } },
      ]),
      entry(false, { id: 3, result: { type: 'data', data: { logMode: 'normal' } } }),
      entry(false, { id: 2, error: { code: -32_003 } }),
      // Another connection counts anew.
      entry(false, { id: 2, error: {} }, '', 2),
      entry(true, 'PING'),
      entry(true, { id: 1, method: 'subscription.stop' }),
    ),
  ).toEqual([
    ['connect', false],
    ['connect', true],
    ['hello', false],
    ['claim,serverInfo', false],
    ['serverInfo', true],
    ['claim', true],
    ['answer', false],
    ['PING', false],
    ['subscription.stop', false],
  ]);
});

test('over HTTP the path has the names', () => {
  expect(
    named(
      entry(true, '', '/trpc/connect'),
      entry(false, { type: 'hello' }, '/trpc/connect message'),
      entry(false, '', '/trpc/connect ping'),
      entry(true, { 0: { ids: [] } }, '/trpc/watch,serverInfo?batch=1'),
      entry(false, [{ result: {} }], '/trpc/watch,serverInfo?batch=1'),
    ),
  ).toEqual([
    ['connect', false],
    ['hello', false],
    ['ping', false],
    ['watch,serverInfo', false],
    ['watch,serverInfo', true],
  ]);
});

test('every field is there, by its whole name', () => {
  const input = { ids: ['a', 'b'], to: null, envelope: { characters: 22 } };
  const [message, other] = readMessages([
    entry(true, { id: 2, params: { path: 'relay', input } }),
    entry(false, { session: { characters: 43 }, hostPresent: true, envelope: null, none: {} }),
  ]);
  expect(message?.fields).toEqual([
    { name: 'id', value: '2' },
    { name: 'params.path', value: 'relay' },
    { name: 'params.input.ids.0', value: 'a' },
    { name: 'params.input.ids.1', value: 'b' },
    { name: 'params.input.to', value: 'null' },
    { name: 'params.input.envelope', value: { sealedBytes: 16 } },
  ]);
  expect(other?.fields).toEqual([
    { name: 'session', value: { withheldCharacters: 43 } },
    { name: 'hostPresent', value: 'true' },
    { name: 'envelope', value: 'null' },
    { name: 'none', value: '{}' },
  ]);
});
