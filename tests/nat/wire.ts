import { fileURLToPath } from 'node:url';
import { Program } from './program';

const SCRIPT = fileURLToPath(new URL('wire.py', import.meta.url));

export type Quality = { delayMs: number; loss: number; isCut: boolean };

export const GOOD: Quality = { delayMs: 0, loss: 0, isCut: false };
/** Everything is swallowed, and nobody is told. */
export const CUT: Quality = { ...GOOD, isCut: true };

/** A cable whose quality can be changed while it is in use, in each direction. */
export class Wire {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  /** Makes both devices; `forward` is from the first to the second. */
  static async lay(first: [namespace: string, device: string], second: [string, string]): Promise<Wire> {
    const program = Program.start(null, 'python3', [SCRIPT, ...first, ...second]);
    await program.written(/^ready$/m);
    return new Wire(program);
  }

  /** Answers once it holds. */
  async become(forward: Quality, backward: Quality = forward): Promise<void> {
    const from = this.#program.output.length;
    this.#program.tell(JSON.stringify({ forward, backward }));
    await this.#program.written(/ok\n/, from);
  }

  async remove(): Promise<void> {
    await this.#program.stop();
  }
}
