import type { SafetyWord } from '../crypto/safety-words';
import { fromBase64url } from '../protocol/bytes';
import { randomTag } from '../protocol/envelope';
import { codeOf, ERROR_OF_WIRE } from '../protocol/errors';
import type { ParticipantId } from '../protocol/ids';
import type { Admission, Policy } from '../protocol/handshake';
import type { ServerEvent } from '../protocol/signaling';
import { Retry } from '../signaling/retry';
import type { SignalingState } from '../signaling/signaling';
import type { SessionEvent } from '../worker/client';
import type { Line } from './line';
import { Peer } from './peer';
import type { Room } from './room';

/** A guest's side of a meeting: one peer, the host; it knocks, waits, and comes back by itself. */
export class Guest {
  readonly #room: Room;
  /** Who this person is to the host, before and after a reload. */
  readonly #participant: ParticipantId;
  /** Who the host is to this person: there is one, and the meeting's id is the hash of its key. */
  readonly host: ParticipantId;
  readonly peer: Peer;
  hostName = '';
  hostPresent: boolean | null = null;
  safetyWords: readonly SafetyWord[] | null = null;
  policy: Policy | null = null;
  readonly #retry: Retry;
  #name = '';
  #isIn = false;
  /** Made before it is wanted. */
  #spare: Line | null = null;
  /** Envelopes of a handshake that this socket has not knocked for yet go with the knock. */
  #hasKnocked = false;
  /** The server took something of the handshake under way, or of one before it on the same socket. */
  #isTaken = false;

  constructor(room: Room, participant: ParticipantId) {
    this.#room = room;
    this.#retry = new Retry((code) => room.trouble(code));
    this.#participant = participant;
    this.host = room.meetingId as string as ParticipantId;
    this.peer = new Peer(room.session, 'initiator', {
      greet: () => this.#greet(),
      changed: () => room.changed(),
      opened: () => room.joined(this.host, this.hostName, this.peer),
      closed: () => room.parted(this.host),
      doubted: () => room.signaling.verify(),
      said: (message) => room.said(this.host, message),
      trouble: (code) => {
        // While the server takes nothing no handshake succeeds, which says nothing of the network, and is shown already.
        if (code !== null && this.#retry.isOn) return;
        // Of what the server never took nobody can say that it was spoilt.
        room.trouble(code === 'meeting/tampered' && !this.#isTaken ? 'peer/slow' : code);
      },
    });
  }

  get peers(): readonly Peer[] {
    return [this.peer];
  }
  get isIn(): boolean {
    return this.#isIn;
  }

  /** Everything that can be done before the person presses Join, and says nothing to anybody. */
  prepare(): void {
    this.#prepareGreeting();
    this.#spare ??= this.#newLine();
  }

  join(name: string, relayOnly: boolean): void {
    this.#name = name;
    this.#room.network.setRelayOnly(relayOnly);
    this.#isIn = true;
    this.#retry.stop();
    this.#meet();
  }

  leave(): void {
    this.#isIn = false;
    this.#retry.close();
    this.peer.dismiss(null);
    this.#spare?.close();
    this.#room.signaling.leave(this.#room.meetingId).catch(this.#failed);
  }

  signaling(state: SignalingState): void {
    this.#hasKnocked = this.#isTaken = false;
    this.#retry.stop();
    if (state.at !== 'open') {
      this.hostPresent = null;
      return;
    }
    if (this.#isIn) return this.#meet();
    this.#prepareGreeting();
    void this.#watch();
  }

  server(event: ServerEvent): void {
    switch (event.type) {
      case 'presence':
        return this.#presence(event.hostPresent);
      case 'relay':
        return this.#room.session.post({
          type: 'envelope',
          from: event.from,
          bytes: fromBase64url(event.envelope),
        });
      case 'retired':
        return this.#end('meeting/retired');
      default:
        return;
    }
  }

  worker(event: SessionEvent): void {
    if (event.type === 'refuse' || !('connection' in event) || event.connection !== this.peer.tag) return;
    switch (event.type) {
      case 'envelope':
        return void this.#send(event.bytes);
      case 'met':
        this.policy = event.policy;
        // The host asks everybody to hide their address: from here on as if this person had.
        if (event.policy.relayOnly) this.#room.network.setRelayOnly(true);
        this.safetyWords = event.safetyWords;
        return this.peer.dispatch({ type: 'met' });
      case 'admission':
        return this.#admission(event.admission);
      case 'talk':
        if (event.message.kind === 'retired') return this.#end('meeting/retired');
        return this.peer.take(event);
      default:
        this.peer.take(event);
        if (this.peer.state.at === 'away') this.#room.left(this.host);
        if (this.peer.state.at === 'closed' && this.peer.state.code !== null) this.#end(this.peer.state.code);
    }
  }

  /** Asks the server of the host, and whether it can let anybody in again: looking is not counted, as knocking is. */
  async #watch(): Promise<void> {
    try {
      await this.#room.signaling.watch([this.#room.meetingId]);
    } catch (fault) {
      return this.#failed(fault);
    }
    if (!this.#isIn) this.#retry.done();
    else if (this.#retry.isOn) this.#meet();
  }

  /** At the meeting with a new socket: knock, with message 1 unless the connection is there already. */
  #meet(): void {
    const { at } = this.peer.state;
    // A handshake belongs to the socket it began on: its peer id is part of it (section 5).
    if (at === 'greeting' || at === 'linking' || at === 'lobby') this.peer.dispatch({ type: 'absent' });
    if (this.#room.signaling.state.at !== 'open') return;
    if (this.peer.state.at === 'away') this.peer.dispatch({ type: 'present' });
    else void this.#knock(null);
  }

  #greet(): Line | null {
    const { signaling, session } = this.#room;
    if (signaling.state.at !== 'open' || this.#retry.isWaiting) return null;
    const line = this.#spare ?? this.#newLine();
    this.#spare = null;
    const tag = randomTag();
    line.use(tag, {
      failed: () => this.peer.dispatch({ type: this.peer.state.at === 'open' ? 'silent' : 'lost' }),
    });
    session.post({
      type: 'knock',
      connection: tag,
      ownPeer: signaling.state.peer,
      participant: this.#participant,
      name: this.#name,
      text: '',
      relayOnly: this.#room.network.relayOnly,
    });
    return line;
  }

  #prepareGreeting(): void {
    const { session, signaling } = this.#room;
    session.post({ type: 'prepare', ownPeer: signaling.state.at === 'open' ? signaling.state.peer : null });
  }

  #newLine(): Line {
    return this.#room.newLine(true);
  }

