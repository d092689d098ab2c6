import type { SafetyWord } from '../crypto/safety-words';
import { codeOf, type WireCode } from '../protocol/errors';
import type { Policy } from '../protocol/handshake';
import { fromBase64url } from '../protocol/bytes';
import type { ParticipantId, PeerId } from '../protocol/ids';
import { MAX_GUESTS, MAX_WAITING } from '../protocol/limits';
import type { ServerEvent } from '../protocol/signaling';
import { Retry } from '../signaling/retry';
import type { SignalingState } from '../signaling/signaling';
import type { SessionEvent } from '../worker/client';
import type { ConnectionTag } from '../worker/messages';
import { whenIdle } from '../ui/idle';
import type { Line } from './line';
import { Peer } from './peer';
import type { Room } from './room';

/** One guest as the host knows them: the same person through every reload, socket and connection. */
export type Visitor = {
  participant: ParticipantId;
  name: string;
  text: string;
  /** `asking`: in the waiting room. */
  status: 'asking' | 'admitted';
  peer: Peer;
  safetyWords: readonly SafetyWord[];
};

/** A connection whose message 3 has not come: nobody yet. */
type Newcomer = { peer: Peer; wantsOffer: boolean };

/** The host's side of a meeting: proves the key, answers whoever holds the link, admits. */
export class Host {
  readonly #room: Room;
  readonly #newcomers = new Map<ConnectionTag, Newcomer>();
  readonly #visitors = new Map<ParticipantId, Visitor>();
  /** Through which socket each connection was last heard; none once that socket is gone. */
  readonly #routes = new Map<ConnectionTag, PeerId>();
  readonly #retry: Retry;
  #spare: Line | null = null;
  #policy: Policy;
  readonly #hidesAddress: boolean;
  #name: string;
  #isHere = false;

  constructor(room: Room, own: { policy: Policy; name: string; hidesAddress: boolean }) {
    this.#room = room;
    this.#retry = new Retry((code) => room.trouble(code));
    this.#policy = own.policy;
    this.#name = own.name;
    this.#hidesAddress = own.hidesAddress;
  }

