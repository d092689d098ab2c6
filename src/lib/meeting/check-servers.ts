import { createDataKey } from '../crypto/sealed-record';
import type { IceSource } from '../doctor/check.svelte';
import { codeOf, ParleyError } from '../protocol/errors';
import { randomId, type MeetingId, type VaultId } from '../protocol/ids';
import type { IceSettings } from '../protocol/signaling';
import { Signaling, type SignalingState } from '../signaling/signaling';
import { SessionClient } from '../worker/client';

/**
 * ICE servers for the test of a connection. The server gives them only to somebody at a meeting, so a meeting is made for
 * it that nobody is told of. Its key is in no vault and ends with the worker, so nobody can ever be at it again; it is
 * released and not retired, because the tombstone of a retired meeting stays for good and this one's row goes by itself.
 */
export class CheckServers implements IceSource {
  readonly #session = new SessionClient(() => undefined);
  readonly #signaling: Signaling;
  #onState: (state: SignalingState) => void = () => undefined;
  #claimed: MeetingId | null = null;

  constructor() {
    this.#signaling = new Signaling({
      onEvent: () => undefined,
      onState: (state) => this.#onState(state),
    });
  }

  async open(signal: AbortSignal): Promise<IceSettings> {
    const vault = { dataKey: await createDataKey(), vaultId: randomId<VaultId>() };
    const [{ meetingId }] = await Promise.all([
      this.#session.call('create-meeting', { vault }),
      this.#opened(signal),
    ]);
    const proof = await this.#session.call('sign-claim', { nonce: this.#signaling.nonce });
    const ice = await this.#signaling.claim(meetingId, proof);
    this.#claimed = meetingId;
    return ice;
  }

  async close(): Promise<void> {
    this.#session.close();
    try {
      if (this.#claimed !== null) await this.#signaling.release(this.#claimed);
    } catch (fault) {
      // Without a session there is nothing to release: the claim ended with the socket.
      if (codeOf(fault) !== 'signaling/unreachable') throw fault;
    } finally {
      this.#signaling.close();
    }
  }

  #opened(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(new ParleyError('signaling/unreachable'));
      if (signal.aborted) return giveUp();
      signal.addEventListener('abort', giveUp, { once: true });
      this.#onState = ({ at }) => {
        if (at === 'open') resolve();
      };
      this.#signaling.start();
    });
  }
}
