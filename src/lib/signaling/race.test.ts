import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { randomId, type PeerId } from '../protocol/ids';
import type { ServerEvent } from '../protocol/signaling';
import { race } from './race';
import type { Api, TransportHandlers } from './transport';

const EVERY_MS = 600;
const hello: ServerEvent = {
  type: 'hello',
  nonce: 'n'.repeat(43),
  peer: randomId<PeerId>(),
  session: 's'.repeat(43),
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start() {
  const attempts: { handlers: TransportHandlers; api: Api; isClosed: boolean }[] = [];
  const events: ServerEvent[] = [];
  const lost = vi.fn<() => void>();
  const open = race((handlers) => {
    const attempt = { handlers, api: { number: attempts.length } as never as Api, isClosed: false };
    attempts.push(attempt);
    return { api: attempt.api, close: () => void (attempt.isClosed = true) };
  }, EVERY_MS);
  const transport = open({ event: (event) => events.push(event), lost }, 0);
  const at = (number: number) => {
    const attempt = attempts[number];
    if (attempt === undefined) throw new Error(`attempt ${number} was not made`);
    return attempt;
  };
  return { transport, attempts, at, events, lost };
}

describe('a race of connections', () => {
  test('is won by the first that greets, whichever began first', () => {
    const { transport, attempts, at, events, lost } = start();
    vi.advanceTimersByTime(2 * EVERY_MS);
    expect(attempts).toHaveLength(3);
    at(1).handlers.event(hello);
    expect(attempts.map(({ isClosed }) => isClosed)).toEqual([true, false, true]);
    expect(transport.api).toBe(at(1).api);
    at(2).handlers.event(hello);
    at(2).handlers.lost();
    expect(events).toEqual([hello]);
    vi.advanceTimersByTime(60_000);
    expect(attempts).toHaveLength(3);
    expect(lost).not.toHaveBeenCalled();
    at(1).handlers.lost();
    expect(lost).toHaveBeenCalledOnce();
  });

  test('goes on while one is under way, and is lost with the last', () => {
    const { attempts, at, lost } = start();
    vi.advanceTimersByTime(EVERY_MS);
    at(0).handlers.lost();
    expect(lost).not.toHaveBeenCalled();
    at(1).handlers.lost();
    expect(lost).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(60_000);
    expect(attempts).toHaveLength(2);
  });

  test('awaits four at a time and makes eight', () => {
    const { attempts, lost } = start();
    vi.advanceTimersByTime(60_000);
    expect(attempts.map(({ isClosed }) => isClosed)).toEqual([
      ...[true, true, true, true],
      ...[false, false, false, false],
    ]);
    for (const { handlers } of attempts.slice(4)) handlers.lost();
    expect(lost).toHaveBeenCalledOnce();
  });

  test('closes all and says nothing more when it is closed', () => {
    const { transport, attempts, at, events, lost } = start();
    vi.advanceTimersByTime(EVERY_MS);
    transport.close();
    at(0).handlers.event(hello);
    at(1).handlers.lost();
    vi.advanceTimersByTime(60_000);
    expect(attempts.map(({ isClosed }) => isClosed)).toEqual([true, true]);
    expect([events, lost.mock.calls]).toEqual([[], []]);
  });
});
