import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOMY } from '../../scripts/roomy.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type Built = { main: string; remove(): void };

/** The server as it is built for people, in a folder of its own beside a client made of the given files. */
export function buildServer(client: Record<string, string | Buffer> = {}): Built {
  const folder = join(ROOT, 'build', `test-${randomBytes(6).toString('hex')}`);
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [
    'build',
    '-c',
    'vite.server.config.ts',
    '--outDir',
    join(folder, 'server'),
    '--logLevel',
    'error',
  ];
  const { status, stderr } = spawnSync(process.execPath, [vite, ...args], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the server does not build: ${stderr}`);
  for (const [name, content] of Object.entries({ 'index.html': '<title>Parley</title>', ...client })) {
    const path = join(folder, 'client', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return { main: join(folder, 'server', 'main.js'), remove: () => rmSync(folder, { recursive: true }) };
}

export type Ended = { code: number | null; stdout: string; stderr: string };

/** The real process, with a data folder of its own unless it is given one. */
export class Running {
  readonly dataDir: string;
  readonly #child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly #ready: Promise<string>;
  stdout = '';
  stderr = '';
  #origin = '';

  constructor(built: Built, env: Record<string, string> = {}) {
    this.dataDir = env['DATA_DIR'] ?? mkdtempSync(join(tmpdir(), 'parley-test-'));
    const child = spawn(process.execPath, [built.main], {
      env: { PATH: process.env['PATH'], ...ROOMY, PORT: '0', DATA_DIR: this.dataDir, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
    this.#ready = new Promise((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        this.stdout += chunk.toString();
        const ready = /^Parley is ready at (\S+)$/m.exec(this.stdout);
        if (ready?.[1] !== undefined) resolve(ready[1]);
      });
      child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
      void this.ended.then(({ code, stderr }) => reject(new Error(`ended with ${code}: ${stderr}`)));
    });
    // Those that are meant to end before they are ready are awaited by `ended`.
    this.#ready.catch(() => undefined);
  }

  static async start(built: Built, env: Record<string, string> = {}): Promise<Running> {
    const running = new Running(built, env);
    running.#origin = await running.#ready;
    return running;
  }

  /** `http://127.0.0.1:PORT` */
  get origin(): string {
    return this.#origin;
  }
  get port(): string {
    return new URL(this.#origin).port;
  }
  get pid(): number {
    return this.#child.pid ?? 0;
  }
  /** What it wrote after its first line, as parsed lines of the log. */
  get log(): Record<string, unknown>[] {
    const lines = this.stdout.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  kill(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal);
    return this.ended;
  }

  /** Ends it and removes its data. */
  async remove(): Promise<void> {
    await this.kill('SIGKILL');
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
