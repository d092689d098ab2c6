import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Client, RawSocket, refusalOf } from './clients';
import { Host } from './host';
import { buildServer, Running, type Built } from './running';

const DAY_MS = 24 * 3_600_000;
const CONNECT = JSON.stringify({ id: 0, method: 'subscription', params: { path: 'connect' } });

let built: Built;
let server: Running | null = null;
beforeAll(() => {
  built = buildServer();
}, 30_000);
afterEach(async () => {
  const faults = server?.log.filter(({ event }) => event === 'fault') ?? [];
  await server?.remove();
  server = null;
  expect(faults).toEqual([]);
});
afterAll(() => built.remove());

const start = async (env: Record<string, string> = {}): Promise<Running> => {
  server = await Running.start(built, env);
  return server;
};

/** Two people in the middle of a handshake. */
class Meeting {
  readonly host = new Host();
  readonly #host: Client;
  readonly #guest: Client;

  constructor(host: Client, guest: Client) {
    this.#host = host;
    this.#guest = guest;
  }

  static async begin(at: Running): Promise<Meeting> {
    const meeting = new Meeting(await Client.connect(at), await Client.connect(at));
    await meeting.claim();
    await meeting.#guest.api.knock.mutate({ id: meeting.host.id, envelope: 'bTE' });
    await meeting.#host.events.next('knock');
    return meeting;
  }

  claim(): Promise<void> {
    return this.#host.claim(this.host);
  }

  /** There and back; the time that it took. */
  async goesOn(): Promise<number> {
    const startedMs = performance.now();
    const { id } = this.host;
    await this.#guest.api.relay.mutate({ id, to: null, envelope: 'bTI' });
    await this.#host.events.next('relay');
    await this.#host.api.relay.mutate({ id, to: this.#guest.peer, envelope: 'bTM' });
    await this.#guest.events.next('relay');
    return performance.now() - startedMs;
  }
}

/** A disk of its own, of 256 KiB; only root may make one. */
const folder = mkdtempSync(join(tmpdir(), 'parley-disk-'));
const disk = join(folder, 'data');
const hasDisk = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder]).status === 0;
afterAll(() => {
  if (hasDisk) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
});

