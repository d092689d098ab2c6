import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ROOMY } from '../../scripts/roomy.mjs';
import { ask, Client, RawSocket } from './clients';
import { Host } from './host';
import { buildServer, Running, type Built } from './running';

/** Frames of junk, each of which is a line: nobody is cut off for them, so that a few make many. */
const NOISY = {
  LIMIT_BAD_MESSAGES: '1000000',
  LIMIT_MESSAGES_PER_SECOND: '1000000',
  LIMIT_MESSAGES_BURST: '1000000',
};
const canMount = process.platform === 'linux' && process.getuid?.() === 0;

let built: Built;
let folder: string;
let server: Running | null = null;
beforeAll(() => {
  built = buildServer();
}, 60_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-logs-'));
});
afterEach(async () => {
  await server?.remove();
  server = null;
  rmSync(folder, { recursive: true });
});
afterAll(() => built.remove());

const start = async (env: Record<string, string>): Promise<Running> =>
  (server = await Running.start(built, { ...NOISY, LOG_FILE: join(folder, 'logs', 'parley.log'), ...env }));

/** All that was written, in the order of the files; of a line at which the disk was full, nothing. */
function written(): Record<string, unknown>[] {
  const logs = join(folder, 'logs');
  const text = readdirSync(logs)
    .sort()
    .map((name) => readFileSync(join(logs, name), 'utf8'))
    .join('');
  const lines = text.split('\n').filter((line) => line.endsWith('}'));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A meeting, from the claim to an envelope that has arrived. */
async function expectMeeting(where: { origin: string }): Promise<void> {
  const [host, client, guest] = [new Host(), await Client.connect(where), await Client.connect(where)];
  await client.claim(host);
  await guest.api.knock.mutate({ id: host.id, envelope: 'bTE' });
  const { peer } = await client.events.next('knock');
  await client.api.relay.mutate({ id: host.id, to: peer, envelope: 'bTI' });
  expect(await guest.events.next('relay')).toMatchObject({ envelope: 'bTI' });
  await Promise.all([client.close(), guest.close()]);
}

async function makeNoise(where: { origin: string }, lines: number): Promise<void> {
  const raw = await RawSocket.open(where);
  for (let i = 0; i < lines; i++) raw.send('junk');
  // Frames are dealt with in their order.
  raw.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'serverInfo' } }));
  await raw.answerTo(1);
  raw.socket.close();
}

test('every line is in the file before anybody can ask for it, and none on standard output', async () => {
  const running = await start({});
  await expectMeeting(running);
  expect(written().map(({ event }) => event)).toEqual(expect.arrayContaining(['session-begun', 'claimed']));
  await running.kill('SIGTERM');
  expect(written().at(-1)).toMatchObject({ event: 'stopping' });
  expect(running.stdout).toBe(`Parley is ready at ${running.origin}\n`);
  expect(running.stderr).toBe('');
  const logs = join(folder, 'logs');
  expect(statSync(logs).mode & 0o777).toBe(0o700);
  expect(readdirSync(logs).map((name) => statSync(join(logs, name)).mode & 0o777)).toEqual([0o600]);
});

test('mode off makes no file and no folder', async () => {
  const running = await start({ LOG_MODE: 'off' });
  await expectMeeting(running);
  await running.kill('SIGTERM');
  expect(existsSync(join(folder, 'logs'))).toBe(false);
  expect(running.stdout).toBe(`Parley is ready at ${running.origin}\n`);
});

test('a file that cannot be opened is one clear sentence and exit code 2', async () => {
  server = new Running(built, { LOG_FILE: '/dev/null/logs/parley.log' });
  const ended = await server.ended;
  expect([ended.code, ended.stdout]).toEqual([2, '']);
  expect(ended.stderr).toBe('LOG_FILE /dev/null/logs/parley.log cannot be written (ENOTDIR).\n');
});

// Without root nothing can be mounted; that a full device is survived is also tested where the file is written.
test.skipIf(!canMount)(
  'a disk that fills up costs lines and nothing else, and they come back with the room',
  async () => {
    const logs = join(folder, 'logs');
    mkdirSync(logs);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', logs]);
    try {
      const running = await start({});
      await makeNoise(running, 50);
      writeFileSync(join(logs, 'filler'), '');
      expect(() => writeFileSync(join(logs, 'filler'), Buffer.alloc(128 * 1_024))).toThrow('ENOSPC');
      await makeNoise(running, 2_000);
      const before = statSync(join(logs, readdirSync(logs).find((name) => name !== 'filler') ?? '')).size;
      expect(before).toBeLessThan(64 * 1_024);
      await expectMeeting(running);
      expect((await ask(`${running.origin}/readyz`)).status).toBe(200);
      expect(running.stderr).toBe(
        `LOG_FILE ${join(logs, 'parley.log')} cannot be written (ENOSPC). The server goes on.\n`,
      );
      rmSync(join(logs, 'filler'));
      await expect
        .poll(async () => {
          await expectMeeting(running);
          return written().map(({ event }) => event);
        })
        .toContain('claimed');
      expect((await running.kill('SIGTERM')).code).toBe(0);
    } finally {
      await server?.remove();
      server = null;
      execFileSync('umount', [logs]);
    }
  },
);

/** The real process with its standard output in somebody else's hands. */
function spawnWith(stdout: number | 'pipe'): { child: ChildProcess; errors: () => string } {
  const env = { PATH: process.env['PATH'], ...ROOMY, ...NOISY, PORT: '0', DATA_DIR: join(folder, 'data') };
  const child = spawn(process.execPath, [built.main], { env, stdio: ['ignore', stdout, 'pipe'] });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return { child, errors: () => errors };
}

test('standard output that nobody reads does not hold anybody up', async () => {
  const { child, errors } = spawnWith('pipe');
  const output = child.stdout;
  if (output === null) throw new Error('no pipe');
  try {
    const origin = await new Promise<string>((resolve, reject) => {
      child.once('close', () => reject(new Error(errors())));
      output.on('data', (chunk: Buffer) => {
        const ready = /ready at (\S+)/.exec(chunk.toString())?.[1];
        if (ready !== undefined) resolve(ready);
      });
    });
    output.pause();
    // A pipe holds 64 KiB, and whoever reads it some more; a line of ours is about 100 bytes.
    await makeNoise({ origin }, 5_000);
    const startedMs = performance.now();
    await expectMeeting({ origin });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(errors()).toContain('Standard output cannot be written (EAGAIN). The server goes on.\n');
  } finally {
    await end(child);
  }
});

test('standard output on a full disk ends nothing', async () => {
  const { child, errors } = spawnWith(openSync('/dev/full', 'w'));
  try {
    await expect.poll(errors).toContain('Standard output cannot be written (ENOSPC). The server goes on.\n');
    expect(child.exitCode).toBeNull();
  } finally {
    expect(await end(child, 'SIGTERM')).toBe(0);
  }
});

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.kill(signal);
  child.stdout?.resume();
  return ended;
}
