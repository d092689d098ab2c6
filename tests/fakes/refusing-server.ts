import { vi } from 'vitest';
import { randomId, type MeetingId, type PeerId } from '../../src/lib/protocol/ids';
import type { WireCode } from '../../src/lib/protocol/errors';
import type { IceSettings } from '../../src/lib/protocol/signaling';
import { Signaling } from '../../src/lib/signaling/signaling';
import type { Api, TransportHandlers } from '../../src/lib/signaling/transport';
import type { SessionEvent } from '../../src/lib/worker/client';
import type { Command } from '../../src/lib/worker/messages';
import type { Line } from '../../src/lib/meeting/line';
import type { Room } from '../../src/lib/meeting/room';

const ICE: IceSettings = { servers: [], expiresInMs: null };

class Page extends EventTarget {
  visibilityState: DocumentVisibilityState = 'visible';
}

/** A page without a browser; its clock is the test's. */
export function useFakeClock(): void {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1);
  const world = new EventTarget();
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('document', new Page());
  vi.stubGlobal('addEventListener', world.addEventListener.bind(world));
  vi.stubGlobal('removeEventListener', world.removeEventListener.bind(world));
}

export function useTrueClock(): void {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
}

export const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);

type Side = { signaling(state: Signaling['state']): void; worker(event: SessionEvent): void };

/** One end of a meeting with the true way to a server that does as the test says, and a worker that only greets. */
export function meeting<S extends Side>(make: (room: Room) => S) {
  const begunAtMs = Date.now();
  /** Each with the second it was made in. */
  const calls: [string, number][] = [];
  const troubles: (string | null)[] = [];
  const endings: (string | null)[] = [];
  const posted: Command[] = [];
  const server = {
    /** What each call is refused with, by its name; `all` is for those that are not named. */
    refuses: new Map<string, WireCode>(),
    hostPresent: true,
    delivers: true,
    /** What it does before it finds out that it cannot. */
    seeking: Promise.resolve(),
  };
  let handlers: TransportHandlers | null = null;
  let turn: Promise<void> = Promise.resolve();

  const answering = (name: string, answer: () => unknown) => ({
    mutate: () => {
      calls.push([name, (Date.now() - begunAtMs) / 1_000]);
      // As the server does: one call of a session after the other.
      const answered = turn.then(async () => {
        const wire = server.refuses.get(name) ?? server.refuses.get('all');
        if (wire === undefined) return answer();
        await server.seeking;
        throw Object.assign(new Error(), { data: { wire } });
      });
      const done = () => undefined;
      turn = answered.then(done, done);
      return answered;
    },
  });
  const api = {
    claim: answering('claim', () => ({ nonce: 'N'.repeat(43), ice: ICE })),
    release: answering('release', () => undefined),
    knock: answering('knock', () => ({ hostPresent: server.hostPresent, ice: ICE })),
    watch: answering('watch', () => undefined),
    relay: answering('relay', () => ({ delivered: server.delivers })),
    leave: answering('leave', () => undefined),
  } as unknown as Api;
  const signaling = new Signaling({
    onEvent: () => undefined,
    onState: (state) => side.signaling(state),
    transports: {
      websocket: (made) => {
        handlers = made;
        return { api, close: () => undefined };
      },
      loadServerSentEvents: () => Promise.reject(new Error('not here')),
    },
  });

  const line = (): Line => {
    const made = {
      tag: '',
      use: (tag: string) => void (made.tag = tag),
      prepareOffer: () => undefined,
      setPath: () => undefined,
      restartIce: () => undefined,
      close: () => undefined,
      statistics: () => Promise.resolve(new Map()),
    };
    return made as unknown as Line;
  };
  const room = {
    meetingId: randomId<MeetingId>(),
    signaling,
    session: {
      call: () => Promise.resolve({ publicKey: '', signature: '' }),
      post: (command: Command) => {
        posted.push(command);
        if (command.type !== 'knock') return;
        const { connection } = command;
        queueMicrotask(() => side.worker({ type: 'envelope', connection, bytes: Uint8Array.of(1) }));
      },
    },
    network: { take: () => undefined, setRelayOnly: () => undefined, relayOnly: false },
    newLine: line,
    changed: () => undefined,
    trouble: (code: string | null) => void troubles.push(code),
    ended: (code: string | null) => void endings.push(code),
    joined: () => undefined,
    parted: () => undefined,
    left: () => undefined,
    said: () => undefined,
    announce: () => undefined,
  } as unknown as Room;
  const side: S = make(room);
  signaling.start();

  return {
    side,
    server,
    troubles,
    endings,
    posted,
    /** What it was asked since the last look. */
    asked: () => calls.splice(0).map(([name, atS]) => `${name} ${atS}`),
    hello: () =>
      handlers?.event({
        type: 'hello',
        nonce: 'n'.repeat(43),
        peer: randomId<PeerId>(),
        session: 's'.repeat(43),
      }),
    lose: () => handlers?.lost(),
  };
}