  get visitors(): readonly Visitor[] {
    return [...this.#visitors.values()];
  }
  get peers(): readonly Peer[] {
    return this.visitors.map(({ peer }) => peer);
  }
  get policy(): Policy {
    return this.#policy;
  }

  setPolicy(policy: Policy): void {
    this.#policy = policy;
    this.#tellWorker();
    if (!policy.lobby)
      for (const visitor of this.visitors) if (visitor.status === 'asking') this.#admit(visitor);
  }

  setName(name: string): void {
    this.#name = name;
  }

  open(): void {
    this.#isHere = true;
    this.#tellWorker();
    this.#spare = this.#newLine();
    if (this.#room.signaling.state.at === 'open') void this.#claim();
  }

  leave(): void {
    this.#isHere = false;
    this.#retry.close();
    for (const { peer } of [...this.#visitors.values(), ...this.#newcomers.values()]) peer.dismiss(null);
    this.#visitors.clear();
    this.#newcomers.clear();
    this.#spare?.close();
    this.#room.signaling.release(this.#room.meetingId).catch(this.#failed);
  }

  /** For good: the server keeps the tombstone, and everyone here gets the signed notice (section 2). */
  async retire(): Promise<void> {
    const { session, signaling, meetingId } = this.#room;
    const timeMs = Date.now();
    const proof = await session.call('sign-retire', { timeMs });
    await signaling.retire(meetingId, timeMs, proof);
    const [publicKey, signature] = [fromBase64url(proof.publicKey), fromBase64url(proof.signature)];
    for (const { peer } of this.#visitors.values())
      peer.send({ kind: 'retired', publicKey, timeMs, signature });
    this.leave();
  }

  admit(participant: ParticipantId): void {
    const visitor = this.#visitors.get(participant);
    if (visitor?.status === 'asking') this.#admit(visitor);
  }

  turnAway(participant: ParticipantId): void {
    const visitor = this.#visitors.get(participant);
    if (visitor === undefined) return;
    this.#visitors.delete(participant);
    this.#deny(visitor.peer, 'denied');
    this.#room.changed();
  }

  signaling(state: SignalingState): void {
    this.#retry.stop();
    if (state.at === 'open' && this.#isHere) void this.#claim();
  }

  server(event: ServerEvent): void {
    switch (event.type) {
      case 'knock':
        // Without an envelope somebody waits, and begins when told that the host is here.
        return event.envelope === null ? undefined : this.#pass(event.peer, event.envelope);
      case 'relay':
        return this.#pass(event.from, event.envelope);
      case 'superseded':
        this.leave();
        return this.#room.ended('signaling/superseded');
      case 'retired':
        this.leave();
        return this.#room.ended('meeting/retired');
      case 'gone':
        for (const { peer } of this.#visitors.values()) {
          if (peer.tag === null || this.#routes.get(peer.tag) !== event.peer) continue;
          this.#routes.delete(peer.tag);
          peer.dispatch({ type: 'absent' });
        }
        this.#room.changed();
        return this.#forgetTheGone();
      default:
        return;
    }
  }

  worker(event: SessionEvent): void {
    switch (event.type) {
      case 'refuse':
        return void this.#relay(event.to, event.bytes);
      case 'knocked':
        return this.#knocked(event.connection, event.from, event.wantsOffer);
      case 'moved':
        if (event.from !== null) this.#routes.set(event.connection, event.from);
        return;
      case 'envelope':
        return void this.#relay(this.#routes.get(event.connection) ?? null, event.bytes);
      case 'arrived':
        return this.#arrived(event);
      default:
        if ('connection' in event) this.#peerOf(event.connection)?.take(event);
        return this.#forgetTheGone();
    }
  }

  #pass(from: PeerId | null, envelope: string): void {
    this.#room.session.post({ type: 'envelope', from, bytes: fromBase64url(envelope) });
  }

  async #claim(): Promise<void> {
    const { session, signaling, meetingId } = this.#room;
    try {
      const proof = await session.call('sign-claim', { nonce: signaling.nonce });
      const ice = await signaling.claim(meetingId, proof);
      this.#retry.done();
      this.#room.network.take(ice);
    } catch (fault) {
      const code = codeOf(fault);
      if (code === 'meeting/retired') this.#room.ended(code);
      else if (code === 'signaling/unavailable') this.#retry.refused(() => void this.#claim());
      else this.#failed(fault);
    }
  }

  #knocked(tag: ConnectionTag, from: PeerId, wantsOffer: boolean): void {
    this.#routes.set(tag, from);
    const line = this.#spare ?? this.#newLine();
    this.#spare = null;
    const newcomer: Newcomer = { peer: this.#newPeer(), wantsOffer };
    newcomer.peer.adopt(line);
    line.use(tag, { failed: () => this.#lineFailed(tag) });
    this.#newcomers.set(tag, newcomer);
    if (wantsOffer) newcomer.peer.begin();
    // The next newcomer finds a line ready too, made when this one is served.
    whenIdle(() => {
      if (this.#isHere) this.#spare ??= this.#newLine();
    });
  }

  #newPeer(): Peer {
    const visitor = () => this.visitors.find((one) => one.peer === peer);
    const peer: Peer = new Peer(this.#room.session, 'responder', {
      // A host answers handshakes and makes none.
      greet: () => null,
      changed: () => this.#room.changed(),
      opened: () => {
        const person = visitor();
        if (person?.status === 'admitted') this.#room.joined(person.participant, person.name, peer);
      },
      closed: () => {
        const person = visitor();
        if (person !== undefined) this.#room.parted(person.participant);
      },
      doubted: () => this.#room.signaling.verify(),
      said: (message) => {
        const person = visitor();
        if (person?.status === 'admitted') this.#room.said(person.participant, message);
      },
      trouble: () => undefined,
    });
    return peer;
  }

  #arrived(event: Extract<SessionEvent, { type: 'arrived' }>): void {
    const newcomer = this.#newcomers.get(event.connection);
    if (newcomer === undefined) return;
    this.#newcomers.delete(event.connection);
    const { participant, name, text, safetyWords } = event;
    const { peer } = newcomer;
    const before = this.#visitors.get(participant);
    const isKnown = before?.status === 'admitted';
    const others = this.visitors.filter((one) => one.participant !== participant);
    const admitted = others.filter(({ status }) => status === 'admitted');
    if (!isKnown && admitted.length >= MAX_GUESTS) {
      const lost = admitted.find((one) => this.isLost(one));
      if (lost === undefined) return this.#deny(peer, 'full');
      this.#letGo(lost);
    }
    if (!isKnown && others.filter(({ status }) => status === 'asking').length >= MAX_WAITING) {
      return this.#deny(peer, 'full');
    }
    // The connection before is dead or about to be: the same person builds only one.
    before?.peer.dismiss(null);
    const visitor: Visitor = { participant, name, text, status: 'asking', peer, safetyWords };
    this.#visitors.set(participant, visitor);
    if (isKnown || newcomer.wantsOffer || !this.#policy.lobby) {
      this.#admit(visitor, newcomer.wantsOffer);
    } else {
      this.#sendAdmission(peer, { status: 'wait', name: '' });
      peer.dispatch({ type: 'wait' });
      this.#room.announce();
    }
    this.#room.changed();
  }

  /**
   * Neither heard nor at the server: a tab that was closed, most likely. The place is kept for a while all the same, but
   * not against somebody who is here.
   */
  isLost({ peer }: Visitor): boolean {
    return peer.state.at === 'silent' && peer.tag !== null && !this.#routes.has(peer.tag);
  }

  #letGo({ participant, peer }: Visitor): void {
    peer.dismiss(null);
    this.#visitors.delete(participant);
    this.#room.left(participant);
  }

  #admit(visitor: Visitor, hasOffer = false): void {
    visitor.status = 'admitted';
    this.#sendAdmission(visitor.peer, { status: 'admit', name: this.#name });
    // With the lobby on, descriptions begin only now (section 5).
    if (!hasOffer) visitor.peer.begin();
    visitor.peer.dispatch({ type: 'admit' });
    this.#room.changed();
  }

  #deny(peer: Peer, code: WireCode): void {
    this.#sendAdmission(peer, { status: 'deny', code });
    peer.dismiss(code);
  }

  #sendAdmission(
    peer: Peer,
    admission: Extract<Parameters<Room['session']['post']>[0], { type: 'admission' }>['admission'],
  ): void {
    if (peer.tag !== null) this.#room.session.post({ type: 'admission', connection: peer.tag, admission });
  }

  #lineFailed(tag: ConnectionTag): void {
    const peer = this.#peerOf(tag);
    peer?.dispatch({ type: peer.state.at === 'open' ? 'silent' : 'lost' });
  }

