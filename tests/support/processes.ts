import { randomId, type MeetingId, type PeerId } from '../../src/lib/protocol/ids';
import type { ServerEvent } from '../../src/lib/protocol/signaling';
import type { Log, LogEvent } from '../../src/server/log';
import type { Member, Presence, PresenceLimits } from '../../src/server/presence';
import { MemoryPresence } from '../../src/server/presence-memory';
import { RedisPresence } from '../../src/server/presence-redis';
import { Redis } from '../../src/server/redis';
import type { Registry } from '../../src/server/registry';
import { createRedisRegistry } from '../../src/server/registry-redis';
import type { RedisServer } from './redis';

/** A session as presence sees it, that keeps what it was told. */
export class FakeMember implements Member {
  readonly peer = randomId<PeerId>();
  readonly events: ServerEvent[] = [];
  send(event: ServerEvent): void {
    this.events.push(event);
  }
  /** What came since the last look. */
  news(): ServerEvent[] {
    return this.events.splice(0);
  }
}

/** What a process notes. A fault fails the test that asks for `faults`. */
export class NotedLog implements Log {
  readonly mode = 'normal';
  readonly events: LogEvent[] = [];
  readonly faults: unknown[] = [];
  event(event: LogEvent): void {
    this.events.push(event);
  }
  fault(thrown: unknown): void {
    this.faults.push(thrown);
  }
}

/** The presence of one or more processes, and a way to wait until all of them have heard everything. */
export type Processes = {
  readonly all: readonly Presence[];
  settle(): Promise<void>;
  readonly faults: readonly unknown[];
  close(): Promise<void>;
};

export function inMemory(limits: PresenceLimits): Processes {
  const presence = new MemoryPresence(limits);
  return { all: [presence], settle: async () => undefined, faults: [], close: () => presence.close() };
}

export type RedisProcess = { redis: Redis; presence: RedisPresence; log: NotedLog };

export async function redisProcess(url: string, limits: PresenceLimits): Promise<RedisProcess> {
  const log = new NotedLog();
  const redis = new Redis(url, log);
  const presence = new RedisPresence(redis, limits);
  await redis.open();
  return { redis, presence, log };
}

/**
 * What is told goes from Redis to each process on one connection, in its order: when everybody who watches a meeting has
 * heard that its host came and went, they have heard all that was said before.
 */
export class Marker {
  readonly #id = randomId<MeetingId>();
  readonly #presences: readonly Presence[];
  readonly #watchers: FakeMember[];
  readonly #host = new FakeMember();

  constructor(presences: readonly Presence[]) {
    this.#presences = presences;
    this.#watchers = presences.map(() => new FakeMember());
  }

  async settle(): Promise<void> {
    const [first] = this.#presences;
    if (first === undefined) return;
    await Promise.all(this.#presences.map((presence, i) => presence.watch(this.#watcher(i), [this.#id])));
    await first.claim(this.#host, this.#id);
    await first.end(this.#host);
    for (const watcher of this.#watchers) {
      // Not there, there, gone again.
      while (watcher.events.length < 3) await new Promise((resolve) => setImmediate(resolve));
      watcher.news();
    }
    await Promise.all(this.#presences.map((presence, i) => presence.end(this.#watcher(i))));
  }

  #watcher(index: number): FakeMember {
    const watcher = this.#watchers[index];
    if (watcher === undefined) throw new Error('no such process');
    return watcher;
  }
}

/** An empty one: what the tests before kept is thrown away. */
export async function openRedisRegistry(server: RedisServer): Promise<Registry> {
  const log = new NotedLog();
  const redis = new Redis(server.url, log);
  const registry = createRedisRegistry(redis);
  await redis.open();
  await redis.link.do((commands) => commands.flushAll());
  return registry;
}

export async function onRedis(
  server: RedisServer,
  processes: number,
  limits: PresenceLimits,
): Promise<Processes> {
  const started = await Promise.all(
    Array.from({ length: processes }, () => redisProcess(server.url, limits)),
  );
  const all = started.map(({ presence }) => presence);
  const marker = new Marker(all);
  return {
    all,
    settle: () => marker.settle(),
    get faults() {
      return started.flatMap(({ log }) => log.faults);
    },
    async close() {
      for (const { presence, redis } of started) {
        await presence.close();
        redis.close();
      }
    },
  };
}
