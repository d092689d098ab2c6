import { expect, test } from 'vitest';
import { readFrame } from './frame';

const call = { id: 1, method: 'mutation', params: { path: 'beat' } };

test('a call, a batch, and the end of a subscription', () => {
  expect(readFrame(JSON.stringify(call))).toEqual([
    { id: 1, method: 'mutation', path: 'beat', input: undefined },
  ]);
  expect(readFrame(JSON.stringify([call, { ...call, id: 'b', jsonrpc: '2.0' }]))).toHaveLength(2);
  expect(readFrame('{"id":3,"method":"subscription.stop"}')).toEqual([{ id: 3, method: 'stop' }]);
});

test('one call that is junk makes the batch junk', () => {
  expect(readFrame(JSON.stringify([call, {}]))).toBeNull();
  expect(readFrame(JSON.stringify(Array.from({ length: 60 }, () => call)))).toHaveLength(60);
  expect(readFrame(JSON.stringify(Array.from({ length: 61 }, () => call)))).toBeNull();
});

test.each([
  { ...call, id: null },
  { ...call, id: {} },
  { ...call, id: 'x'.repeat(65) },
  { ...call, method: 'reconnect' },
  { ...call, method: 'toString' },
  { ...call, extra: 1 },
  { ...call, params: null },
  { ...call, params: [] },
  { ...call, params: { path: 1 } },
  { ...call, params: { path: 'beat', lastEventId: '1' } },
])('%j is junk', (frame) => expect(readFrame(JSON.stringify(frame))).toBeNull());

test.each(['', ' ', 'PING', '{', 'null', '"x"', '1e999', '['.repeat(30_000)])('%j is junk', (text) =>
  expect(readFrame(text)).toBeNull(),
);

test('an own __proto__ is a field like any other, and no known one', () => {
  expect(readFrame('{"id":1,"method":"mutation","params":{"path":"beat"},"__proto__":{}}')).toBeNull();
  expect(readFrame('{"id":1,"method":"mutation","params":{"__proto__":{"path":"beat"}}}')).toBeNull();
});
