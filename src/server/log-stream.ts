import { destination, type DestinationStream } from 'pino';

export type Sink = ReturnType<typeof destination>;

/**
 * Written at once: a line that waited in memory would be lost with the crash it explains. But a pipe that nobody reads
 * is not waited for, because everybody would wait with it.
 */
export const AT_ONCE = { sync: true, retryEAGAIN: () => false } as const;

/** Soon after there is room again, or somebody who reads. */
const RETRY_MS = 1_000;

/**
 * Where lines go. A full disk, or a pipe that nobody reads, costs the lines of that time and nothing else: what could
 * not write is thrown away with all that it holds, and opened anew.
 */
export class LogStream implements DestinationStream {
  readonly #name: string;
  readonly #open: () => Sink | Promise<Sink>;
  #sink: Sink | null = null;
  #isBroken = false;
  #retry: NodeJS.Timeout | undefined;

  /** `name` is what the operator knows it by; `first` was opened by `open`. */
  constructor(name: string, first: Sink, open: () => Sink | Promise<Sink>) {
    this.#name = name;
    this.#open = open;
    this.#use(first);
  }

  write(line: string): void {
    this.#sink?.write(line);
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#sink?.destroy();
    this.#sink = null;
  }

  #use(sink: Sink): void {
    this.#sink = sink;
    sink.on('error', (cause: NodeJS.ErrnoException) => this.#lose(sink, cause));
    sink.on('write', () => (this.#isBroken = false));
    // The line at which it broke may be there in part.
    if (this.#isBroken) sink.write('\n');
  }

  #lose(sink: Sink | null, { code }: NodeJS.ErrnoException): void {
    if (this.#sink !== sink) return;
    this.#sink = null;
    sink?.destroy();
    if (!this.#isBroken) {
      process.stderr.write(`${this.#name} cannot be written (${code}). The server goes on.\n`);
    }
    this.#isBroken = true;
    this.#retry = setTimeout(() => void this.#renew(), RETRY_MS);
    this.#retry.unref();
  }

  async #renew(): Promise<void> {
    try {
      this.#use(await this.#open());
    } catch (cause) {
      this.#lose(null, cause as NodeJS.ErrnoException);
    }
  }
}

export function standardOutput(): LogStream {
  const open = () => destination({ dest: 1, ...AT_ONCE });
  return new LogStream('Standard output', open(), open);
}
