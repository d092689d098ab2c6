import { concat, equalBytes, utf8, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import {
  decodeM1,
  decodeM2,
  encodeM1,
  encodeM2,
  MODES,
  PUBLIC_KEY_BYTES,
  RANDOM_BYTES,
  SIGNATURE_BYTES,
  SUITE,
  type M1Payload,
  type M2Payload,
  type Mode,
} from '../protocol/handshake';
import { ID_BYTES, idBytes, type MeetingId } from '../protocol/ids';
import { p256, type DhPair } from './dh';
import { sha256 } from './hash';
import { signHandshake, verifyHandshake } from './host-key';
import { mlKem768, type KemPair } from './kem';
import { NN_PSK0_HFS, NoiseHandshake, type NoiseOptions } from './noise';
import { SessionSecrets } from './session-secrets';

/**
 * The handshake of every pair (section 5): Noise_NNpsk0+hfs over P-256 and ML-KEM-768.
 *
 *   initiator (guest)                                           responder (host)
 *   Initiator.start
 *     rI random, commit = H("parley1 sas" | rI)
 *     M1: psk, e, e1    { commit, capabilities }  ----------->  Responder.accept
 *                                                                 (whoever lacks the link fails here)
 *     Initiator.readM2                            <-----------  Responder.writeM2
 *       public key hashes to the meeting's id?                    M2: e, ee, ekem1  { rR, capabilities, public key,
 *       signature over h is that key's?                               signature over h, policy, offer or none }
 *     ---------------------------- both have SessionSecrets ------------------------------
 *     record 0: M3 { rI, name, ... }              ----------->  Responder.checkCommit(rI)
 *                                                                 (the record's key confirms the initiator's side)
 *
 * The link's psk keeps strangers out; the host's signature over `h`, which holds both ephemeral keys, keeps those who
 * hold the link from playing host; the commitment leaves a middleman one guess at the safety words (section 6). Every
 * failure is `crypto/open-failed` and changes nothing, so that a true message can still come after a false one.
 */

const PROTOCOL_NAME = 'Noise_NNpsk0+hfs_P256+MLKEM768_AESGCM_SHA256';
const COMMIT_LABEL = utf8('parley1 sas');

/** `initiator` and `responder` are the 16 bytes of each one's peer id: a message cannot be moved to another pair. */
export type Parties = { id: MeetingId; mode: Mode; initiator: Bytes; responder: Bytes };

/** The initiator's one-time keys. They can be made before anybody presses Join, and serve one handshake. */
export class Ephemerals {
  #pairs: { e: DhPair; e1: KemPair } | null;

  constructor(pairs: { e: DhPair; e1: KemPair }) {
    this.#pairs = pairs;
  }

  /** Throws `protocol/unexpected` the second time: a key used twice would join two sessions. */
  take(): { e: DhPair; e1: KemPair } {
    const pairs = this.#pairs;
    if (pairs === null) throw new ParleyError('protocol/unexpected');
    this.#pairs = null;
    return pairs;
  }
}

export async function prepareEphemerals(): Promise<Ephemerals> {
  const [e, e1] = await Promise.all([p256.generate(), mlKem768.generate()]);
  return new Ephemerals({ e, e1 });
}

export class Initiator {
  /** To be sent. */
  readonly m1: Bytes;
  /** rI, 32 bytes: goes into message 3, and not before. */
  readonly random: Bytes;
  readonly #noise: NoiseHandshake;
  readonly #parties: Parties;

  private constructor(m1: Bytes, random: Bytes, noise: NoiseHandshake, parties: Parties) {
    this.m1 = m1;
    this.random = random;
    this.#noise = noise;
    this.#parties = parties;
  }

  static async start(options: {
    psk: Bytes;
    parties: Parties;
    capabilities: number;
    ephemerals?: Ephemerals | undefined;
  }): Promise<Initiator> {
    const { psk, parties, capabilities, ephemerals } = options;
    const random = randomBytes();
    const [commit, noise] = await Promise.all([
      commitTo(random),
      NoiseHandshake.start({ ...suite('initiator', psk, parties), ...ephemerals?.take() }),
    ]);
    const m1 = await noise.write(() => encodeM1({ commit, capabilities }));
    return new Initiator(m1, random, noise, parties);
  }

  /**
   * Opens message 2. `hostMeetingId` is the meeting whose host must have signed it, or `null` where there is no host
   * (modes 2 and 3). Throws `crypto/open-failed`, after which the true message 2 can still be read;
   * `protocol/unexpected` once one was.
   */
  async readM2(
    m2: Bytes,
    { hostMeetingId }: { hostMeetingId: MeetingId | null },
  ): Promise<{ payload: M2Payload; secrets: SessionSecrets }> {
    const payload = await this.#noise.read(m2, async (bytes, h) => {
      const decoded = decodeM2(bytes);
      await checkHost(decoded, h, this.#parties, hostMeetingId);
      return decoded;
    });
    return { payload, secrets: await SessionSecrets.from(await this.#noise.split()) };
  }
}

/** Mode and expectation must agree: a host-guest handshake is never taken unsigned, whatever the caller says. */
async function checkHost(
  m2: M2Payload,
  h: Bytes,
  parties: Parties,
  expected: MeetingId | null,
): Promise<void> {
  if (expected !== (parties.mode === 'host-guest' ? parties.id : null))
    throw new ParleyError('crypto/open-failed');
  if (expected !== null) return verifyHandshake(m2.publicKey, m2.signature, { id: expected, h });
  if (!isBlank(m2.publicKey) || !isBlank(m2.signature)) throw new ParleyError('crypto/open-failed');
}

export class Responder {
  readonly m1: M1Payload;
  readonly #noise: NoiseHandshake;
  readonly #parties: Parties;

  private constructor(m1: M1Payload, noise: NoiseHandshake, parties: Parties) {
    this.m1 = m1;
    this.#noise = noise;
    this.#parties = parties;
  }

  /** Opens message 1. Throws `crypto/open-failed`: another link, an old one, or no link at all. */
  static async accept(options: { psk: Bytes; parties: Parties }, m1: Bytes): Promise<Responder> {
    const { psk, parties } = options;
    const noise = await NoiseHandshake.start(suite('responder', psk, parties));
    return new Responder(await noise.read(m1, decodeM1), noise, parties);
  }

  /**
   * Writes message 2, once. `host` signs in mode 1 and is `null` in the others. Throws `crypto/open-failed` where the
   * initiator's KEM key turns out to be none.
   */
  async writeM2(options: {
    host: { publicKey: Bytes; privateKey: CryptoKey } | null;
    capabilities: number;
    policy: M2Payload['policy'];
    offer: M2Payload['offer'];
  }): Promise<{ bytes: Bytes; secrets: SessionSecrets; random: Bytes }> {
    const { host, capabilities, policy, offer } = options;
    const { id, mode } = this.#parties;
    if ((host !== null) !== (mode === 'host-guest')) throw new ParleyError('protocol/unexpected');
    const random = randomBytes();
    const bytes = await this.#noise.write(async (h) => {
      const publicKey = host?.publicKey ?? new Uint8Array(PUBLIC_KEY_BYTES);
      const signature = host
        ? await signHandshake(host.privateKey, { id, h })
        : new Uint8Array(SIGNATURE_BYTES);
      return encodeM2({ random, capabilities, publicKey, signature, policy, offer });
    });
    return { bytes, random, secrets: await SessionSecrets.from(await this.#noise.split()) };
  }

  /** Throws `crypto/open-failed` unless message 3's `rI` is what message 1 was bound to. */
  async checkCommit(randomI: Bytes): Promise<void> {
    if (!equalBytes(await commitTo(randomI), this.m1.commit)) throw new ParleyError('crypto/open-failed');
  }
}

function suite(role: NoiseOptions['role'], psk: Bytes, parties: Parties): NoiseOptions {
  const prologue = prologueOf(parties);
  return { protocolName: PROTOCOL_NAME, pattern: NN_PSK0_HFS, role, prologue, psk, dh: p256, kem: mlKem768 };
}

/** `"parley1" | suite(1) | id(16) | mode(1) | initiator(16) | responder(16)` */
function prologueOf({ id, mode, initiator, responder }: Parties): Bytes {
  if (initiator.length !== ID_BYTES || responder.length !== ID_BYTES)
    throw new ParleyError('protocol/malformed');
  const [suiteByte, modeByte] = [Uint8Array.of(SUITE), Uint8Array.of(MODES[mode])];
  return concat(utf8('parley1'), suiteByte, idBytes(id), modeByte, initiator, responder);
}

const commitTo = (random: Bytes): Promise<Bytes> => sha256(concat(COMMIT_LABEL, random));
const randomBytes = (): Bytes => crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
const isBlank = (bytes: Bytes): boolean => bytes.every((byte) => byte === 0);
