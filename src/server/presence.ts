import type { MeetingId, PeerId } from '../lib/protocol/ids';
import type { ServerEvent } from '../lib/protocol/signaling';
import type { Limits } from './limits';

/** One session as presence sees it. */
export type Member = { readonly peer: PeerId; send(event: ServerEvent): void };

/** `opened`: the other guests the host let this one speak to (section 3). */
export type Guest = { readonly member: Member; readonly opened: Set<PeerId> };

/** Somebody hosts, is at, or watches each of these; an id that nobody cares for has no entry. */
export type Meeting = {
  host: Member | null;
  readonly guests: Map<PeerId, Guest>;
  readonly watchers: Set<Member>;
};

/** The way back from a member to its meetings, so that its end costs only what it did. */
type Roles = {
  readonly hosting: Set<MeetingId>;
  readonly attending: Set<MeetingId>;
  watching: Set<MeetingId>;
};

type PresenceLimits = Pick<Limits, 'people' | 'waiting' | 'meetings' | 'meetingsPerSocket' | 'watches'>;

/**
 * Who is host of what, who is at what, who watches what: in memory only. Each method leaves everybody told; a method
 * that answers false changed nothing.
 */
export class Presence {
  readonly #limits: PresenceLimits;
  readonly #meetings = new Map<MeetingId, Meeting>();
  readonly #roles = new Map<Member, Roles>();
  #watches = 0;

  constructor(limits: PresenceLimits) {
    this.#limits = limits;
  }

  meeting(id: MeetingId): Meeting | undefined {
    return this.#meetings.get(id);
  }

