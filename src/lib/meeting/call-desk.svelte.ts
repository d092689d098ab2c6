import type { CallsOptions } from '../calls/calls.svelte';
import type { CallView, DevicesView } from '../calls/view';
import type { ParticipantId } from '../protocol/ids';
import type { TalkMessage } from '../protocol/message';
import { loadWords } from '../words/messages';
import type { SessionClient } from '../worker/client';
import type { CallPart } from './call-part';
import type { Peer } from './peer';
import type { CallsView } from './view';

/**
 * Calls are loaded when somebody wants one: the person here, or whoever calls them. Until then this remembers who could
 * be called.
 */
export class CallDesk implements CallsView {
  readonly #options: CallsOptions;
  readonly #session: SessionClient;
  readonly #onFault: (fault: unknown) => void;
  readonly #present = new Map<ParticipantId, { name: string; peer: Peer }>();
  #loading: Promise<CallPart> | null = null;
  #part = $state.raw<CallPart | null>(null);
  #isDestroyed = false;

  constructor(options: CallsOptions, session: SessionClient, onFault: (fault: unknown) => void) {
    this.#options = options;
    this.#session = session;
    this.#onFault = onFault;
  }

  get view(): CallView | null {
    return this.#part?.calls ?? null;
  }

  start(kind: 'voice' | 'video' | 'screen'): void {
    this.#with(({ calls }) => calls.start(kind));
  }

  /** For the check before a meeting. */
  async devices(): Promise<DevicesView> {
    return (await this.#load()).calls.devices;
  }

  joined(participant: ParticipantId, name: string, peer: Peer): void {
    this.#present.set(participant, { name, peer });
    this.#part?.attach(participant, name, peer);
  }
  parted(participant: ParticipantId): void {
    this.#present.delete(participant);
    this.#part?.calls.detach(participant);
  }
  left(participant: ParticipantId): void {
    this.#present.delete(participant);
    this.#part?.calls.leave(participant);
  }

  /** Whether it was about calls. */
  receive(participant: ParticipantId, message: TalkMessage): boolean {
    if (message.kind !== 'call') return false;
    if (this.#part !== null) this.#part.calls.receive(participant, message);
    else this.#with(({ calls }) => calls.receive(participant, message));
    return true;
  }

  /** This person leaves the meeting, and so the call. */
  end(): void {
    this.#part?.calls.end();
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#part?.calls.destroy();
  }

  #with(act: (part: CallPart) => void): void {
    this.#load().then(
      (part) => {
        if (!this.#isDestroyed) act(part);
      },
      (fault: unknown) => this.#onFault(fault),
    );
  }

  #load(): Promise<CallPart> {
    this.#loading ??= Promise.all([import('./call-part'), loadWords('calls')]).then(
      ([{ CallPart }]) => {
        const part = new CallPart(this.#options, this.#session);
        if (this.#isDestroyed) part.calls.destroy();
        else this.#part = part;
        for (const [participant, { name, peer }] of this.#present) part.attach(participant, name, peer);
        return part;
      },
      (fault: unknown) => {
        // Offline, most likely: asked for once more next time.
        this.#loading = null;
        throw fault;
      },
    );
    return this.#loading;
  }
}