test.skipIf(!hasDisk)(
  `a full disk: the live go on, the new are told so, and nothing is lost${hasDisk ? '' : ' (only root can make a small disk)'}`,
  { timeout: 60_000 },
  async () => {
    const running = await start({ DATA_DIR: disk });
    const meeting = await Meeting.begin(running);
    const filler = join(disk, 'filler');
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k']);
    const newcomer = await Client.connect(running);
    const hosts: Host[] = [];
    const claimed = async () => {
      const host = new Host();
      await newcomer.claim(host);
      hosts.push(host);
    };
    // There may be room in the pages that the file has already.
    const fill = async () => {
      for (let i = 0; i < 200; i++) await claimed();
    };
    expect(await refusalOf(fill())).toEqual({ code: 'SERVICE_UNAVAILABLE', wire: 'unavailable' });
    await meeting.goesOn();
    // Its row is there, so its host may come again; a retirement cannot be promised.
    await meeting.claim();
    const retirement = meeting.host.retire(running.origin, Date.now());
    expect(await refusalOf(newcomer.api.retire.mutate(retirement))).toMatchObject({ wire: 'unavailable' });
    expect(await newcomer.api.status.query({ id: meeting.host.id })).toEqual({
      exists: true,
      hostPresent: true,
    });

    rmSync(filler);
    await expect
      .poll(() =>
        claimed().then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    await running.kill('SIGKILL');
    const database = new Database(join(disk, 'registry.db'));
    expect(database.prepare('PRAGMA integrity_check').raw().all([])).toEqual([['ok']]);
    const rows = database.prepare('SELECT id FROM meetings').raw().all([]) as Buffer[][];
    database.close();
    const kept = rows.map(([id]) => id?.toString('base64url'));
    expect(kept).toEqual(expect.arrayContaining([...hosts, meeting.host].map(({ id }) => id)));
  },
);

/**
 * Runs in the server's process before its own code: the calendar clock is off by as many milliseconds as the file says
 * at the time of the last SIGUSR2. How time passes is left as it is.
 */
const CLOCK = `
  import { readFileSync } from 'node:fs';
  const now = Date.now.bind(Date);
  let offsetMs = 0;
  Date.now = () => now() + offsetMs;
  process.on('SIGUSR2', () => (offsetMs = Number(readFileSync(process.env.CLOCK_OFFSET_FILE, 'utf8'))));
`;

test('a clock that jumps, by years, both ways', async () => {
  const offsets = mkdtempSync(join(tmpdir(), 'parley-clock-'));
  const file = join(offsets, 'offset');
  const running = await start({
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(CLOCK)}`,
    CLOCK_OFFSET_FILE: file,
    TURN_URLS: 'turn:turn.example:3478',
    TURN_SECRET: 'a-secret-of-sixteen-or-more',
  });
  const meeting = await Meeting.begin(running);
  const asker = await Client.connect(running);
  for (const offsetMs of [3_650 * DAY_MS, -3_650 * DAY_MS, 0]) {
    writeFileSync(file, String(offsetMs));
    process.kill(running.pid, 'SIGUSR2');
    const host = new Host();
    await asker.claim(host);
    const { servers } = await asker.api.ice.mutate({ id: host.id });
    const expiry = Number(servers[0]?.username?.split(':')[0]) * 1_000;
    // Credentials follow the clock that the relay has too; everything that must last here does not.
    expect(Math.abs(expiry - (Date.now() + offsetMs + 3_600_000))).toBeLessThan(60_000);
    await meeting.goesOn();
    await meeting.claim();
    const retired = asker.api.retire.mutate(host.retire(running.origin, Date.now()));
    if (offsetMs === 0) await retired;
    else expect(await refusalOf(retired)).toMatchObject({ wire: 'denied' });
    expect(await asker.api.status.query({ id: meeting.host.id })).toEqual({
      exists: true,
      hostPresent: true,
    });
  }
  rmSync(offsets, { recursive: true });
});

describe('a flood', { timeout: 120_000 }, () => {
  /** What a person would not notice. */
  const UNNOTICED_MS = 1_000;
  /** A meeting at a server that nobody floods: what both wait for is the machine, busy with the flood's own end. */
  let beside: Meeting;
  let quiet: Running;
  beforeEach(async () => {
    quiet = await Running.start(built);
    beside = await Meeting.begin(quiet);
  });
  afterEach(() => quiet.remove());

  async function expectUndisturbed(meeting: Meeting, rounds = 20, flood = () => {}): Promise<void> {
    const delays: number[] = [];
    for (let i = 0; i < rounds; i++) {
      flood();
      const [flooded, free] = await Promise.all([meeting.goesOn(), beside.goesOn()]);
      delays.push(flooded - free);
    }
    expect(Math.max(...delays)).toBeLessThan(UNNOTICED_MS);
  }

  test('of connections that never say a word, or never end it', async () => {
    const running = await start();
    const meeting = await Meeting.begin(running);
    const sockets: Socket[] = [];
    const open = (said: string) =>
      new Promise<void>((resolve) => {
        const socket = connectTcp(Number(running.port), '127.0.0.1', () => {
          if (said !== '') socket.write(said);
          resolve();
        });
        socket.on('error', () => socket.destroy());
        sockets.push(socket);
      });
    const half = `GET /trpc HTTP/1.1\r\nHost: 127.0.0.1:${running.port}\r\nUpgrade: websocket\r\n`;
    for (let i = 0; i < 500; i++) await Promise.all([open(''), open(half)]);
    await expectUndisturbed(meeting);
    await Client.connect(running);
    for (const socket of sockets) socket.destroy();
  });

  test('of readers that read nothing: each is cut off, and costs no more than its bound', async () => {
    const running = await start({ LIMIT_BUFFERED_BYTES: '65536', LIMIT_WATCHED_PER_MINUTE: '1000000' });
    const meeting = await Meeting.begin(running);
    const slow = await Promise.all(Array.from({ length: 50 }, () => RawSocket.open(running)));
    const ids = Array.from({ length: 200 }, () => new Host().id);
    for (const raw of slow) {
      raw.send(CONNECT);
      raw.socket.pause();
    }
    const watch = JSON.stringify({ id: 1, method: 'mutation', params: { path: 'watch', input: { ids } } });
    // Each asks for 20 KB with every call, and takes none of it.
    await expectUndisturbed(meeting, 30, () => {
      for (const raw of slow) raw.send(watch);
    });
    for (const { socket } of slow) socket.terminate();
  });

  const SOCKETS = 10_000;
  const files = Number(spawnSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).stdout);
  const hasRoom = files > SOCKETS + 200;

  test.skipIf(!hasRoom)(
    `of as many people as the server takes: the next is told that it is full, the meeting goes on${hasRoom ? '' : ` (only ${files} files may be open)`}`,
    async () => {
      // The crowd is too busy coming to say that it is there.
      const running = await start({
        LIMIT_SOCKETS: String(SOCKETS),
        LIMIT_OPEN_PER_ADDRESS: '100000',
        LIMIT_PING_MS: '120000',
      });
      const meeting = await Meeting.begin(running);
      const crowd: RawSocket[] = [];
      while (crowd.length < SOCKETS - 2) {
        const next = await Promise.all(
          Array.from({ length: Math.min(100, SOCKETS - 2 - crowd.length) }, () => RawSocket.open(running)),
        );
        for (const raw of next) raw.send(CONNECT);
        crowd.push(...next);
        if (crowd.length % 1_000 === 0) await expectUndisturbed(meeting, 3);
      }
      await expect(RawSocket.open(running)).rejects.toThrow('429');
      await expectUndisturbed(meeting);
      for (const { socket } of crowd) socket.terminate();
      await expect
        .poll(() =>
          RawSocket.open(running).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
    },
  );
});
