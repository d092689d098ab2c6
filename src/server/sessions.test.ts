import { beforeEach, describe, expect, test } from 'vitest';
import { NotedLog } from '../../tests/support/processes';
import { BEAT_INTERVAL_MS, type ServerEvent } from '../lib/protocol/signaling';
import { randomId, type MeetingId } from '../lib/protocol/ids';
import { DEFAULT_LIMITS } from './limits';
import { MemoryPresence } from './presence-memory';
import { EventQueue } from './queue';
import { Sessions } from './sessions';

const event: ServerEvent = { type: 'presence', id: randomId<MeetingId>(), hostPresent: true };
const relayed = (length: number): ServerEvent => ({
  type: 'relay',
  id: randomId<MeetingId>(),
  from: null,
  envelope: 'A'.repeat(length),
});

describe('a queue', () => {
  test('hands events over in order, to a reader that waits or one that comes later', async () => {
    const queue = new EventQueue(10_000, () => undefined);
    const reader = queue[Symbol.asyncIterator]();
    const first = reader.next();
    queue.push(event);
    const second = relayed(1);
    queue.push(second);
    expect(await first).toEqual({ done: false, value: event });
    expect(await reader.next()).toEqual({ done: false, value: second });
  });

  test('ends once, drops what waits, and lets a waiting reader go', async () => {
    let ends = 0;
    const queue = new EventQueue(10_000, () => ends++);
    const reader = queue[Symbol.asyncIterator]();
    const waiting = reader.next();
    queue.end();
    queue.end();
    queue.push(event);
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await reader.next()).toEqual({ done: true, value: undefined });
    expect(ends).toBe(1);
  });

  test('ends when more waits than it may hold, and not before', async () => {
    let isEnded = false;
    const queue = new EventQueue(1_000, () => (isEnded = true));
    const reader = queue[Symbol.asyncIterator]();
    for (let i = 0; i < 50; i++) {
      queue.push(relayed(600));
      await reader.next();
    }
    queue.push(relayed(600));
    expect(isEnded).toBe(false);
    queue.push(relayed(600));
    expect(isEnded).toBe(true);
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  test('ends with its reader', async () => {
    const queue = new EventQueue(1_000, () => undefined);
    await queue[Symbol.asyncIterator]().return?.();
    expect(queue.isEnded).toBe(true);
  });
});

describe('sessions', () => {
  const time = { nowMs: 0 };
  let presence: MemoryPresence;
  let sessions: Sessions;
  beforeEach(() => {
    presence = new MemoryPresence(DEFAULT_LIMITS);
    sessions = new Sessions(DEFAULT_LIMITS, () => time.nowMs, presence, new NotedLog());
  });
  const open = (isStream: boolean, signal = new AbortController().signal) =>
    sessions.open('https://meet.example', isStream, signal, () => undefined);

  test('a stream is dropped after three missed beats, a socket has its own keep-alive', () => {
    const [stream, socket] = [open(true), open(false)];
    presence.claim(stream, randomId<MeetingId>());
    time.nowMs += 3 * BEAT_INTERVAL_MS;
    sessions.endSilent();
    expect(stream.isLive).toBe(true);
    stream.heard();
    time.nowMs += 3 * BEAT_INTERVAL_MS;
    sessions.endSilent();
    expect(stream.isLive).toBe(true);
    time.nowMs += 1;
    sessions.endSilent();
    expect([stream.isLive, socket.isLive]).toEqual([false, true]);
    expect(sessions.byToken(stream.token)).toBeNull();
    expect(presence.counts.meetings).toBe(0);
    sessions.endAll();
    expect(sessions.size).toBe(0);
  });

  test('only a stream is found by its token', () => {
    const [stream, socket] = [open(true), open(false)];
    expect(sessions.byToken(stream.token)).toBe(stream);
    expect(sessions.byToken(socket.token)).toBeNull();
    expect(stream.token).not.toBe(socket.token);
  });

  test('a session ends with its connection, also one that is gone already', () => {
    const connection = new AbortController();
    const session = open(true, connection.signal);
    connection.abort();
    expect(session.isLive).toBe(false);
    expect(open(true, connection.signal).isLive).toBe(false);
    expect(sessions.size).toBe(0);
  });

  test('the greeting comes first, and each nonce is another', async () => {
    const session = open(false);
    const greeting = await session.events[Symbol.asyncIterator]().next();
    const { nonceText } = session;
    expect(greeting.value).toEqual({
      type: 'hello',
      nonce: nonceText,
      peer: session.peer,
      session: session.token,
    });
    session.renewNonce();
    expect(session.nonceText).not.toBe(nonceText);
  });
});
