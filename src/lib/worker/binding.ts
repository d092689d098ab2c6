import { equalBytes, type Bytes } from '../protocol/bytes';
import { guardDescription, type GuardRules } from '../protocol/description';
import { ParleyError } from '../protocol/errors';
import type { Description } from '../protocol/handshake';
import { contextOf, type Direction } from '../crypto/session-secrets';

/** What every key inside a connection is bound to: the DTLS fingerprints of its two ends (section 5). */
export class Binding {
  #own: Bytes | null = null;
  #other: Bytes | null = null;

  /** One's own description as it may leave. Throws `description/refused`. */
  described(description: Description, rules: GuardRules): Description {
    const { description: guarded, fingerprint } = guardDescription(description, rules);
    this.#own = fingerprint;
    return guarded;
  }

  /** The other side's description: bounded, and always with the fingerprint it came with first. Throws `description/refused`. */
  guard(description: Description, rules: GuardRules): Description {
    const { description: guarded, fingerprint } = guardDescription(description, rules);
    if (this.#other !== null && !equalBytes(this.#other, fingerprint))
      throw new ParleyError('description/refused');
    this.#other = fingerprint;
    return guarded;
  }

  /** 32 bytes, or `null` until both ends are known. `own` is the direction in which this end speaks. */
  context(own: Direction): Promise<Bytes> | null {
    if (this.#own === null || this.#other === null) return null;
    return own === 'i2r' ? contextOf(this.#own, this.#other) : contextOf(this.#other, this.#own);
  }
}
