import type { MeetingId, PeerId } from '../lib/protocol/ids';
import type { Member } from './presence';
import type { Message, State } from './redis-messages';
import type { Attendance } from './relay';
import type { Roles } from './roles';
import type { Watching } from './watching';

/** Somebody at another process. */
export class Remote {
  readonly peer: PeerId;
  readonly node: string;
  constructor(peer: PeerId, node: string) {
    this.peer = peer;
    this.node = node;
  }
}

export type Party = Member | Remote;

/**
 * A meeting that somebody of this process is at, or is about to be: `coming` are those, and `early` what was said to
 * them before Redis's answer that they are there. `order` is that of the newest state it knows.
 */
export type Here = Attendance<Party> & { order: number; coming: number; readonly early: Message[] };

/** Where the host of a watched meeting is, if anywhere, and how often who watches was told. */
type Watched = { order: number; node: string | null; tellings: number };

/**
 * What one process knows of meetings whose truth is in Redis: all that concerns its own people, and they are told of
 * each change as it is learnt.
 */
export class Mirror {
  /** The name of this process, as long as its lease holds. */
  node = '';
  /**
   * Redis was away, and each process is about to say anew who is there: until all had the time, that somebody is not
   * in its answer says nothing.
   */
  isUncertain = false;
  readonly members = new Map<PeerId, Member>();
  readonly meetings = new Map<MeetingId, Here>();
  readonly watched = new Map<MeetingId, Watched>();
  readonly #roles: Roles;
  readonly #watching: Watching;

  constructor(roles: Roles, watching: Watching) {
    this.#roles = roles;
    this.#watching = watching;
  }

  /** Somebody comes. The meeting is on record before anybody is asked, so that what is told meanwhile finds it. */
  async coming<T>(member: Member, id: MeetingId, work: (meeting: Here) => Promise<T>): Promise<T> {
    let meeting = this.meetings.get(id);
    if (meeting === undefined) {
      meeting = { host: null, guests: new Map(), order: 0, coming: 0, early: [] };
      this.meetings.set(id, meeting);
    }
    this.members.set(member.peer, member);
    meeting.coming++;
    try {
      return await work(meeting);
    } finally {
      if (--meeting.coming === 0) for (const message of meeting.early.splice(0)) this.hear(message);
      this.tidy(id);
    }
  }

  /** The newest word on who is at the meeting. What is older than what is known says nothing. */
  adopt(id: MeetingId, state: State, knocking: PeerId | null = null): void {
    const meeting = this.meetings.get(id);
    if (meeting === undefined || state.order <= meeting.order) return;
    meeting.order = state.order;
    const before = meeting.host;
    this.#adoptHost(id, meeting, this.#partyOf(state.host));
    this.#adoptGuests(id, meeting, state);
    const { host } = meeting;
    if (!isHere(host)) return;
    // A new host hears of everybody, one that was there of the new; and of who knocks with the knock itself.
    const known = before === host ? null : new Set(meeting.guests.keys());
    for (const [peer, node] of state.guests) {
      if (meeting.guests.has(peer) || node === this.node) continue;
      meeting.guests.set(peer, { member: new Remote(peer, node), opened: new Set() });
      if (known !== null) known.add(peer);
      else if (peer !== knocking) host.send({ type: 'knock', id, peer, envelope: null });
    }
    for (const peer of known ?? []) host.send({ type: 'knock', id, peer, envelope: null });
  }

  hear(message: Message): void {
    const { id } = message;
    const meeting = this.meetings.get(id);
    if (meeting === undefined) return message.kind === 'retired' ? this.retired(id) : undefined;
    // Answers and news come on two connections: what follows from an answer may be here before it.
    if (meeting.coming > 0 && message.kind !== 'state' && message.kind !== 'retired') {
      meeting.early.push(message);
      return;
    }
    switch (message.kind) {
      case 'state':
        this.adopt(id, message.state);
        return this.tidy(id);
      case 'knock': {
        const { state, peer, envelope } = message;
        this.adopt(id, state, peer);
        // Who knocked may have left already.
        if (isHere(meeting.host) && meeting.guests.has(peer))
          meeting.host.send({ type: 'knock', id, peer, envelope });
        return;
      }
      case 'relay': {
        const { to, from, envelope } = message;
        const receiver = to === null ? meeting.host : (meeting.guests.get(to)?.member ?? null);
        if (isHere(receiver)) receiver.send({ type: 'relay', id, from, envelope });
        return;
      }
      case 'open': {
        const { guest, other, node } = message;
        meeting.guests.get(guest)?.opened.add(other);
        if (!meeting.guests.has(other)) {
          meeting.guests.set(other, { member: new Remote(other, node), opened: new Set() });
        }
        return;
      }
      case 'retired':
        return this.retired(id);
    }
  }

