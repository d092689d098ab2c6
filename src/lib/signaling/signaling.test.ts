import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { randomId, type MeetingId, type PeerId } from '../protocol/ids';
import type { ServerEvent } from '../protocol/signaling';
import { Signaling, type SignalingState } from './signaling';
import type { Api, TransportHandlers, TransportKind } from './transport';

const hello: ServerEvent = {
  type: 'hello',
  nonce: 'n'.repeat(43),
  peer: randomId<PeerId>(),
  session: 's'.repeat(43),
};

/** A connection that does what the test says. */
type Attempt = { kind: TransportKind; handlers: TransportHandlers; isClosed: boolean; atMs: number };

class Page extends EventTarget {
  visibilityState: DocumentVisibilityState = 'visible';
}

let page: Page;
let world: EventTarget;
beforeEach(() => {
  vi.useFakeTimers();
  page = new Page();
  world = new EventTarget();
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('document', page);
  vi.stubGlobal('addEventListener', world.addEventListener.bind(world));
  vi.stubGlobal('removeEventListener', world.removeEventListener.bind(world));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function start(options: { api?: Partial<Api>; load?: () => Promise<void> } = {}) {
  const attempts: Attempt[] = [];
  const states: SignalingState[] = [];
  const events: ServerEvent[] = [];
  const begunAtMs = Date.now();
  const open = (kind: TransportKind) => (handlers: TransportHandlers) => {
    const attempt: Attempt = { kind, handlers, isClosed: false, atMs: Date.now() - begunAtMs };
    attempts.push(attempt);
    return { api: options.api as Api, close: () => void (attempt.isClosed = true) };
  };
  const signaling = new Signaling({
    onEvent: (event) => events.push(event),
    onState: (state) => states.push(state),
    random: () => 1,
    transports: {
      websocket: open('websocket'),
      loadServerSentEvents: async () => {
        await options.load?.();
        return open('server-sent events');
      },
    },
  });
  signaling.start();
  const last = (): Attempt => {
    const attempt = attempts.at(-1);
    if (attempt === undefined) throw new Error('no attempt yet');
    return attempt;
  };
  return { signaling, attempts, states, events, last };
}

/** The connection under way fails, again and again. */
async function failFor(here: ReturnType<typeof start>, attempts: number): Promise<void> {
  while (here.attempts.length < attempts) {
    const before = here.attempts.length;
    here.last().handlers.lost();
    while (here.attempts.length === before) await vi.advanceTimersToNextTimerAsync();
  }
}

describe('a session', () => {
  test('begins with hello, which no user of it sees', () => {
    const { signaling, states, events, last } = start();
    expect(states).toEqual([{ at: 'connecting', failures: 0 }]);
    last().handlers.event(hello);
    expect(signaling.state).toEqual({ at: 'open', kind: 'websocket', peer: hello.peer });
    expect(signaling.nonce).toBe(hello.nonce);
    const presence: ServerEvent = { type: 'presence', id: randomId<MeetingId>(), hostPresent: true };
    last().handlers.event(presence);
    expect(events).toEqual([presence]);
  });

  test('that is lost is followed by another, over the socket and nearly at once', async () => {
    const here = start();
    here.last().handlers.event(hello);
    here.last().handlers.lost();
    expect(here.signaling.state).toEqual({ at: 'connecting', failures: 0 });
    await vi.advanceTimersByTimeAsync(150);
    expect(here.attempts.map(({ kind }) => kind)).toEqual(['websocket', 'websocket']);
  });

  test('that does not answer soon is dropped for another; one that answers is kept', async () => {
    const beat = { mutate: vi.fn<() => Promise<void>>().mockResolvedValue() };
    const { signaling, attempts, last } = start({ api: { beat } as never });
    last().handlers.event(hello);
    world.dispatchEvent(new Event('online'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(attempts).toHaveLength(1);

    beat.mutate.mockReturnValue(new Promise(() => undefined));
    signaling.verify();
    signaling.verify();
    expect(beat.mutate).toHaveBeenCalledTimes(2);
    // The first greeted at once, so an answer that takes much longer does not come.
    await vi.advanceTimersByTimeAsync(299);
    expect(signaling.state.at).toBe('open');
    await vi.advanceTimersByTimeAsync(1);
    expect(attempts.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    expect(signaling.state).toEqual({ at: 'connecting', failures: 0 });
  });

  test('has longer to answer where it took long to open', async () => {
    const beat = { mutate: () => new Promise<void>(() => undefined) };
    const { signaling, last } = start({ api: { beat } as never });
    await vi.advanceTimersByTimeAsync(600);
    last().handlers.event(hello);
    signaling.verify();
    await vi.advanceTimersByTimeAsync(599);
    expect(signaling.state.at).toBe('open');
    await vi.advanceTimersByTimeAsync(1);
    expect(signaling.state.at).toBe('connecting');
  });

  test('that is sought again is begun beside one that does not come soon', async () => {
    const here = start();
    here.last().handlers.event(hello);
    here.last().handlers.lost();
    await vi.advanceTimersByTimeAsync(150 + 2 * 600);
    expect(here.attempts.map(({ isClosed }) => isClosed)).toEqual([false, false, false, false]);
    here.attempts[2]?.handlers.event(hello);
    expect(here.signaling.state.at).toBe('open');
    expect(here.attempts.slice(1).map(({ isClosed }) => isClosed)).toEqual([true, false, true]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(here.attempts).toHaveLength(4);
  });

  test('that was a WebSocket is sought as one several times before the fallback, with short pauses', async () => {
    const here = start();
    here.last().handlers.event(hello);
    here.last().handlers.lost();
    await vi.advanceTimersToNextTimerAsync();
    await failFor(here, 7);
    expect(here.attempts.slice(1).map(({ kind }) => kind)).toEqual([
      'websocket',
      'websocket',
      'websocket',
      'websocket',
      'server-sent events',
      'websocket',
    ]);
    const pauses = here.attempts.slice(1).map(({ atMs }, index) => atMs - (here.attempts[index]?.atMs ?? 0));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(700);
  });

  test('that was closed is not opened again', async () => {
    const { signaling, attempts, states, last } = start();
    last().handlers.event(hello);
    signaling.close();
    signaling.close();
    last().handlers.lost();
    world.dispatchEvent(new Event('online'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(attempts).toHaveLength(1);
    expect(states.map(({ at }) => at)).toEqual(['connecting', 'open', 'closed']);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('where nothing answers', () => {
  test('both ways are tried in turn, with pauses that grow to a bound', async () => {
    const here = start();
    await failFor(here, 14);
    expect(here.attempts.slice(0, 4).map(({ kind }) => kind)).toEqual([
      'websocket',
      'server-sent events',
      'websocket',
      'server-sent events',
    ]);
    const starts = here.attempts.filter(({ kind }) => kind === 'websocket').map(({ atMs }) => atMs);
    const pauses = starts.slice(1).map((atMs, index) => atMs - (starts[index] ?? 0));
    expect(pauses).toEqual([300, 600, 1_200, 2_400, 4_800, 5_000]);
  });

  test('no two clients come back in step', async () => {
    const pausesMs = [0, 0.5, 1].map(async (random) => {
      const opened: number[] = [];
      const signaling = new Signaling({
        onEvent: () => undefined,
        onState: () => undefined,
        random: () => random,
        transports: {
          websocket: (handlers) => {
            opened.push(Date.now());
            if (opened.length === 1) {
              queueMicrotask(() => {
                handlers.event(hello);
                handlers.lost();
              });
            }
            return { api: {} as Api, close: () => undefined };
          },
          loadServerSentEvents: () => Promise.reject(new Error('not here')),
        },
      });
      signaling.start();
      await vi.advanceTimersByTimeAsync(1_000);
      signaling.close();
      return (opened[1] ?? NaN) - (opened[0] ?? NaN);
    });
    const pauses = await Promise.all(pausesMs);
    expect(new Set(pauses).size).toBe(3);
    for (const pause of pauses) expect(pause).toBeLessThanOrEqual(150);
  });

  test('a network that is back, or a person, ends the pause', async () => {
    for (const hurry of [
      () => world.dispatchEvent(new Event('online')),
      () => page.dispatchEvent(new Event('visibilitychange')),
    ]) {
      const here = start();
      await failFor(here, 12);
      here.last().handlers.lost();
      hurry();
      expect(here.attempts).toHaveLength(13);
      hurry();
      expect(here.attempts).toHaveLength(13);
      here.signaling.close();
    }
  });

  test('a hidden page does not hurry', async () => {
    const here = start();
    await failFor(here, 12);
    here.last().handlers.lost();
    page.visibilityState = 'hidden';
    page.dispatchEvent(new Event('visibilitychange'));
    expect(here.attempts).toHaveLength(12);
  });
});

describe('the fallback', () => {
  test('that loads too late for an attempt opens nothing beside the next one', async () => {
    const loads: (() => void)[] = [];
    const here = start({ load: () => new Promise((resolve) => loads.push(resolve)) });
    here.last().handlers.lost();
    await vi.advanceTimersByTimeAsync(0);
    world.dispatchEvent(new Event('online'));
    expect(loads).toHaveLength(2);
    for (const load of loads) load();
    await vi.advanceTimersByTimeAsync(0);
    expect(here.attempts.map(({ kind }) => kind)).toEqual(['websocket', 'server-sent events']);
  });

  test('that loads after the end opens nothing', async () => {
    const loads: (() => void)[] = [];
    const here = start({ load: () => new Promise((resolve) => loads.push(resolve)) });
    here.last().handlers.lost();
    await vi.advanceTimersByTimeAsync(0);
    here.signaling.close();
    for (const load of loads) load();
    await vi.advanceTimersByTimeAsync(0);
    expect(here.attempts).toHaveLength(1);
  });

  test('that cannot be loaded counts as one that failed', async () => {
    const here = start({ load: () => Promise.reject(new TypeError('offline')) });
    here.last().handlers.lost();
    await vi.advanceTimersByTimeAsync(300);
    expect(here.attempts.map(({ kind }) => kind)).toEqual(['websocket', 'websocket']);
    expect(here.signaling.state).toEqual({ at: 'connecting', failures: 2 });
  });
});

describe('a call', () => {
  const id = randomId<MeetingId>();
  const failing = (data: unknown) =>
    start({
      api: { status: { query: () => Promise.reject(Object.assign(new Error(), { data })) } } as never,
    });

  test('without a session says that the server is out of reach', async () => {
    const { signaling } = start();
    await expect(signaling.status(id)).rejects.toMatchObject({ code: 'signaling/unreachable' });
  });

  test.each([
    [{ wire: 'not-found' }, 'meeting/not-found'],
    [{ wire: 'retired' }, 'meeting/retired'],
    [{ wire: 'rate-limited' }, 'signaling/rate-limited'],
    [{ wire: 'host-away' }, 'signaling/unreachable'],
    [{ wire: 'made up' }, 'signaling/unreachable'],
    [{ wire: 7 }, 'signaling/unreachable'],
    [{}, 'signaling/unreachable'],
    [null, 'signaling/unreachable'],
  ])('refused with %o throws %s', async (data, code) => {
    const { signaling, last } = failing(data);
    last().handlers.event(hello);
    await expect(signaling.status(id)).rejects.toMatchObject({ code });
  });

  test('that proves a key and is denied says that the proof was, not a guest', async () => {
    const denied = { mutate: () => Promise.reject(Object.assign(new Error(), { data: { wire: 'denied' } })) };
    const { signaling, last } = start({ api: { claim: denied, retire: denied } as never });
    last().handlers.event(hello);
    const proof = { publicKey: '', signature: '' };
    await expect(signaling.claim(id, proof)).rejects.toMatchObject({ code: 'signaling/claim-refused' });
    await expect(signaling.retire(id, 0, proof)).rejects.toMatchObject({ code: 'signaling/claim-refused' });
  });

  const nonce = 'N'.repeat(43);
  /** A server that answers these ICE servers wherever it answers any. */
  const withIce = (ice: unknown) => {
    const answering = (answer: unknown) => ({ mutate: () => Promise.resolve(answer) });
    const { signaling, last } = start({
      api: {
        claim: answering({ nonce, ice }),
        knock: answering({ hostPresent: true, ice }),
        ice: answering(ice),
      } as never,
    });
    last().handlers.event(hello);
    return signaling;
  };

  test('that claims brings the nonce of the next claim', async () => {
    const signaling = withIce({ servers: [], expiresInMs: null });
    await signaling.claim(id, { publicKey: '', signature: '' });
    expect(signaling.nonce).toBe(nonce);
  });

  test('that claims, knocks or asks for them brings the ICE servers', async () => {
    const ice = {
      servers: [
        { urls: ['stun:turn.example'] },
        { urls: ['turn:turn.example'], username: '9:a', credential: 'AAAA' },
      ],
      expiresInMs: 60_000,
    };
    const signaling = withIce(ice);
    expect(await signaling.claim(id, { publicKey: '', signature: '' })).toEqual(ice);
    expect(await signaling.knock(id, null)).toEqual({ hostPresent: true, ice });
    expect(await signaling.ice(id)).toEqual(ice);
  });

  test.each([
    undefined,
    null,
    { servers: [{ urls: ['turn:turn.example'] }], expiresInMs: null },
    { servers: [{ urls: ['http://turn.example'] }], expiresInMs: null },
  ])('that brings ICE servers of another shape is an error, and the claim stands: %o', async (ice) => {
    const signaling = withIce(ice);
    const malformed = { code: 'protocol/malformed' };
    await expect(signaling.claim(id, { publicKey: '', signature: '' })).rejects.toMatchObject(malformed);
    expect(signaling.nonce).toBe(nonce);
    await expect(signaling.knock(id, null)).rejects.toMatchObject(malformed);
    await expect(signaling.ice(id)).rejects.toMatchObject(malformed);
  });
});
