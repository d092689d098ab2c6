import type { Bytes } from '../protocol/bytes';
import { guardNegotiation, type GuardRules } from '../protocol/description';
import { encodeEnvelope, type Envelope } from '../protocol/envelope';
import { codeOf, ParleyError, type ErrorCode } from '../protocol/errors';
import {
  OWN_CAPABILITIES,
  type Admission,
  type Description,
  type M3Payload,
  type Policy,
} from '../protocol/handshake';
import { idBytes, type FileId, type ParticipantId, type PeerId } from '../protocol/ids';
import type { MediaSource } from '../protocol/media';
import {
  decodeMessage,
  encodeMessage,
  type Message,
  type NegotiationMessage,
  type TalkMessage,
} from '../protocol/message';
import { Initiator, Responder, type Ephemerals, type Parties } from '../crypto/handshake';
import { opposite, type Direction, type SessionSecrets } from '../crypto/session-secrets';
import type { FrameKey } from '../crypto/sframe';
import { Binding } from './binding';
import type { ByteChannel } from './byte-channel';
import type { MeetingKeys } from './meeting-keys';
import type { ConnectionTag, WorkerEvent } from './messages';
import { NotOpened, opening } from './not-opened';
import { ServerRecords } from './server-records';
import { Talk } from './talk';

/**
 * One connection to one peer, from message 1 to the last record (section 5).
 *
 *        guest                                 host
 *   knock │ ── M1 ───────────────────────────────▶ │ knocked (wants an offer, unless there is a lobby)
 *     met │ ◀─────────────────────────── M2 [offer] │ described
 *  answer │ ── M3 [answer] ──────────────────────▶ │ arrived
 *         │ ◀──────────────────────────── admission │
 *         │ ◀════ candidates, later descriptions ══▶│   records over the server
 *    open │ ◀════════════ talk channel ════════════▶│   open
 *
 * Everything that comes is handled one after the other, in the order in which it came. What fails to open changes
 * nothing: the true message may still come.
 */
type Handshake =
  | { at: 'm1-sent'; initiator: Initiator; introduction: Introduction }
  | { at: 'm2-read'; secrets: SessionSecrets; random: Bytes; introduction: Introduction }
  | { at: 'm1-read'; responder: Responder }
  | { at: 'm2-sent'; responder: Responder; secrets: SessionSecrets; random: Bytes }
  | { at: 'done'; secrets: SessionSecrets }
  | { at: 'closed' };

/** What message 3 says of the guest. */
export type Introduction = { participant: ParticipantId; name: string; knockText: string };

/** What is the same for every connection of a meeting. */
export type Surroundings = { keys: MeetingKeys; origin: string; emit: (event: WorkerEvent) => void };

export class Connection {
  readonly tag: ConnectionTag;
  readonly startedAtMs = performance.now();
  readonly #around: Surroundings;
  readonly #own: Direction;
  #rules: GuardRules;
  #handshake: Handshake;
  /** The socket that the other end was last heard through; `null` is the meeting's host. */
  #route: PeerId | null;
  readonly #records = new ServerRecords();
  readonly #binding = new Binding();
  #channel: ByteChannel | null = null;
  #talk: Talk | null = null;
  /** The host said so; until then a guest takes the channel for closed, however quick ICE was. */
  #isAdmitted: boolean;
  #tasks: Promise<void> = Promise.resolve();

  private constructor(
    around: Surroundings,
    setup: {
      tag: ConnectionTag;
      own: Direction;
      route: PeerId | null;
      rules: GuardRules;
      handshake: Handshake;
    },
  ) {
    this.#around = around;
    this.tag = setup.tag;
    this.#own = setup.own;
    this.#isAdmitted = setup.own === 'r2i';
    this.#route = setup.route;
    this.#rules = setup.rules;
    this.#handshake = setup.handshake;
  }

  /** The guest's side: sends message 1. */
  static knock(
    around: Surroundings,
    setup: { tag: ConnectionTag; initiator: Initiator; introduction: Introduction; rules: GuardRules },
  ): Connection {
    const { tag, initiator, introduction, rules } = setup;
    const handshake: Handshake = { at: 'm1-sent', initiator, introduction };
    const connection = new Connection(around, { tag, own: 'i2r', route: null, rules, handshake });
    connection.#sendEnvelope({ kind: 'm1', tag, body: initiator.m1 });
    return connection;
  }

