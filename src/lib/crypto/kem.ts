import { equalBytes, type Bytes } from '../protocol/bytes';
import { orOpenFailed } from './aead';

/**
 * ML-KEM-768 (FIPS 203): what keeps a session sealed against a later quantum computer. Native where the browser has it
 * and it works, else `@noble/post-quantum`, a chunk of its own that browsers with the native one never fetch.
 */

export type KemPair = {
  publicKey: Bytes;
  /** The 32-byte shared secret. Any ciphertext of the right length gives one; a wrong one shows at the next tag. */
  decapsulate(ciphertext: Bytes): Promise<Bytes>;
  /** Overwrites the private key where it lies in our own memory. */
  destroy(): void;
};

export interface Kem {
  readonly publicKeyLength: number;
  readonly ciphertextLength: number;
  generate(): Promise<KemPair>;
  /** Throws `crypto/open-failed` for a key that fails FIPS 203's check of the modulus (section 7.2). */
  encapsulate(publicKey: Bytes): Promise<{ ciphertext: Bytes; sharedSecret: Bytes }>;
}

const SIZES = { publicKeyLength: 1184, ciphertextLength: 1088 } as const;

/** The part of WICG "Modern Algorithms in the Web Cryptography API" that TypeScript's library does not know yet. */
interface KemSubtle {
  generateKey(algorithm: typeof ML_KEM, extractable: boolean, usages: KemUsage[]): Promise<CryptoKeyPair>;
  exportKey(format: 'raw-public', key: CryptoKey): Promise<ArrayBuffer>;
  importKey(
    format: 'raw-public',
    keyData: Bytes,
    algorithm: typeof ML_KEM,
    extractable: boolean,
    usages: KemUsage[],
  ): Promise<CryptoKey>;
  encapsulateBits(
    algorithm: typeof ML_KEM,
    key: CryptoKey,
  ): Promise<{ ciphertext: ArrayBuffer; sharedKey: ArrayBuffer }>;
  decapsulateBits(algorithm: typeof ML_KEM, key: CryptoKey, ciphertext: Bytes): Promise<ArrayBuffer>;
}
type KemUsage = 'encapsulateBits' | 'decapsulateBits';
const ML_KEM = { name: 'ML-KEM-768' } as const;

function isKemSubtle(subtle: object): subtle is KemSubtle {
  return 'encapsulateBits' in subtle && 'decapsulateBits' in subtle;
}

const nativeKem = (subtle: KemSubtle): Kem => ({
  ...SIZES,
  async generate() {
    const pair = await subtle.generateKey(ML_KEM, false, ['encapsulateBits', 'decapsulateBits']);
    return {
      publicKey: new Uint8Array(await subtle.exportKey('raw-public', pair.publicKey)),
      decapsulate: async (ciphertext) =>
        new Uint8Array(await orOpenFailed(() => subtle.decapsulateBits(ML_KEM, pair.privateKey, ciphertext))),
      destroy: () => undefined,
    };
  },
  async encapsulate(publicKey) {
    const key = await orOpenFailed(() =>
      subtle.importKey('raw-public', publicKey, ML_KEM, false, ['encapsulateBits']),
    );
    const { ciphertext, sharedKey } = await orOpenFailed(() => subtle.encapsulateBits(ML_KEM, key));
    return { ciphertext: new Uint8Array(ciphertext), sharedSecret: new Uint8Array(sharedKey) };
  },
});

/** Random bytes for each use, or fixed ones for frozen vectors: 64 to generate, 32 to encapsulate. */
export type Coins = (lengthBytes: number) => Bytes;
const randomCoins: Coins = (lengthBytes) => crypto.getRandomValues(new Uint8Array(lengthBytes));

export async function portableKem(coins: Coins = randomCoins): Promise<Kem> {
  const { ml_kem768 } = await import('@noble/post-quantum/ml-kem.js');
  return {
    ...SIZES,
    async generate() {
      const { publicKey, secretKey } = ml_kem768.keygen(coins(64));
      return {
        publicKey: publicKey.slice(),
        decapsulate: (ciphertext) => orOpenFailed(() => ml_kem768.decapsulate(ciphertext, secretKey).slice()),
        destroy: () => secretKey.fill(0),
      };
    },
    async encapsulate(publicKey) {
      const made = await orOpenFailed(() => ml_kem768.encapsulate(publicKey, coins(32)));
      return { ciphertext: made.cipherText.slice(), sharedSecret: made.sharedSecret.slice() };
    },
  };
}

/** The browser's own ML-KEM if it has one and it agrees with itself, or `null`. */
export async function probeNativeKem(): Promise<Kem | null> {
  const subtle: object = crypto.subtle;
  if (!isKemSubtle(subtle)) return null;
  const kem = nativeKem(subtle);
  try {
    const pair = await kem.generate();
    const { ciphertext, sharedSecret } = await kem.encapsulate(pair.publicKey);
    const isWhole =
      pair.publicKey.length === kem.publicKeyLength &&
      ciphertext.length === kem.ciphertextLength &&
      equalBytes(await pair.decapsulate(ciphertext), sharedSecret);
    return isWhole ? kem : null;
  } catch {
    // Half an implementation counts as none: the portable one does the same.
    return null;
  }
}

/** Finds out at the first use which one this browser takes, and keeps to it. */
class ChosenKem implements Kem {
  readonly publicKeyLength = SIZES.publicKeyLength;
  readonly ciphertextLength = SIZES.ciphertextLength;
  #choice: Promise<Kem> | null = null;

  async generate(): Promise<KemPair> {
    return (await this.#chosen()).generate();
  }

  async encapsulate(publicKey: Bytes): Promise<{ ciphertext: Bytes; sharedSecret: Bytes }> {
    return (await this.#chosen()).encapsulate(publicKey);
  }

  async #chosen(): Promise<Kem> {
    this.#choice ??= probeNativeKem().then((native) => native ?? portableKem());
    try {
      return await this.#choice;
    } catch (cause) {
      // The chunk did not arrive; the next use asks for it again.
      this.#choice = null;
      throw cause;
    }
  }
}

export const mlKem768: Kem = new ChosenKem();