  #peerOf(tag: ConnectionTag): Peer | undefined {
    return this.#newcomers.get(tag)?.peer ?? this.visitors.find(({ peer }) => peer.tag === tag)?.peer;
  }

  /** Who said goodbye, or stayed silent too long, has left. */
  #forgetTheGone(): void {
    for (const { participant, peer } of this.visitors) {
      if (peer.state.at !== 'away') continue;
      this.#visitors.delete(participant);
      this.#room.left(participant);
      this.#room.changed();
    }
    for (const [tag, { peer }] of this.#newcomers) if (peer.tag === null) this.#newcomers.delete(tag);
  }

  async #relay(to: PeerId | null, bytes: Parameters<Room['signaling']['relay']>[2]): Promise<void> {
    if (to === null) return;
    try {
      await this.#room.signaling.relay(this.#room.meetingId, to, bytes);
    } catch (fault) {
      this.#failed(fault);
    }
  }

  #newLine(): Line {
    const line = this.#room.newLine(false);
    line.prepareOffer();
    return line;
  }

  #tellWorker(): void {
    const relayOnly = this.#policy.relayOnly || this.#hidesAddress;
    this.#room.network.setRelayOnly(relayOnly);
    this.#room.session.post({ type: 'host', policy: this.#policy, relayOnly });
  }

  /** Without a server, or with one that cannot, there is nothing to tell it; the next session starts with a claim. */
  readonly #failed = (fault: unknown): void => {
    const code = codeOf(fault);
    if (code !== 'signaling/unreachable' && code !== 'signaling/unavailable') this.#room.trouble(code);
  };
}
