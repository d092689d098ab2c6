import { concat, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { orOpenFailed, TAG_BYTES } from './aead';
import type { Dh, DhPair } from './dh';
import type { Kem, KemPair } from './kem';
import { SymmetricState } from './symmetric-state';

/**
 * HandshakeState of the Noise specification, revision 34, section 5.3, for patterns between two parties without static
 * keys, with a pre-shared key (section 9) and with the KEM tokens of the "hybrid forward secrecy" extension:
 *
 *   e      the sender's ephemeral public key; in a psk handshake it is mixed into the key as well (section 9.2)
 *   ee     MixKey(DH of both ephemerals)
 *   psk    MixKeyAndHash(psk)
 *   e1     the initiator's KEM public key, through EncryptAndHash
 *   ekem1  a ciphertext for e1, through EncryptAndHash; then MixKey(the secret inside)
 */
export type Token = 'e' | 'ee' | 'psk' | 'e1' | 'ekem1';
export type Pattern = readonly (readonly Token[])[];

export const NN: Pattern = [['e'], ['e', 'ee']];
export const NN_PSK0: Pattern = [
  ['psk', 'e'],
  ['e', 'ee'],
];
export const NN_PSK0_HFS: Pattern = [
  ['psk', 'e', 'e1'],
  ['e', 'ee', 'ekem1'],
];

/** Section 3. */
export const MAX_NOISE_BYTES = 65_535;

export type NoiseOptions = {
  protocolName: string;
  pattern: Pattern;
  role: 'initiator' | 'responder';
  prologue: Bytes;
  dh: Dh;
  /** For patterns with KEM tokens. */
  kem?: Kem;
  /** 32 bytes, for patterns with a psk token. */
  psk?: Bytes;
  /** Made early, or fixed for vectors; generated when they are needed if absent. */
  e?: DhPair;
  e1?: KemPair;
};

/** Replaced as a whole, and only when a message held from end to end. */
type State = {
  symmetric: SymmetricState;
  step: number;
  e: DhPair | null;
  e1: KemPair | null;
  re: CryptoKey | null;
  re1: Bytes | null;
};

export type Split = { h: Bytes; k1: Bytes; k2: Bytes };

export class NoiseHandshake {
  readonly #options: NoiseOptions;
  #state: State;

  private constructor(options: NoiseOptions, state: State) {
    this.#options = options;
    this.#state = state;
  }

  static async start(options: NoiseOptions): Promise<NoiseHandshake> {
    const symmetric = await SymmetricState.initialize(options.protocolName);
    await symmetric.mixHash(options.prologue);
    const { e = null, e1 = null } = options;
    return new NoiseHandshake(options, { symmetric, step: 0, e, e1, re: null, re1: null });
  }

  /** Writes the next message. `makePayload` is given the handshake hash just before the payload. */
  async write(makePayload: (h: Bytes) => Bytes | Promise<Bytes>): Promise<Bytes> {
    const before = this.#turn('write');
    const tokens = this.#tokens(before);
    const state = { ...before, symmetric: before.symmetric.copy() };

    // What needs no hash runs first and at once: the chain of hashes after it is short.
    const [e, e1, encapsulated] = await Promise.all([
      tokens.includes('e') ? (state.e ?? this.#options.dh.generate()) : state.e,
      tokens.includes('e1') ? (state.e1 ?? this.#kem().generate()) : state.e1,
      tokens.includes('ekem1') ? this.#kem().encapsulate(present(state.re1)) : null,
    ]);
    Object.assign(state, { e, e1 });

    const parts: Bytes[] = [];
    for (const token of tokens) {
      if (token === 'e') {
        parts.push(present(e).publicKey);
        await this.#mixEphemeral(state, present(e).publicKey);
      } else if (token === 'e1') {
        parts.push(await state.symmetric.encryptAndHash(present(e1).publicKey));
      } else if (token === 'ekem1') {
        const { ciphertext, sharedSecret } = present(encapsulated);
        parts.push(await state.symmetric.encryptAndHash(ciphertext));
        await state.symmetric.mixKey(sharedSecret);
      } else {
        await this.#mixShared(state, token);
      }
    }
    parts.push(await state.symmetric.encryptAndHash(await makePayload(state.symmetric.h)));
    const message = concat(...parts);
    if (message.length > MAX_NOISE_BYTES) throw new RangeError('Noise messages are at most 65535 bytes');
    this.#commit(before, state);
    return message;
  }

  /**
   * Reads the next message. `take` is given the payload and the handshake hash just before it, and may refuse by
   * throwing. Whatever fails throws `crypto/open-failed` and leaves everything as it was: a true message may follow.
   */
  async read<T>(message: Bytes, take: (payload: Bytes, h: Bytes) => T | Promise<T>): Promise<T> {
    const before = this.#turn('read');
    const state = { ...before, symmetric: before.symmetric.copy() };
    const taken = await orOpenFailed(async () => {
      const payload = await this.#readTokens(state, message);
      const h = state.symmetric.h;
      return take(await state.symmetric.decryptAndHash(payload), h);
    });
    this.#commit(before, state);
    return taken;
  }

  /** After the last message: the handshake hash and the two keys of Split. The handshake can do nothing more. */
  async split(): Promise<Split> {
    const { symmetric, step, e1 } = this.#state;
    if (step !== this.#options.pattern.length) throw new ParleyError('protocol/unexpected');
    this.#state = { ...this.#state, step: step + 1 };
    e1?.destroy();
    return { h: symmetric.h, ...(await symmetric.split()) };
  }

  /** Reads all tokens of a message into `state` and returns the rest, which is the sealed payload. */
  async #readTokens(state: State, message: Bytes): Promise<Bytes> {
    if (message.length > MAX_NOISE_BYTES) throw new ParleyError('crypto/open-failed');
    let at = 0;
    const next = (length: number): Bytes => {
      if (message.length - at < length) throw new ParleyError('crypto/open-failed');
      return message.slice(at, (at += length));
    };
    const nextOpened = (length: number): Promise<Bytes> =>
      state.symmetric.decryptAndHash(next(length + (state.symmetric.hasKey ? TAG_BYTES : 0)));

    for (const token of this.#tokens(state)) {
      if (token === 'e') {
        const publicKey = next(this.#options.dh.publicKeyLength);
        state.re = await this.#options.dh.importPublic(publicKey);
        await this.#mixEphemeral(state, publicKey);
      } else if (token === 'e1') {
        state.re1 = await nextOpened(this.#kem().publicKeyLength);
      } else if (token === 'ekem1') {
        const ciphertext = await nextOpened(this.#kem().ciphertextLength);
        await state.symmetric.mixKey(await present(state.e1).decapsulate(ciphertext));
      } else {
        await this.#mixShared(state, token);
      }
    }
    return message.slice(at);
  }

  async #mixEphemeral({ symmetric }: State, publicKey: Bytes): Promise<void> {
    await symmetric.mixHash(publicKey);
    // A copy: mixKey overwrites what it is given.
    if (this.#options.psk !== undefined) await symmetric.mixKey(publicKey.slice());
  }

  async #mixShared({ symmetric, e, re }: State, token: 'ee' | 'psk'): Promise<void> {
    if (token === 'psk') await symmetric.mixKeyAndHash(present(this.#options.psk));
    else await symmetric.mixKey(await this.#options.dh.agree(present(e).privateKey, present(re)));
  }

  #tokens({ step }: State): readonly Token[] {
    return this.#options.pattern[step] ?? [];
  }

  #kem(): Kem {
    return present(this.#options.kem);
  }

  /** The state to go on from, or `protocol/unexpected`: the initiator writes the even messages. */
  #turn(action: 'write' | 'read'): State {
    const state = this.#state;
    const isOwn = (state.step % 2 === 0) === (this.#options.role === 'initiator');
    if (state.step >= this.#options.pattern.length || isOwn !== (action === 'write')) {
      throw new ParleyError('protocol/unexpected');
    }
    return state;
  }

  /** Of two messages at work at once the first that holds counts. */
  #commit(before: State, after: State): void {
    if (this.#state !== before) throw new ParleyError('protocol/unexpected');
    before.symmetric.destroy();
    this.#state = { ...after, step: before.step + 1 };
  }
}

/** What the pattern promises to be there; its lack is a fault in the pattern or its options. */
function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new ParleyError('internal/fault');
  return value;
}
