import { fromBase64url, Reader, toBase64url, Writer, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import type { MeetingId } from '../protocol/ids';
import {
  createHostKey,
  importHostKey,
  meetingIdOf,
  signClaim,
  signRetire,
  verifyRetire,
} from '../crypto/host-key';
import { createSecret, makeFragment, openFragment } from '../crypto/link';
import { linkKeys } from '../crypto/link-keys';
import { openRecord, sealRecord, type SealedRecord } from '../crypto/sealed-record';
import { PUBLIC_KEY_BYTES } from '../protocol/handshake';
import type { VaultPlace } from './messages';

/** The vault store whose records only this worker opens. */
export const KEYS_STORE = 'keys';

type RetireNotice = { publicKey: Bytes; signature: Bytes; timeMs: number };
type Host = { publicKey: Bytes; privateKey: CryptoKey; pkcs8: Bytes };

/**
 * The keys of one meeting: the link's secret and, for its host, the host's key. Made here, sealed here, opened here;
 * they leave only as ciphertext, as signatures, and as the link that the person sees (section 12).
 */
export class MeetingKeys {
  readonly id: MeetingId;
  readonly psk: Bytes;
  readonly host: Host | null;
  readonly #secret: Bytes;

  private constructor(id: MeetingId, secret: Bytes, psk: Bytes, host: Host | null) {
    this.id = id;
    this.psk = psk;
    this.host = host;
    this.#secret = secret;
  }

  static async #with(id: MeetingId, secret: Bytes, host: Host | null): Promise<MeetingKeys> {
    const { psk } = await linkKeys(id, secret);
    return new MeetingKeys(id, secret, psk, host);
  }

  static async create(): Promise<MeetingKeys> {
    const host = await createHostKey();
    return MeetingKeys.#with(await meetingIdOf(host.publicKey), createSecret(), host);
  }

  /** Throws `link/malformed`. */
  static async fromFragment(fragment: string): Promise<MeetingKeys> {
    const { id, secret } = await openFragment(fragment);
    return MeetingKeys.#with(id, secret, null);
  }

  /** Throws `vault/unreadable`. */
  static async fromVault(place: VaultPlace, sealed: SealedRecord): Promise<MeetingKeys> {
    try {
      return await MeetingKeys.#unsealed(place, sealed);
    } catch (cause) {
      throw new ParleyError('vault/unreadable', { cause });
    }
  }

  static async #unsealed({ dataKey, vaultId }: VaultPlace, sealed: SealedRecord): Promise<MeetingKeys> {
    return MeetingKeys.fromBytes(await openRecord(dataKey, KEYS_STORE, vaultId, sealed));
  }

  /** Of `toBytes`. Throws `protocol/malformed`, `link/malformed`. */
  static async fromBytes(bytes: Bytes): Promise<MeetingKeys> {
    const reader = new Reader(bytes);
    const fragment = reader.text16(68);
    const { id, secret } = await openFragment(fragment);
    if (!reader.flag()) {
      reader.end();
      return MeetingKeys.#with(id, secret, null);
    }
    const publicKey = reader.raw(PUBLIC_KEY_BYTES);
    const pkcs8 = reader.bytes16(512);
    reader.end();
    if ((await meetingIdOf(publicKey)) !== id) throw new ParleyError('protocol/malformed');
    return MeetingKeys.#with(id, secret, { publicKey, pkcs8, privateKey: await importHostKey(pkcs8) });
  }

  /** The same meeting with a new secret. */
  async renewed(): Promise<MeetingKeys> {
    return MeetingKeys.#with(this.id, createSecret(), this.#asHost());
  }

  /** Names this meeting in a push message (section 4). */
  async pushTag(): Promise<string> {
    return toBase64url((await linkKeys(this.id, this.#secret)).pushTag);
  }

  fragment(): Promise<string> {
    return makeFragment(this.id, this.#secret);
  }

  /** `fragment(2+68) | isHost(1) [| publicKey(65) | pkcs8(2+n)]`. */
  async toBytes(): Promise<Bytes> {
    const writer = new Writer().text16(await this.fragment()).u8(this.host === null ? 0 : 1);
    if (this.host !== null) writer.raw(this.host.publicKey).bytes16(this.host.pkcs8);
    return writer.done();
  }

  async seal({ dataKey, vaultId }: VaultPlace): Promise<SealedRecord> {
    return sealRecord(dataKey, KEYS_STORE, vaultId, await this.toBytes());
  }

  async signClaim(origin: string, nonce: string): Promise<{ publicKey: string; signature: string }> {
    const { publicKey, privateKey } = this.#asHost();
    const signature = await signClaim(privateKey, { origin, id: this.id, nonce: fromBase64url(nonce) });
    return { publicKey: toBase64url(publicKey), signature: toBase64url(signature) };
  }

  async signRetire(origin: string, timeMs: number): Promise<{ publicKey: string; signature: string }> {
    const { publicKey, privateKey } = this.#asHost();
    const signature = await signRetire(privateKey, { origin, id: this.id, timeMs });
    return { publicKey: toBase64url(publicKey), signature: toBase64url(signature) };
  }

  /** Throws `crypto/open-failed` for a notice that the host of this meeting did not sign. */
  async verifyRetire(origin: string, notice: RetireNotice): Promise<void> {
    const { publicKey, signature, timeMs } = notice;
    await verifyRetire(publicKey, signature, { origin, id: this.id, timeMs });
  }

  #asHost(): Host {
    if (this.host === null) throw new ParleyError('protocol/unexpected');
    return this.host;
  }
}