  isHosted(id: MeetingId): boolean {
    return (this.#meetings.get(id)?.host ?? null) !== null;
  }

  /** Host of the meeting or a guest at it. Who only watches is at no meeting. */
  isAt(member: Member, id: MeetingId): boolean {
    const meeting = this.#meetings.get(id);
    return meeting?.host === member || meeting?.guests.get(member.peer)?.member === member;
  }

  /** The newest valid claim wins: an older host is told and is out. False when there is no room for a meeting more. */
  claim(member: Member, id: MeetingId): boolean {
    const roles = this.#rolesOf(member);
    if (!roles.hosting.has(id) && !this.#hasRoom(roles, id)) return false;
    this.leave(member, id);
    const meeting = this.#make(id);
    const before = meeting.host;
    if (before !== null && before !== member) {
      this.#roles.get(before)?.hosting.delete(id);
      before.send({ type: 'superseded', id });
    }
    meeting.host = member;
    roles.hosting.add(id);
    // Guests start a fresh handshake with whoever is host now, so they are told even when one was there before.
    for (const { member: guest } of meeting.guests.values())
      guest.send({ type: 'presence', id, hostPresent: true });
    if (before === null) tell(meeting.watchers, { type: 'presence', id, hostPresent: true });
    for (const peer of meeting.guests.keys()) member.send({ type: 'knock', id, peer, envelope: null });
    return true;
  }

  release(member: Member, id: MeetingId): void {
    const meeting = this.#meetings.get(id);
    if (meeting?.host !== member) return;
    this.#roles.get(member)?.hosting.delete(id);
    meeting.host = null;
    const event: ServerEvent = { type: 'presence', id, hostPresent: false };
    for (const { member: guest } of meeting.guests.values()) guest.send(event);
    tell(meeting.watchers, event);
    this.#tidy(id, meeting);
  }

  /** The caller has checked that the meeting exists. A guest that is there already may knock again. */
  knock(
    member: Member,
    id: MeetingId,
    envelope: string | null,
  ): 'full' | 'no-room' | { hostPresent: boolean } {
    const roles = this.#rolesOf(member);
    const guests = this.#meetings.get(id)?.guests;
    if (!guests?.has(member.peer)) {
      if (!this.#hasRoom(roles, id)) return 'no-room';
      if ((guests?.size ?? 0) >= this.#limits.people + this.#limits.waiting) return 'full';
    }
    const meeting = this.#make(id);
    if (!meeting.guests.has(member.peer)) meeting.guests.set(member.peer, { member, opened: new Set() });
    roles.attending.add(id);
    meeting.host?.send({ type: 'knock', id, peer: member.peer, envelope });
    return { hostPresent: meeting.host !== null };
  }

  leave(member: Member, id: MeetingId): void {
    const meeting = this.#meetings.get(id);
    const guest = meeting?.guests.get(member.peer);
    if (meeting === undefined || guest === undefined) return;
    meeting.guests.delete(member.peer);
    for (const peer of guest.opened) meeting.guests.get(peer)?.opened.delete(member.peer);
    this.#roles.get(member)?.attending.delete(id);
    meeting.host?.send({ type: 'gone', id, peer: member.peer });
    this.#tidy(id, meeting);
  }

  /** Replaces what the member watches; each of the ids is answered once, at once. */
  watch(member: Member, ids: readonly MeetingId[]): boolean {
    const roles = this.#rolesOf(member);
    const wanted = new Set(ids);
    if (this.#watches - roles.watching.size + wanted.size > this.#limits.watches) return false;
    for (const id of roles.watching) if (!wanted.has(id)) this.#unwatch(member, id);
    for (const id of wanted) this.#make(id).watchers.add(member);
    this.#watches += wanted.size - roles.watching.size;
    roles.watching = wanted;
    for (const id of wanted) member.send({ type: 'presence', id, hostPresent: this.isHosted(id) });
    return true;
  }

  /** Everyone at the meeting is told and out of it. */
  retire(id: MeetingId): void {
    const meeting = this.#meetings.get(id);
    if (meeting === undefined) return;
    this.#meetings.delete(id);
    const everyone = new Set(meeting.watchers);
    for (const { member } of meeting.guests.values()) everyone.add(member);
    if (meeting.host !== null) everyone.add(meeting.host);
    for (const member of everyone) {
      const roles = this.#rolesOf(member);
      roles.hosting.delete(id);
      roles.attending.delete(id);
      if (roles.watching.delete(id)) this.#watches--;
    }
    tell(everyone, { type: 'retired', id });
  }

  /** The session ended. */
  end(member: Member): void {
    const roles = this.#roles.get(member);
    if (roles === undefined) return;
    for (const id of [...roles.hosting]) this.release(member, id);
    for (const id of [...roles.attending]) this.leave(member, id);
    for (const id of roles.watching) this.#unwatch(member, id);
    this.#watches -= roles.watching.size;
    this.#roles.delete(member);
  }

  get counts(): { meetings: number; members: number; watches: number } {
    return { meetings: this.#meetings.size, members: this.#roles.size, watches: this.#watches };
  }

  #rolesOf(member: Member): Roles {
    let roles = this.#roles.get(member);
    if (roles === undefined) {
      roles = { hosting: new Set(), attending: new Set(), watching: new Set() };
      this.#roles.set(member, roles);
    }
    return roles;
  }

  #make(id: MeetingId): Meeting {
    let meeting = this.#meetings.get(id);
    if (meeting === undefined) {
      meeting = { host: null, guests: new Map(), watchers: new Set() };
      this.#meetings.set(id, meeting);
    }
    return meeting;
  }

  /** The new are refused, the live are never evicted. Entries that are only watched have their own bound. */
  #hasRoom(roles: Roles, id: MeetingId): boolean {
    if (roles.hosting.size + roles.attending.size >= this.#limits.meetingsPerSocket) return false;
    return this.#meetings.has(id) || this.#meetings.size < this.#limits.meetings + this.#watches;
  }

  #unwatch(member: Member, id: MeetingId): void {
    const meeting = this.#meetings.get(id);
    if (meeting === undefined) return;
    meeting.watchers.delete(member);
    this.#tidy(id, meeting);
  }

  #tidy(id: MeetingId, { host, guests, watchers }: Meeting): void {
    if (host === null && guests.size === 0 && watchers.size === 0) this.#meetings.delete(id);
  }
}

function tell(members: Iterable<Member>, event: ServerEvent): void {
  for (const member of members) member.send(event);
}
