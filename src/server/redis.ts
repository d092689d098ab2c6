import { createClient, ErrorReply } from 'redis';
import type { Log } from './log';
import type { Script } from './redis-scripts';
import { Refusal } from './refusal';

type Client = ReturnType<typeof createClient>;
type Listener = (message: string, channel: string) => void;

/** Everybody's part of a connection: what to set up on a new one, and what to say to keep it. */
export type RedisUser = {
  /** Before anybody else may use the new connection. */
  opened(link: RedisLink): Promise<void>;
  /** Every BEAT_MS. */
  beat(link: RedisLink): Promise<void>;
};

/** A beat that is not answered within the time to the next means that nothing is. */
export const BEAT_MS = 2_000;
const ANSWER_MS = 1_500;
const CONNECT_MS = 3_000;
/** Pauses between attempts, growing: at first it is a restart, later nobody is served by haste. */
const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 1_000;
/** What a Redis says that is well-spoken to and cannot: out of memory, loading, a replica, its disk is full, busy. */
const INDISPOSED = /^(?:OOM|LOADING|READONLY|MISCONF|BUSY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN)\b/;

/**
 * One connection to Redis, and a second one for what it has to tell. It lives once: whatever goes wrong ends it, every
 * call that is under way is refused as `unavailable`, and the next connection begins from what this process knows.
 */
export class RedisLink {
  readonly #commands: Client;
  readonly #news: Client;
  readonly #log: Log;

  constructor(commands: Client, news: Client, log: Log) {
    this.#commands = commands;
    this.#news = news;
    this.#log = log;
  }

  run({ source, sha1 }: Script, keys: string[], args: string[]): Promise<unknown> {
    return this.do(async (commands) => {
      try {
        return await commands.evalSha(sha1, { keys, arguments: args });
      } catch (cause) {
        if (!(cause instanceof ErrorReply) || !cause.message.startsWith('NOSCRIPT')) throw cause;
        return commands.eval(source, { keys, arguments: args });
      }
    });
  }

  /** How many processes heard it. */
  publish(channel: string, message: string): Promise<number> {
    return this.do((commands) => commands.sPublish(channel, message));
  }

  subscribe(channels: string[], listener: Listener): Promise<void> {
    if (channels.length === 0) return Promise.resolve();
    return this.#refusing(this.#news.sSubscribe(channels, listener));
  }

  /** With its listener: without one the client takes a channel that is being left for one that it still hears. */
  unsubscribe(channels: string[], listener: Listener): Promise<void> {
    return this.#refusing(this.#news.sUnsubscribe(channels, listener));
  }

  /** Any other command. */
  do<T>(work: (commands: Client) => Promise<T>): Promise<T> {
    return this.#refusing(work(this.#commands));
  }

  close(): void {
    for (const client of [this.#commands, this.#news]) if (client.isOpen) client.destroy();
  }

  async #refusing<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (cause) {
      // A command that Redis does not understand is a fault of ours.
      if (cause instanceof ErrorReply && !INDISPOSED.test(cause.message)) this.#log.fault(cause);
      throw new Refusal('unavailable');
    }
  }
}

/** The way to Redis, opened again whenever it is lost. Without one, `link` throws the refusal `unavailable`. */
export class Redis {
  readonly #url: string;
  readonly #log: Log;
  readonly #users: RedisUser[] = [];
  #link: RedisLink | null = null;
  #opening: RedisLink | null = null;
  #attempt: Promise<void> | null = null;
  #isClosed = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(url: string, log: Log) {
    this.#url = url;
    this.#log = log;
  }

  use(user: RedisUser): void {
    this.#users.push(user);
  }

  /** Resolves when the first attempt is over, whatever came of it. */
  open(): Promise<void> {
    this.#attempt = this.#open();
    return this.#attempt;
  }

  get isUp(): boolean {
    return this.#link !== null;
  }

  get link(): RedisLink {
    if (this.#link === null) throw new Refusal('unavailable');
    return this.#link;
  }

  /** The same, for who can wait while a connection is being set up. */
  async reach(): Promise<RedisLink> {
    if (this.#link === null && this.#attempt !== null) await this.#attempt;
    return this.link;
  }

  /** Something was left half done, or nothing answers: a new connection, and everything said anew. */
  reset(): void {
    if (this.#link !== null) this.#lost(this.#link);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#opening?.close();
    this.#link?.close();
    this.#link = this.#opening = null;
  }

  async #open(): Promise<void> {
    const commands = this.#client();
    const news = this.#client();
    const link = new RedisLink(commands, news, this.#log);
    const lost = () => this.#lost(link);
    // The client's own errors name addresses; that it is lost is all there is to say.
    for (const client of [commands, news]) client.on('error', lost).on('end', lost);
    this.#opening = link;
    try {
      await inTime(CONNECT_MS, Promise.all([commands.connect(), news.connect()]));
      for (const user of this.#users) await inTime(CONNECT_MS, user.opened(link));
    } catch {
      // Why is of no use here: it is tried again, and `readyz` says that it is not there.
      return lost();
    }
    if (this.#opening !== link) return;
    this.#opening = null;
    this.#link = link;
    this.#failures = 0;
    this.#log.event('store-reached', null);
    this.#next(() => this.#beat(link), BEAT_MS);
  }

  async #beat(link: RedisLink): Promise<void> {
    try {
      await inTime(ANSWER_MS, Promise.all(this.#users.map((user) => user.beat(link))));
    } catch {
      return this.#lost(link);
    }
    if (this.#link === link) this.#next(() => this.#beat(link), BEAT_MS);
  }

  #lost(link: RedisLink): void {
    link.close();
    if (this.#link !== link && this.#opening !== link) return;
    if (this.#failures === 0) this.#log.event('store-lost', null);
    this.#link = this.#opening = null;
    const delayMs = Math.min(MIN_RETRY_MS * 2 ** this.#failures++, MAX_RETRY_MS);
    this.#attempt = null;
    this.#next(() => this.open(), delayMs);
  }

  #next(work: () => Promise<void>, afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void work().catch((cause: unknown) => this.#log.fault(cause)), afterMs);
    this.#timer.unref();
  }

  #client(): Client {
    return createClient({
      url: this.#url,
      socket: { reconnectStrategy: false, connectTimeout: CONNECT_MS },
      disableOfflineQueue: true,
      maintNotifications: 'disabled',
    });
  }
}

async function inTime<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Refusal('unavailable')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
