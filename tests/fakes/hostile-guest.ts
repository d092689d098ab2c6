import type { Bytes } from '../../src/lib/protocol/bytes';
import { decodeEnvelope, encodeEnvelope } from '../../src/lib/protocol/envelope';
import { NO_POLICY, OWN_CAPABILITIES, type M3Payload, type Policy } from '../../src/lib/protocol/handshake';
import { idBytes, randomId, type ParticipantId, type PeerId } from '../../src/lib/protocol/ids';
import { encodeMessage, type Message } from '../../src/lib/protocol/message';
import { Initiator } from '../../src/lib/crypto/handshake';
import { RecordSealer } from '../../src/lib/crypto/record';
import { contextOf, type Direction, type SessionSecrets } from '../../src/lib/crypto/session-secrets';
import { Connection } from '../../src/lib/worker/connection';
import type { MeetingKeys } from '../../src/lib/worker/meeting-keys';
import type { WorkerEvent } from '../../src/lib/worker/messages';
import { FakeByteChannel } from './byte-channel';
import { description, TAG } from './connection-pair';
import { EventLog } from './event-log';

export const HOST_FINGERPRINT = 0x22;
export const GUEST_FINGERPRINT = 0x11;

/** Somebody who holds the link, has finished the handshake properly, and from there on says what they like. */
export class HostileGuest {
  readonly host: Connection;
  readonly heard: EventLog<WorkerEvent>;
  readonly channel: FakeByteChannel;
  readonly secrets: SessionSecrets;
  readonly #random: Bytes;
  readonly #sealer: RecordSealer;
  readonly #peer: PeerId;

  private constructor(parts: {
    host: Connection;
    heard: EventLog<WorkerEvent>;
    channel: FakeByteChannel;
    secrets: SessionSecrets;
    random: Bytes;
    sealer: RecordSealer;
    peer: PeerId;
  }) {
    this.host = parts.host;
    this.heard = parts.heard;
    this.channel = parts.channel;
    this.secrets = parts.secrets;
    this.#random = parts.random;
    this.#sealer = parts.sealer;
    this.#peer = parts.peer;
  }

  static async meet(keys: MeetingKeys, policy: Policy = NO_POLICY): Promise<HostileGuest> {
    const peer = randomId<PeerId>();
    const heard = new EventLog<WorkerEvent>();
    const initiator = await Initiator.start({
      psk: keys.psk,
      parties: { id: keys.id, mode: 'host-guest', initiator: idBytes(peer), responder: idBytes(keys.id) },
      capabilities: OWN_CAPABILITIES,
    });
    const surroundings = {
      keys,
      origin: 'https://meet.example',
      emit: (event: WorkerEvent) => heard.add(event),
    };
    const host = await Connection.answer(surroundings, {
      tag: TAG,
      from: peer,
      m1: initiator.m1,
      policy,
      rules: { relayOnly: policy.relayOnly },
    });
    const [channel, hostChannel] = FakeByteChannel.pair();
    if (!policy.lobby) host.described(description('offer', HOST_FINGERPRINT), hostChannel, policy);
    const m2 = decodeEnvelope((await heard.first('envelope')).bytes);
    if (m2.kind !== 'm2') throw new Error('message 2 was expected');
    const { secrets } = await initiator.readM2(m2.body, { hostMeetingId: keys.id });
    const sealer = new RecordSealer(await secrets.keysFor('signal', 'i2r', new Uint8Array(0)));
    return new HostileGuest({ host, heard, channel, secrets, random: initiator.random, sealer, peer });
  }

  /** Message 3 as it should be, but for `changes`. */
  introduce(changes: Partial<M3Payload> = {}): Promise<void> {
    const answer = description('answer', GUEST_FINGERPRINT);
    const participant = randomId<ParticipantId>();
    const payload = { random: this.#random, participant, name: 'Mallory', knockText: '', answer, ...changes };
    return this.say({ kind: 'm3', payload });
  }

  say(message: Message): Promise<void> {
    return this.sayBytes(encodeMessage(message));
  }

  /** Seals anything as the next record over the server. */
  async sayBytes(message: Bytes): Promise<void> {
    const body = await this.#sealer.seal(message);
    const envelope = decodeEnvelope(encodeEnvelope({ kind: 'record', tag: TAG, body }));
    this.host.receive(envelope, this.#peer);
  }

  /** The cipher of the channel, bound to any two fingerprints. */
  async talkSealer(guestByte = GUEST_FINGERPRINT, direction: Direction = 'i2r'): Promise<RecordSealer> {
    const prints = [guestByte, HOST_FINGERPRINT].map((byte) => new Uint8Array(32).fill(byte));
    const [guest, host] = prints as [Bytes, Bytes];
    return new RecordSealer(await this.secrets.keysFor('chat', direction, await contextOf(guest, host)));
  }

  /** Introduces itself, opens the channel, and answers the sealer of what it says there. */
  async open(): Promise<RecordSealer> {
    await this.introduce();
    this.channel.open();
    await this.heard.first('open');
    return this.talkSealer();
  }
}
