import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';

/** Runs a program to its end and answers what it wrote. */
export function run(program: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}\n${input}`);
}

/** The same in a network namespace. */
export function runIn(namespace: string, program: string, args: readonly string[], input = ''): string {
  return run('ip', ['netns', 'exec', namespace, program, ...args], input);
}

/** What a program wrote that may fail. */
export function outputIn(namespace: string, program: string, args: readonly string[]): string {
  const { stdout, stderr } = spawnSync('ip', ['netns', 'exec', namespace, program, ...args], {
    encoding: 'utf8',
  });
  return stdout + stderr;
}

/** A program that runs until it is stopped. */
export class Program {
  readonly #name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #listeners = new Set<() => void>();
  output = '';

  private constructor(name: string, child: ChildProcessWithoutNullStreams) {
    this.#name = name;
    this.#child = child;
    const take = (chunk: Buffer) => {
      this.output += chunk.toString();
      this.#notify();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', (cause) => {
      this.output += String(cause);
      this.#notify();
    });
    child.once('exit', () => this.#notify());
    // A program that has ended takes no more input; that it has ended is noticed by whoever waits for it.
    child.stdin.on('error', (cause) => (this.output += String(cause)));
  }

  /** In the given namespace, or where this process is with `null`. */
  static start(
    namespace: string | null,
    program: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Program {
    const [file, before] = namespace === null ? [program, []] : ['ip', ['netns', 'exec', namespace, program]];
    const child = spawn(file, [...before, ...args], { env: { ...process.env, ...env } });
    return new Program(program, child);
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#child.pid !== undefined;
  }

  /** Waits until it has written that, `from` characters into its output. */
  async written(pattern: RegExp, from = 0): Promise<void> {
    while (!pattern.test(this.output.slice(from))) {
      if (!this.isRunning) throw new Error(`${this.#name} ended: ${this.output}`);
      await new Promise<void>((resolve) => this.#listeners.add(resolve));
    }
  }

  tell(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.isRunning) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill(signal);
    await gone;
  }

  #notify(): void {
    const waiting = [...this.#listeners];
    this.#listeners.clear();
    for (const wake of waiting) wake();
  }
}