  /** Where the host of a watched meeting is. Everybody who watches is told what is news. */
  see(id: MeetingId, order: number, node: string | null): void {
    const watched = this.watched.get(id);
    if (watched === undefined || order < watched.order) return;
    if (node === null && this.isUncertain) return;
    const wasHosted = watched.node !== null;
    watched.order = order;
    watched.node = node;
    if (wasHosted === (node !== null)) return;
    watched.tellings++;
    this.#watching.tell(id, node !== null);
  }

  setHost(id: MeetingId, meeting: Here, host: Party | null): void {
    if (meeting.host === host) return;
    meeting.host = host;
    for (const { member } of meeting.guests.values()) {
      if (isHere(member)) member.send({ type: 'presence', id, hostPresent: host !== null });
    }
  }

  removeGuest(id: MeetingId, meeting: Here, peer: PeerId): void {
    meeting.guests.delete(peer);
    for (const { opened } of meeting.guests.values()) opened.delete(peer);
    if (isHere(meeting.host)) meeting.host.send({ type: 'gone', id, peer });
  }

  supersede(member: Member, id: MeetingId): void {
    this.#roles.find(member)?.hosting.delete(id);
    member.send({ type: 'superseded', id });
  }

  /** Everyone here is told once, and out of it. */
  retired(id: MeetingId): void {
    const meeting = this.meetings.get(id);
    const everyone = new Set(this.#watching.drop(id));
    this.meetings.delete(id);
    for (const party of parties(meeting)) if (isHere(party)) everyone.add(party);
    for (const member of everyone) {
      this.#roles.drop(member, id);
      member.send({ type: 'retired', id });
    }
  }

  /** A meeting that nobody of this process is at is none of its business. */
  tidy(id: MeetingId): void {
    const meeting = this.meetings.get(id);
    if (meeting !== undefined && meeting.coming === 0 && ![...parties(meeting)].some(isHere))
      this.meetings.delete(id);
  }

  /** The other processes that any of this one's people has to do with. */
  get neighbours(): Set<string> {
    const nodes = new Set<string>();
    for (const meeting of this.meetings.values()) {
      for (const party of parties(meeting)) if (party instanceof Remote) nodes.add(party.node);
    }
    for (const { node } of this.watched.values()) if (node !== null && node !== this.node) nodes.add(node);
    return nodes;
  }

  /** Where somebody of these processes is or hosts. */
  concerning(nodes: ReadonlySet<string>): MeetingId[] {
    const ids = new Set<MeetingId>();
    for (const [id, meeting] of this.meetings) {
      for (const party of parties(meeting)) if (party instanceof Remote && nodes.has(party.node)) ids.add(id);
    }
    for (const [id, { node }] of this.watched) if (node !== null && nodes.has(node)) ids.add(id);
    return [...ids];
  }

  /** Redis may count from the beginning again. */
  forgetOrder(): void {
    for (const known of [...this.meetings.values(), ...this.watched.values()]) known.order = 0;
  }

  #adoptHost(id: MeetingId, meeting: Here, host: Party | null): void {
    const before = meeting.host;
    // What this process itself holds it says again when it must; nobody can take it back but by a claim.
    if (host === null && (isHere(before) || this.isUncertain)) return;
    const isSame = before instanceof Remote && host instanceof Remote && before.peer === host.peer;
    if (isSame) {
      // At another process, or at the same under its new name.
      meeting.host = host;
      return;
    }
    if (isHere(before) && before !== host) this.supersede(before, id);
    this.setHost(id, meeting, host);
  }

  #adoptGuests(id: MeetingId, meeting: Here, { guests }: State): void {
    for (const [peer, { member, opened }] of meeting.guests) {
      if (!(member instanceof Remote)) continue;
      const node = guests.get(peer);
      if (node === undefined) {
        if (!this.isUncertain) this.removeGuest(id, meeting, peer);
      } else if (node !== member.node) meeting.guests.set(peer, { member: new Remote(peer, node), opened });
    }
  }

  #partyOf(host: State['host']): Party | null {
    if (host === null) return null;
    const own = host.node === this.node ? this.members.get(host.peer) : undefined;
    return own ?? new Remote(host.peer, host.node);
  }
}

export const isHere = (party: Party | null): party is Member => party !== null && !(party instanceof Remote);

export function* parties(meeting: Attendance<Party> | undefined): Generator<Party> {
  if (meeting === undefined) return;
  if (meeting.host !== null) yield meeting.host;
  for (const { member } of meeting.guests.values()) yield member;
}