  /** The host's side: takes message 1. Throws `crypto/open-failed` for one that this meeting's link did not make. */
  static async answer(
    around: Surroundings,
    setup: { tag: ConnectionTag; from: PeerId; m1: Bytes; policy: Policy; rules: GuardRules },
  ): Promise<Connection> {
    const parties = hostGuest(around.keys, setup.from);
    const responder = await Responder.accept({ psk: around.keys.psk, parties }, setup.m1);
    const connection = new Connection(around, {
      tag: setup.tag,
      own: 'r2i',
      route: setup.from,
      rules: setup.rules,
      handshake: { at: 'm1-read', responder },
    });
    const wantsOffer = !setup.policy.lobby;
    around.emit({ type: 'knocked', connection: setup.tag, from: setup.from, wantsOffer });
    if (!wantsOffer) connection.#do(() => connection.#sendM2(responder, setup.policy, null));
    return connection;
  }

  get isHalfOpen(): boolean {
    return this.#handshake.at !== 'done' && this.#handshake.at !== 'closed';
  }
  get isClosed(): boolean {
    return this.#handshake.at === 'closed';
  }

  receive(envelope: Envelope, from: PeerId | null): void {
    this.#do(async () => {
      switch (envelope.kind) {
        case 'm1':
          return;
        case 'm2':
          return this.#readM2(envelope.body);
        case 'record':
          await opening(() => this.#records.put(envelope.body));
          return this.#takeRecords(from);
        case 'refused':
          return this.#emit({ type: 'refused', connection: this.tag, code: envelope.code });
      }
    });
  }

  /** The page made the offer or the answer, and the talk channel that goes with it. */
  described(description: Description, channel: ByteChannel, policy: Policy): void {
    this.#channel = channel;
    this.#do(async () => {
      const own = this.#binding.described(description, this.#rules);
      const handshake = this.#handshake;
      if (handshake.at === 'm1-read') {
        await this.#sendM2(handshake.responder, policy, own);
      } else if (handshake.at === 'm2-read') {
        await this.#sendM3(handshake, own);
      } else {
        await this.#sendOverServer({ kind: 'description', description: own });
      }
      await this.#startTalk();
    });
  }

  admit(admission: Admission): void {
    this.#do(() => this.#sendOverServer({ kind: 'admission', admission }));
  }

  negotiate(message: NegotiationMessage, overServer: boolean): void {
    // What leaves is held to the same rules as what comes: the browser was asked to hide an address, this sees to it.
    const own = this.#rules.relayOnly ? guardNegotiation(message, this.#rules) : message;
    if (own === null) return;
    const talk = this.#talk;
    if (!overServer && talk?.isOpen === true) talk.send(own);
    else this.#do(() => this.#sendOverServer(own));
  }

  get talk(): Talk | null {
    return this.#talk;
  }

  /** The key of one attempt to send one file (section 8). `isOwn`: this end is the sender. */
  async fileKey(isOwn: boolean, file: FileId, attempt: Bytes): Promise<CryptoKey> {
    const { secrets, direction, context } = await this.#bound(isOwn);
    return secrets.fileKey(direction, context, file, attempt);
  }

  /** The key of what one end sends of one source (section 9). `isOwn`: this end is the sender. */
  async mediaKey(isOwn: boolean, source: MediaSource): Promise<FrameKey> {
    const { secrets, direction, context } = await this.#bound(isOwn);
    return secrets.mediaKey(direction, context, source, [isOwn ? 'encrypt' : 'decrypt']);
  }

  /** What keys inside the connection are made of. Throws `protocol/unexpected` before the handshake is done. */
  async #bound(isOwn: boolean): Promise<{ secrets: SessionSecrets; direction: Direction; context: Bytes }> {
    const context = await this.#binding.context(this.#own);
    if (context === null || this.#handshake.at !== 'done') throw new ParleyError('protocol/unexpected');
    return { ...this.#handshake, direction: isOwn ? this.#own : opposite(this.#own), context };
  }

  /** Ends it once everything asked for before has been sent, or cannot be any more. */
  async finish(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#do(async () => {
        const talk = this.#talk;
        if (talk !== null) await talk.finish();
        this.close();
      });
      this.#tasks = this.#tasks.then(resolve);
    });
  }

  close(code: ErrorCode | null = null): void {
    if (this.#handshake.at === 'closed') return;
    this.#handshake = { at: 'closed' };
    this.#records.end();
    this.#talk?.close();
    this.#channel?.close();
    this.#emit({ type: 'closed', connection: this.tag, code });
  }

  async #readM2(bytes: Bytes): Promise<void> {
    const handshake = this.#handshake;
    // A doubled or late message 2.
    if (handshake.at !== 'm1-sent') return;
    const { initiator, introduction } = handshake;
    const { payload, secrets } = await opening(() =>
      initiator.readM2(bytes, { hostMeetingId: this.#around.keys.id }),
    );
    // The host may ask everybody to hide their address.
    this.#rules = { relayOnly: this.#rules.relayOnly || payload.policy.relayOnly };
    const offer = payload.offer === null ? null : this.#guard(payload.offer);
    await this.#startSignal(secrets);
    const safetyWords = await secrets.safetyWords(initiator.random, payload.random);
    this.#emit({ type: 'met', connection: this.tag, policy: payload.policy, safetyWords });
    const met = { at: 'm2-read' as const, secrets, random: initiator.random, introduction };
    this.#handshake = met;
    if (offer === null) await this.#sendM3(met, null);
    else this.#emitNegotiation({ kind: 'description', description: offer });
    await this.#takeRecords(this.#route);
  }

  async #sendM2(responder: Responder, policy: Policy, offer: Description | null): Promise<void> {
    const { bytes, secrets, random } = await responder.writeM2({
      host: this.#around.keys.host,
      capabilities: OWN_CAPABILITIES,
      policy,
      offer,
    });
    this.#sendEnvelope({ kind: 'm2', tag: this.tag, body: bytes });
    this.#handshake = { at: 'm2-sent', responder, secrets, random };
    await this.#startSignal(secrets);
  }

  async #sendM3(met: Extract<Handshake, { at: 'm2-read' }>, answer: Description | null): Promise<void> {
    const { secrets, random, introduction } = met;
    this.#handshake = { at: 'done', secrets };
    await this.#sendOverServer({ kind: 'm3', payload: { random, ...introduction, answer } });
  }

  async #readM3(payload: M3Payload): Promise<void> {
    const handshake = this.#handshake;
    if (handshake.at !== 'm2-sent') throw new ParleyError('protocol/unexpected');
    const { responder, secrets, random } = handshake;
    await responder.checkCommit(payload.random);
    const answer = payload.answer === null ? null : this.#guard(payload.answer);
    const safetyWords = await secrets.safetyWords(payload.random, random);
    this.#handshake = { at: 'done', secrets };
    const { participant, name, knockText: text } = payload;
    // The answer first: the browser looks for a path while the page draws who has come.
    if (answer !== null) this.#emitNegotiation({ kind: 'description', description: answer });
    this.#emit({ type: 'arrived', connection: this.tag, participant, name, text, safetyWords });
    if (answer !== null) await this.#startTalk();
  }

  async #startSignal(secrets: SessionSecrets): Promise<void> {
    // Nothing binds these to a connection: no description is known to both ends yet (section 5).
    this.#records.begin(await secrets.bothWays('signal', this.#own, new Uint8Array(0)));
  }

  async #sendOverServer(message: Message): Promise<void> {
    const body = await this.#records.seal(encodeMessage(message));
    if (body !== null) this.#sendEnvelope({ kind: 'record', tag: this.tag, body });
  }

  /** Opens all that can be opened now; `from` is the socket that the last of it came through. */
  async #takeRecords(from: PeerId | null): Promise<void> {
    const next = () => opening(() => this.#records.next());
    for (let inner = await next(); inner !== null; inner = await next()) {
      if (from !== this.#route) {
        this.#route = from;
        this.#emit({ type: 'moved', connection: this.tag, from });
      }
      await this.#takeSignal(decodeMessage(inner));
    }
  }

  async #takeSignal(message: Message | null): Promise<void> {
    if (message === null) return;
    const isFirst = this.#handshake.at === 'm2-sent';
    if (isFirst !== (message.kind === 'm3')) throw new ParleyError('protocol/unexpected');
    switch (message.kind) {
      case 'm3':
        return this.#readM3(message.payload);
      case 'admission':
        if (this.#own === 'r2i') throw new ParleyError('protocol/unexpected');
        this.#isAdmitted ||= message.admission.status === 'admit';
        this.#emit({ type: 'admission', connection: this.tag, admission: message.admission });
        return this.#startTalk();
      case 'description':
      case 'candidates':
      case 'restart':
        return this.#takeNegotiation(message);
      default:
        // Talk belongs on the channel, under keys that are bound to it.
        throw new ParleyError('protocol/unexpected');
    }
  }

  async #takeNegotiation(message: NegotiationMessage): Promise<void> {
    if (message.kind === 'description') {
      this.#emitNegotiation({ ...message, description: this.#guard(message.description) });
      return this.#startTalk();
    }
    const guarded = guardNegotiation(message, this.#rules);
    if (guarded !== null) this.#emitNegotiation(guarded);
  }

  #guard(description: Description): Description {
    return this.#binding.guard(description, this.#rules);
  }

  async #startTalk(): Promise<void> {
    const channel = this.#channel;
    if (this.#talk !== null || channel === null || !this.#isAdmitted || this.#handshake.at !== 'done') return;
    const { secrets } = this.#handshake;
    const context = await this.#binding.context(this.#own);
    if (context === null) return;
    const keys = await secrets.bothWays('chat', this.#own, context);
    this.#talk = new Talk(channel, keys, {
      opened: () => this.#emit({ type: 'open', connection: this.tag }),
      received: (message) => this.#takeTalk(message),
      pulse: (report) => this.#emit({ type: 'path', connection: this.tag, ...report }),
      closed: (code) => this.close(code),
    });
  }

  async #takeTalk(message: NegotiationMessage | TalkMessage): Promise<void> {
    switch (message.kind) {
      case 'description':
      case 'candidates':
      case 'restart':
        return this.#do(() => this.#takeNegotiation(message));
      default:
        // That the meeting is over for good counts only with the host's signature (section 2).
        if (message.kind === 'retired') await this.#around.keys.verifyRetire(this.#around.origin, message);
        this.#emit({ type: 'talk', connection: this.tag, message });
    }
  }

  #sendEnvelope(envelope: Envelope): void {
    this.#emit({ type: 'envelope', connection: this.tag, bytes: encodeEnvelope(envelope) });
  }

  #emitNegotiation(message: NegotiationMessage): void {
    this.#emit({ type: 'negotiation', connection: this.tag, message });
  }

  #emit(event: WorkerEvent): void {
    this.#around.emit(event);
  }

  /** Runs the task after those before it. A message that did not open changes nothing; any other fault ends it. */
  #do(task: () => Promise<void> | void): void {
    this.#tasks = this.#tasks.then(async () => {
      if (this.#handshake.at === 'closed') return;
      try {
        await task();
      } catch (fault) {
        if (fault instanceof NotOpened) this.#emit({ type: 'unopened', connection: this.tag });
        else this.close(codeOf(fault));
      }
    });
  }
}

/** Message 1 to the host, which says nothing of the guest: it can be made long before it is sent. */
export function greetHost(keys: MeetingKeys, ownPeer: PeerId, ephemerals?: Ephemerals): Promise<Initiator> {
  const parties = hostGuest(keys, ownPeer);
  return Initiator.start({ psk: keys.psk, parties, capabilities: OWN_CAPABILITIES, ephemerals });
}

/** In a pair with the host, the host's place is the meeting's id: it is the hash of the host's key (decision 0003). */
function hostGuest(keys: MeetingKeys, guest: PeerId): Parties {
  return { id: keys.id, mode: 'host-guest', initiator: idBytes(guest), responder: idBytes(keys.id) };
}
