import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../../scripts/find-chromium.mjs';
import { freePort } from './server';

const PROGRAM = findProgram(['redis-server', 'valkey-server'], []);

export const hasRedis = PROGRAM !== null;
export const REDIS_MISSING =
  'there is no redis-server on this machine (Debian: apt-get install redis-server)';

/** `persists`: what it was told is there again after it was killed and started. Otherwise it begins empty. */
type RedisOptions = { persists?: boolean };

/** A real Redis in a process of its own, on a spare port of this machine; can be killed, held still and started again. */
export class RedisServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'parley-redis-'));
  readonly #persists: boolean;
  #process: ChildProcess | null = null;
  #port = 0;
  /** Everything that it wrote. */
  output = '';

  constructor({ persists = false }: RedisOptions = {}) {
    this.#persists = persists;
  }

  /** Known from the first start on. */
  get port(): number {
    return this.#port;
  }
  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Answers once it takes connections. */
  async start(): Promise<void> {
    if (this.#process !== null) throw new Error('it runs already');
    if (PROGRAM === null) throw new Error(REDIS_MISSING);
    // The same port at every start: to its clients it is the same server.
    if (this.#port === 0) this.#port = await freePort();
    const child = spawn(PROGRAM, this.#args(), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const take = (chunk: Buffer) => {
        said += chunk.toString();
        this.output += chunk.toString();
        if (said.includes('Ready to accept connections')) resolve();
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`Redis ended with ${code}: ${said}`)));
    });
  }

  /** Ends the process and waits until it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    // What is held still takes no other signal before it goes on.
    child.kill('SIGCONT');
    await gone;
  }

  /** Its connections stay open and nothing answers, as on a machine that hangs, until `resume`. */
  pause(): void {
    this.#running().kill('SIGSTOP');
  }

  resume(): void {
    this.#running().kill('SIGCONT');
  }

  /** From now on, every command that anybody gives it, with all that it is given. */
  record(): { readonly bytes: Buffer; stop(): void } {
    const chunks: Buffer[] = [];
    const monitor = spawn('redis-cli', ['-p', String(this.#port), 'MONITOR'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    monitor.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    return {
      get bytes() {
        return Buffer.concat(chunks);
      },
      stop: () => void monitor.kill(),
    };
  }

  /** Everything that it holds, as it would write it to a disk. */
  async file(): Promise<Buffer> {
    await this.command('CONFIG', 'SET', 'rdbcompression', 'no');
    await this.command('SAVE');
    return readFileSync(join(this.#folder, 'dump.rdb'));
  }

  /** What redis-cli prints for a command. */
  async command(...words: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(this.#port), ...words]);
    return stdout.trim();
  }

  /** Ends it for good, with all that it kept. */
  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #running(): ChildProcess {
    if (this.#process === null) throw new Error('it does not run');
    return this.#process;
  }

  #args(): string[] {
    const settings = {
      bind: '127.0.0.1',
      port: String(this.#port),
      dir: this.#folder,
      save: '',
      appendonly: this.#persists ? 'yes' : 'no',
    };
    return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  }
}