  async #send(envelope: Parameters<Room['signaling']['knock']>[1] & object): Promise<void> {
    if (this.#retry.isWaiting) return;
    if (!this.#hasKnocked) return this.#knock(envelope);
    try {
      const isDelivered = await this.#room.signaling.relay(this.#room.meetingId, null, envelope);
      // Who has not been let in reaches nobody, which says nothing of the host.
      if (!isDelivered && !this.#retry.isOn) this.#presence(false);
    } catch (fault) {
      this.#failed(fault);
    }
  }

  async #knock(envelope: Parameters<Room['signaling']['knock']>[1]): Promise<void> {
    this.#hasKnocked = true;
    try {
      const { hostPresent, ice } = await this.#room.signaling.knock(this.#room.meetingId, envelope);
      this.#isTaken = true;
      this.#retry.done();
      this.#room.network.take(ice);
      this.#presence(hostPresent);
    } catch (fault) {
      const code = codeOf(fault);
      if (code.startsWith('signaling/')) this.#failed(fault);
      else this.#end(code);
    }
  }

  #presence(isPresent: boolean): void {
    const isNew = isPresent && this.hostPresent === false;
    this.hostPresent = isPresent;
    if (isNew) this.#room.announce();
    // The line in use is dropped while nobody is there; the next is ready when somebody comes.
    if (!isPresent) this.prepare();
    if (this.#isIn) {
      this.peer.dispatch({ type: isPresent ? 'present' : 'absent' });
      if (this.peer.state.at === 'away') this.#room.left(this.host);
    }
    this.#room.changed();
  }

  #admission(admission: Admission): void {
    if (admission.status === 'deny') {
      if (admission.code !== 'host-away') this.#end(ERROR_OF_WIRE[admission.code]);
      return;
    }
    this.hostName = admission.name;
    this.peer.dispatch({ type: admission.status });
    this.#room.changed();
  }

  #end(code: Parameters<Room['ended']>[0]): void {
    this.#isIn = false;
    this.peer.dismiss(null);
    this.#room.ended(code);
  }

  /** The server is there and cannot let anybody in: what comes next knocks anew. */
  #notNow(): void {
    this.#hasKnocked = false;
    const { at } = this.peer.state;
    // Who is connected needs no server.
    this.#retry.refused(() => void this.#watch(), at !== 'open' && at !== 'silent');
  }

  /** Without a server there is nothing to tell it; the next session starts anew. */
  readonly #failed = (fault: unknown): void => {
    const code = codeOf(fault);
    // Knocks may have been counted that came to nothing.
    const isNotNow =
      code === 'signaling/unavailable' || (code === 'signaling/rate-limited' && this.#retry.isOn);
    if (isNotNow) this.#notNow();
    else if (code !== 'signaling/unreachable') this.#room.trouble(code);
  };
}
