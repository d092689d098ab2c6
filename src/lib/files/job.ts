import { nextIncoming } from './incoming';
import { bytesDone, describe, type Facts, type FileTransfer } from './listing';
import { nextOutgoing } from './outgoing';
import { withSample, type Sample } from './speed';
import type { Transfer, TransferEffect, TransferEvent } from './transfer';

/** One transfer with what belongs to it on this page: its source, its speed and how it is shown. */
export class Job {
  readonly source: File | null;
  isDismissed = false;
  #facts: Facts;
  #state: Transfer;
  #samples: readonly Sample[] = [];
  #shown: FileTransfer;

  constructor(facts: Facts, state: Transfer, source: File | null) {
    this.#facts = facts;
    this.#state = state;
    this.source = source;
    this.#shown = describe(facts, state, []);
  }

  get facts(): Facts {
    return this.#facts;
  }
  get state(): Transfer {
    return this.#state;
  }
  /** The same object until something about it changes. */
  get shown(): FileTransfer {
    return this.#shown;
  }
  get isFinished(): boolean {
    return ['done', 'received', 'ended'].includes(this.#state.stage);
  }

  setPersonName(personName: string): void {
    this.#facts = { ...this.#facts, personName };
    this.#shown = { ...this.#shown, personName };
  }

  step(event: TransferEvent, nowMs: number): TransferEffect[] {
    const before = this.#state;
    const { state, effects } =
      before.direction === 'out' ? nextOutgoing(before, event) : nextIncoming(before, event);
    if (state !== before) this.#show(state, nowMs);
    return effects;
  }

  /** The speed begins anew whenever records begin to flow, so that no pause counts as slowness. */
  #show(state: Transfer, nowMs: number): void {
    this.#state = state;
    const { stage } = describe(this.#facts, state, []);
    const bytes = bytesDone(state, this.#facts.size);
    const wasMoving = this.#shown.stage === stage;
    if (stage !== 'sending' && stage !== 'receiving') this.#samples = [];
    else if (!wasMoving || bytes !== this.#shown.doneBytes) {
      this.#samples = withSample(wasMoving ? this.#samples : [], { atMs: nowMs, bytes });
    }
    this.#shown = describe(this.#facts, state, this.#samples);
  }
}
