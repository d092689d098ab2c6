import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { MeetingId } from '../../src/lib/protocol/ids';
import { Client, type Stream } from './clients';
import { Host } from './host';
import { Device, PushService } from './push-service';
import { buildServer, Running, type Built } from './running';

export const tagOf = () => randomBytes(16);

export const ask = (id: MeetingId, device: Device, role: 'host' | 'guest' = 'guest', tag = tagOf()) => ({
  id,
  role,
  tag: tag.toString('base64url'),
  subscription: device.subscription,
});

export const knock = (client: Client | Stream, { id }: Host) =>
  client.api.knock.mutate({ id, envelope: null });

/** Leaves for sure: the server knows it when this resolves. */
export async function goes(client: Client, { id }: Host): Promise<void> {
  await client.api.release.mutate({ id });
  await client.close();
}

/** For the tests of one file: a server and a push service for each, and people at meetings. */
export function usePush() {
  let built: Built;
  let service: PushService;
  let server: Running;
  beforeAll(() => {
    built = buildServer();
  }, 60_000);
  afterAll(() => built.remove());
  beforeEach(async () => {
    service = await PushService.start();
  });
  afterEach(async () => {
    await server.remove();
    await service.close();
    expect(server.log.filter(({ event }) => event === 'fault')).toEqual([]);
  });

  async function start(env: Record<string, string> = {}): Promise<Running> {
    const settings = {
      PUSH_SERVICES: service.origin,
      LIMIT_SUBSCRIPTIONS_PER_HOUR: '1000',
      LOG_MODE: 'debug',
    };
    return (server = await Running.start(built, { ...settings, ...env }));
  }

  async function comes(host: Host): Promise<Client> {
    const client = await Client.connect(server);
    await client.claim(host);
    return client;
  }

  /** A meeting whose host was there and went. */
  async function left(): Promise<Host> {
    const host = new Host();
    await goes(await comes(host), host);
    return host;
  }

  /** Whoever was told until now. What did not come before a push that was asked for later will not come. */
  async function settle(): Promise<string[]> {
    const [host, last] = [new Host(), new Device(service.origin)];
    const client = await comes(host);
    await client.api.tell.mutate(ask(host.id, last));
    await goes(client, host);
    await goes(await comes(host), host);
    const paths: string[] = [];
    while (paths.at(-1) !== last.path) paths.push((await service.next()).path);
    return paths.slice(0, -1);
  }

  /** In the registry's own file, of a server that runs or does not. */
  function inFile<T>(use: (database: Database.Database) => T): T {
    const database = new Database(join(server.dataDir, 'registry.db'));
    try {
      return use(database);
    } finally {
      database.close();
    }
  }

  /** Of the devices that are in the file. */
  const keptPaths = () =>
    inFile((database) => {
      const rows = database.prepare('SELECT endpoint FROM subscriptions').raw().all([]) as [string][];
      return rows.map(([endpoint]) => new URL(endpoint).pathname);
    });

  return {
    get built() {
      return built;
    },
    get service() {
      return service;
    },
    get server() {
      return server;
    },
    newDevice: () => new Device(service.origin),
    start,
    comes,
    left,
    settle,
    inFile,
    keptPaths,
  };
}
