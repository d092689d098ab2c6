import { deleteDB } from 'idb';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { meetingOf, openVault } from '../../../tests/fakes/vault';
import { randomId, type PeerId, type VaultId } from '../protocol/ids';
import { DATABASE } from '../vault/exists';
import type { SavedMeeting } from '../vault/vault';
import { SessionClient } from '../worker/client';
import { Home } from './home.svelte';

/** Home over a true vault, with the true way to a server that does as the test says. */

/** The server's end of every socket that the page opens. */
class Server {
  /** `null`: it can. */
  wire: string | null = null;
  hostPresent = true;
  readonly sockets: Socket[] = [];
  /** What was asked of it, by name. */
  readonly asked: string[] = [];

  hear(socket: Socket, text: string): void {
    if (text === 'PING') return socket.say('PONG');
    const frame: unknown = JSON.parse(text);
    for (const call of (Array.isArray(frame) ? frame : [frame]) as Call[]) this.#answer(socket, call);
  }

  #answer(socket: Socket, { id, params }: Call): void {
    // The end of the subscription.
    if (params === undefined) return;
    const { path, input } = params;
    this.asked.push(path);
    const data = (of: number, value: unknown) =>
      socket.say({ id: of, result: { type: 'data', data: value } });
    if (path === 'connect') {
      socket.stream = id;
      const peer = randomId<PeerId>();
      return data(id, { type: 'hello', nonce: 'n'.repeat(43), peer, session: 's'.repeat(43) });
    }
    const { wire, hostPresent } = this;
    if (wire !== null) return socket.say({ id, error: { code: -32603, message: '', data: { wire } } });
    for (const meeting of input?.ids ?? [])
      data(socket.stream, { type: 'presence', id: meeting, hostPresent });
    data(id, path === 'retire' ? { nonce: 'N'.repeat(43) } : null);
  }
}

type Call = { id: number; params?: { path: string; input?: { ids?: string[] } } };

class Socket extends EventTarget {
  static readonly OPEN = 1;
  static readonly CLOSED = 3;
  static server: Server;
  readonly OPEN = Socket.OPEN;
  readyState = 0;
  stream = 0;

  constructor() {
    super();
    Socket.server.sockets.push(this);
    setTimeout(() => {
      this.readyState = Socket.OPEN;
      this.dispatchEvent(new Event('open'));
    });
  }

  send(text: string): void {
    queueMicrotask(() => Socket.server.hear(this, text));
  }

  say(frame: unknown): void {
    const data = typeof frame === 'string' ? frame : JSON.stringify(frame);
    this.dispatchEvent(new MessageEvent('message', { data }));
  }

  close(): void {
    if (this.readyState === Socket.CLOSED) return;
    this.readyState = Socket.CLOSED;
    this.dispatchEvent(new CloseEvent('close', { code: 1000 }));
  }
}

let server: Server;
beforeEach(async () => {
  await deleteDB(DATABASE);
  server = new Server();
  Socket.server = server;
  vi.stubGlobal('WebSocket', Socket);
  vi.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

async function openHome(meeting: SavedMeeting): Promise<Home> {
  await (await openVault()).save(meeting);
  const home = new Home();
  onTestFinished(() => home.destroy());
  home.start();
  return home;
}

const status = (home: Home) => () => home.items[0]?.status;
const watches = () => server.asked.filter((path) => path === 'watch').length;

test('a server that cannot say who is there is shown as one that is away, and asked again by itself', async () => {
  server.wire = 'unavailable';
  const home = await openHome(meetingOf({ role: 'guest' }));
  await expect.poll(watches).toBeGreaterThan(1);
  expect(home.items[0]?.status).toBe('offline');
  expect(home.trouble).toBeNull();
  server.wire = null;
  await expect.poll(status(home)).toBe('host-here');
  expect(server.sockets).toHaveLength(1);
});

/** One that can be retired: its keys are those of a host. */
async function hosted(): Promise<SavedMeeting> {
  const session = new SessionClient(() => undefined);
  onTestFinished(() => session.close());
  const vaultId = randomId<VaultId>();
  const { dataKey } = await openVault();
  const { meetingId, sealedKeys } = await session.call('create-meeting', { vault: { dataKey, vaultId } });
  return meetingOf({ vaultId, meetingId, sealedKeys });
}

test('a meeting that the server could not retire stays, and that is said until the server can', async () => {
  const home = await openHome(await hosted());
  await expect.poll(watches).toBe(1);
  const [{ vaultId } = { vaultId: '' }] = home.items;
  server.wire = 'unavailable';
  home.retire(vaultId);
  await expect.poll(() => home.trouble).toBe('signaling/unavailable');
  expect(home.items.map(({ status }) => status)).toEqual(['you-are-host']);
  server.wire = null;
  home.retire(vaultId);
  await expect.poll(() => home.items).toEqual([]);
  await expect.poll(() => home.trouble).toBeNull();
});
