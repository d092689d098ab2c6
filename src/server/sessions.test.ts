import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { NotedLog } from '../../tests/support/processes';
import { BEAT_INTERVAL_MS, type ServerEvent } from '../lib/protocol/signaling';
import { randomId, type MeetingId } from '../lib/protocol/ids';
import { DEFAULT_LIMITS } from './limits';
import { MemoryPresence } from './presence-memory';
import { EventQueue } from './queue';
import type { Session } from './session';
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

  test('goes to a sink as it comes, what waited first, and its end too', () => {
    const said: (ServerEvent | 'end')[] = [];
    const sink = { event: (each: ServerEvent) => said.push(each), end: () => said.push('end') };
    const queue = new EventQueue(1_000, () => undefined);
    queue.push(event);
    queue.pipe(sink);
    const large = relayed(2_000);
    queue.push(large);
    queue.end();
    queue.push(event);
    expect(said).toEqual([event, large, 'end']);
    queue.pipe(sink);
    expect(said.splice(3)).toEqual(['end']);
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
  const open = (signal: AbortSignal | null) => sessions.open('https://meet.example', signal, () => undefined);
  const stream = () => open(new AbortController().signal);
  const greetingOf = async (session: Session) => {
    const { value } = await session.events[Symbol.asyncIterator]().next();
    if (value?.type !== 'hello') throw new Error('no greeting');
    return value;
  };

  test('a stream is dropped after three missed beats, a socket has its own keep-alive', async () => {
    const [reader, socket] = [stream(), open(null)];
    const { session: token } = await greetingOf(reader);
    await presence.claim(reader, randomId<MeetingId>());
    time.nowMs += 3 * BEAT_INTERVAL_MS;
    sessions.endSilent();
    expect(reader.isLive).toBe(true);
    reader.heard();
    time.nowMs += 3 * BEAT_INTERVAL_MS;
    sessions.endSilent();
    expect(reader.isLive).toBe(true);
    time.nowMs += 1;
    sessions.endSilent();
    expect([reader.isLive, socket.isLive]).toEqual([false, true]);
    expect(sessions.byToken(token)).toBeNull();
    expect(presence.counts.meetings).toBe(0);
    sessions.endAll();
    expect(sessions.size).toBe(0);
  });

  test('only a stream is found by its token', async () => {
    const [reader, socket] = [stream(), open(null)];
    const [ofReader, ofSocket] = [await greetingOf(reader), await greetingOf(socket)];
    expect(sessions.byToken(ofReader.session)).toBe(reader);
    expect(sessions.byToken(ofSocket.session)).toBeNull();
    expect(ofReader.session).not.toBe(ofSocket.session);
  });

  test('a session ends with its connection, also one that is gone already', () => {
    const connection = new AbortController();
    const session = open(connection.signal);
    connection.abort();
    expect(session.isLive).toBe(false);
    expect(open(connection.signal).isLive).toBe(false);
    expect(sessions.size).toBe(0);
  });

  test('a stream that ended before its connection leaves nothing that would keep it', () => {
    const connection = new AbortController();
    const session = open(connection.signal);
    expect(getEventListeners(connection.signal, 'abort')).toHaveLength(1);
    session.events.end();
    expect(getEventListeners(connection.signal, 'abort')).toHaveLength(0);
  });

  test('the greeting comes first, and each nonce is another', async () => {
    const session = open(null);
    const { nonceText } = session;
    expect(await greetingOf(session)).toMatchObject({ nonce: nonceText, peer: session.peer });
    session.renewNonce();
    expect(session.nonceText).not.toBe(nonceText);
  });

  test('calls are dealt with in their order, also after one that failed; and the end comes after them', async () => {
    const session = open(null);
    const said: string[] = [];
    const slow = session.inTurn(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      said.push('slow');
      throw new Error('refused');
    });
    const quick = session.inTurn(async () => said.push('quick'));
    await presence.claim(session, randomId<MeetingId>());
    session.events.end();
    expect(presence.counts.meetings).toBe(1);
    await expect(slow).rejects.toThrow('refused');
    await quick;
    expect(said).toEqual(['slow', 'quick']);
    await session.inTurn(async () => undefined);
    expect(presence.counts.meetings).toBe(0);
  });
});
