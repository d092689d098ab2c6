import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOMY } from '../../scripts/roomy.mjs';

const MAIN = fileURLToPath(new URL('../../build/server/main.js', import.meta.url));

/** Journeys reload more often in a minute than people do. */
const ROOMY_LIMITS = { ...ROOMY, LIMIT_STATUS_PER_MINUTE: '100000' };

/** The real server in a process of its own, with a data folder of its own; can be killed and started again. */
export class ParleyServer {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'parley-'));
  /** Beside what all tests set. */
  protected environment: Record<string, string>;
  #process: ChildProcess | null = null;
  #port = 0;
  /** Everything that it wrote, for the tests that grep it. */
  output = '';

  constructor(env: Record<string, string> = {}) {
    this.environment = env;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }
  /** Of the process itself. */
  get port(): number {
    return this.#port;
  }
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  async start(nodeArgs: string[] = []): Promise<void> {
    // The same port at every start: to its clients it is the same server.
    if (this.#port === 0) this.#port = await freePort();
    const child = spawn(process.execPath, [...nodeArgs, MAIN], {
      env: {
        ...process.env,
        ...ROOMY_LIMITS,
        PORT: String(this.#port),
        DATA_DIR: this.dataDir,
        ...this.environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      const take = (chunk: Buffer) => {
        this.output += chunk.toString();
        if (this.output.includes('Parley is ready at')) resolve();
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${this.output}`)));
    });
  }

  /** Ends the process and waits until it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  async close(): Promise<void> {
    await this.kill('SIGTERM');
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
