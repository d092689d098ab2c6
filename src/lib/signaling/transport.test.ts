import { describe, expect, test } from 'vitest';
import { fromBase64url } from '../protocol/bytes';
import { MAX_ENVELOPE_BYTES } from '../protocol/limits';
import type { ServerEvent } from '../protocol/signaling';
import { subscribe, type Api } from './transport';

const id = 'A'.repeat(22);
const token = 'B'.repeat(43);

function receive(...data: unknown[]) {
  const events: ServerEvent[] = [];
  const counts = { lost: 0, unsubscribed: 0 };
  const connect = {
    subscribe(
      _input: undefined,
      handlers: { onData(item: unknown): void; onError(): void; onComplete(): void },
    ) {
      for (const item of data) handlers.onData(item);
      handlers.onError();
      return { unsubscribe: () => counts.unsubscribed++ };
    },
  };
  const end = subscribe({ connect } as unknown as Api, {
    event: (event) => events.push(event),
    lost: () => counts.lost++,
  });
  end();
  return { events, ...counts };
}

describe('what the server sends', () => {
  test.each([
    { type: 'hello', nonce: token, peer: id, session: token },
    { type: 'presence', id, hostPresent: true },
    { type: 'knock', id, peer: id, envelope: null },
    { type: 'relay', id, from: null, envelope: 'AA' },
    { type: 'gone', id, peer: id },
    { type: 'superseded', id },
    { type: 'retired', id },
  ])('is passed on as it is: %o', (event) => {
    expect(receive(event).events).toEqual([event]);
  });

  test.each([
    null,
    undefined,
    'retired',
    7,
    [],
    {},
    { type: 'made up', id },
    { type: 'retired' },
    { type: 'retired', id: 'A'.repeat(21) },
    { type: 'retired', id: `${'A'.repeat(21)}B` },
    { type: 'retired', id: 7 },
    { type: 'retired', id, more: 1 },
    JSON.parse(`{"type":"retired","id":"${id}","__proto__":{"id":"x"}}`),
    { type: 'presence', id, hostPresent: 'yes' },
    { type: 'relay', id, from: null, envelope: '' },
    { type: 'relay', id, from: null, envelope: 'A' },
    { type: 'relay', id, from: null, envelope: 'AB' },
    { type: 'relay', id, from: null, envelope: 'AA==' },
    { type: 'relay', id, from: null, envelope: 'A+/A' },
    { type: 'relay', id, from: null, envelope: 'A'.repeat(4 * MAX_ENVELOPE_BYTES) },
    { type: 'relay', id, from: 'me', envelope: 'AA' },
    { type: 'hello', nonce: 'short', peer: id, session: token },
  ])('is dropped when it is not of that shape: %o', (event) => {
    expect(receive(event).events).toEqual([]);
  });

  test('can be decoded if it was passed on', () => {
    const texts = ['AA', 'AAA', 'AAAA', 'AAAAA', 'AAAAAA', 'A_-w', 'zz', 'zzz', 'zg', 'zzw'];
    const { events } = receive(...texts.map((envelope) => ({ type: 'relay', id, from: null, envelope })));
    expect(events.length).toBeGreaterThan(3);
    for (const event of events)
      if (event.type === 'relay') expect(() => fromBase64url(event.envelope)).not.toThrow();
  });
});

test('an error of the stream is its end', () => {
  expect(receive()).toMatchObject({ lost: 1, unsubscribed: 1 });
});
