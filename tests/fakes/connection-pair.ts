import type { Bytes } from '../../src/lib/protocol/bytes';
import { decodeEnvelope, type Envelope } from '../../src/lib/protocol/envelope';
import { codeOf } from '../../src/lib/protocol/errors';
import { NO_POLICY, type Description, type Policy } from '../../src/lib/protocol/handshake';
import { randomId, type ParticipantId, type PeerId } from '../../src/lib/protocol/ids';
import { Connection, greetHost } from '../../src/lib/worker/connection';
import { MeetingKeys } from '../../src/lib/worker/meeting-keys';
import type { WorkerEvent } from '../../src/lib/worker/messages';
import { FakeByteChannel } from './byte-channel';
import { EventLog } from './event-log';

export type Side = 'guest' | 'host';
/** An envelope between the two, with the server in the middle holding it. */
export type Passing = { from: Side; kind: Envelope['kind']; bytes: Bytes };

export const TAG = '0123456789abcdef';
export const other = (side: Side): Side => (side === 'guest' ? 'host' : 'guest');

/** A description that passes the guard, with the fingerprint that consists of one repeated byte. */
export function description(type: Description['type'], fingerprintByte: number): Description {
  const pair = fingerprintByte.toString(16).padStart(2, '0').toUpperCase();
  const lines = [
    'v=0',
    'o=- 1 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `a=fingerprint:sha-256 ${Array<string>(32).fill(pair).join(':')}`,
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
  ];
  return { type, sdp: `${lines.join('\r\n')}\r\n` };
}

type PairOptions = {
  policy?: Partial<Policy>;
  admits?: boolean;
  /** The guest hides their address. */
  hides?: boolean;
  keys?: { host: MeetingKeys; guest: MeetingKeys };
};

/** The keys of a meeting as its host has them and as somebody has them who opened the link. */
export async function meetingKeys(): Promise<{ host: MeetingKeys; guest: MeetingKeys }> {
  const host = await MeetingKeys.create();
  return { host, guest: await MeetingKeys.fromFragment(await host.fragment()) };
}

/**
 * Two connections with real keys, each with a page that does the usual: describes when asked, answers an offer, admits
 * who arrives. Envelopes go through `relay`, which is the server and may be anything but honest.
 */
export class ConnectionPair {
  readonly guestPeer = randomId<PeerId>();
  readonly participant = randomId<ParticipantId>();
  readonly heard = { guest: new EventLog<WorkerEvent>(), host: new EventLog<WorkerEvent>() };
  /** Everything that was handed to the relay, in order. */
  readonly passed: Passing[] = [];
  readonly channels: { guest: FakeByteChannel; host: FakeByteChannel };
  readonly fingerprints = { guest: 0x11, host: 0x22 };
  readonly policy: Policy;
  relay: (passing: Passing) => void = ({ from, bytes }) => this.deliver(other(from), bytes);
  #connections: Partial<Record<Side, Connection>> = {};
  readonly #keys: { host: MeetingKeys; guest: MeetingKeys };
  readonly #admits: boolean;
  readonly #hides: boolean;
  /** Messages 1 that the host's keys did not open. */
  refusals = 0;
  #answering: Promise<void> = Promise.resolve();

  private constructor(keys: { host: MeetingKeys; guest: MeetingKeys }, options: PairOptions) {
    this.#keys = keys;
    this.#admits = options.admits ?? true;
    this.#hides = options.hides ?? false;
    this.policy = { ...NO_POLICY, ...options.policy };
    const [guest, host] = FakeByteChannel.pair();
    this.channels = { guest, host };
  }

  static async create(options: PairOptions = {}): Promise<ConnectionPair> {
    return new ConnectionPair(options.keys ?? (await meetingKeys()), options);
  }

  get guest(): Connection {
    return this.#connection('guest');
  }
  get host(): Connection {
    return this.#connection('host');
  }

  async knock(): Promise<void> {
    this.#connections.guest = Connection.knock(
      { keys: this.#keys.guest, origin: 'https://meet.example', emit: (event) => this.#hear('guest', event) },
      {
        tag: TAG,
        initiator: await greetHost(this.#keys.guest, this.guestPeer),
        introduction: { participant: this.participant, name: 'Gerda', knockText: 'It is me' },
        rules: { relayOnly: this.#hides },
      },
    );
  }

  /** Knocks and waits until both ends have an open channel. */
  async open(): Promise<void> {
    await this.knock();
    await Promise.all([this.heard.guest.first('open'), this.heard.host.first('open')]);
  }

  /** Hands an envelope to one end, as its page would. */
  deliver(to: Side, bytes: Bytes): void {
    const envelope = decodeEnvelope(bytes);
    const connection = this.#connections[to];
    if (connection !== undefined) connection.receive(envelope, to === 'host' ? this.guestPeer : null);
    else if (to === 'host' && envelope.kind === 'm1') this.#answerLater(envelope.body, envelope.tag);
  }

  /** The page of that side makes its description. */
  describe(side: Side, type: Description['type']): void {
    const own = description(type, this.fingerprints[side]);
    this.#connection(side).described(own, this.channels[side], this.policy);
    if (type === 'answer') this.channels.guest.open();
  }

  admit(): void {
    this.host.admit({ status: 'admit', name: 'Harald' });
    if (this.policy.lobby) this.describe('host', 'offer');
  }

  #answerLater(m1: Bytes, tag: string): void {
    this.#answering = this.#answering.then(() =>
      this.#answer(m1, tag).catch((fault: unknown) => {
        if (codeOf(fault) !== 'crypto/open-failed') throw fault;
        this.refusals++;
      }),
    );
  }

  async #answer(m1: Bytes, tag: string): Promise<void> {
    if (this.#connections.host !== undefined) return;
    const { host } = this.#keys;
    const surroundings = {
      keys: host,
      origin: 'https://meet.example',
      emit: (event: WorkerEvent) => this.#hear('host', event),
    };
    const { guestPeer: from, policy } = this;
    this.#connections.host = await Connection.answer(surroundings, {
      tag,
      from,
      m1,
      policy,
      rules: { relayOnly: policy.relayOnly },
    });
    if (!policy.lobby) this.describe('host', 'offer');
  }

  #hear(side: Side, event: WorkerEvent): void {
    this.heard[side].add(event);
    if (event.type === 'envelope') {
      const passing = { from: side, kind: decodeEnvelope(event.bytes).kind, bytes: event.bytes };
      this.passed.push(passing);
      this.relay(passing);
    }
    const isOffer = event.type === 'negotiation' && event.message.kind === 'description';
    if (isOffer && side === 'guest') this.describe('guest', 'answer');
    if (event.type === 'arrived' && this.#admits) this.admit();
  }

  #connection(side: Side): Connection {
    const connection = this.#connections[side];
    if (connection === undefined) throw new Error(`the ${side} has no connection yet`);
    return connection;
  }
}
