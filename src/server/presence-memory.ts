import type { MeetingId, PeerId } from '../lib/protocol/ids';
import type { ServerEvent } from '../lib/protocol/signaling';
import type { Member, Presence, PresenceCounts, PresenceLimits } from './presence';
import { pairOf, receiverOf, type Attendance, type Sealed } from './relay';
import { Roles } from './roles';
import { Watching } from './watching';

/** The presence of one process: a few maps. Every method does its work in the turn in which it is called. */
export class MemoryPresence implements Presence {
  readonly #limits: PresenceLimits;
  readonly #roles: Roles;
  readonly #watching: Watching;
  /** A meeting that nobody is at has no entry. */
  readonly #meetings = new Map<MeetingId, Attendance<Member>>();

  constructor(limits: PresenceLimits) {
    this.#limits = limits;
    this.#roles = new Roles(limits);
    this.#watching = new Watching(this.#roles);
  }

  async claim(member: Member, id: MeetingId) {
    const role = this.#roles.of(member);
    if (!role.hosting.has(id) && !this.#hasRoom(member, id)) return 'no-room' as const;
    this.#leave(member, id);
    const meeting = this.#make(id);
    const before = meeting.host;
    if (before === member) return { wasHosted: true };
    if (before !== null) {
      this.#roles.find(before)?.hosting.delete(id);
      before.send({ type: 'superseded', id });
    }
    meeting.host = member;
    role.hosting.add(id);
    // Guests start a fresh handshake with whoever is host now, so they are told even when one was there before.
    tellGuests(meeting, { type: 'presence', id, hostPresent: true });
    if (before === null) this.#watching.tell(id, true);
    for (const peer of meeting.guests.keys()) member.send({ type: 'knock', id, peer, envelope: null });
    return { wasHosted: before !== null };
  }

  async release(member: Member, id: MeetingId) {
    this.#release(member, id);
  }

  async knock(member: Member, id: MeetingId, envelope: string | null) {
    const there = this.#meetings.get(id)?.guests;
    if (!there?.has(member.peer)) {
      if (!this.#hasRoom(member, id)) return 'no-room' as const;
      if ((there?.size ?? 0) >= this.#limits.people + this.#limits.waiting) return 'full' as const;
    }
    const meeting = this.#make(id);
    if (!meeting.guests.has(member.peer)) meeting.guests.set(member.peer, { member, opened: new Set() });
    this.#roles.of(member).attending.add(id);
    meeting.host?.send({ type: 'knock', id, peer: member.peer, envelope });
    return { hostPresent: meeting.host !== null };
  }

  async leave(member: Member, id: MeetingId) {
    this.#leave(member, id);
  }

  async watch(member: Member, ids: readonly MeetingId[]) {
    const wanted = new Set(ids);
    if (this.#watching.replace(member, wanted) === null) return false;
    for (const id of wanted) {
      const hostPresent = (this.#meetings.get(id)?.host ?? null) !== null;
      member.send({ type: 'presence', id, hostPresent });
    }
    return true;
  }

  async relay(sender: Member, { id, to, envelope }: Sealed) {
    const meeting = this.#meetings.get(id);
    const receiver = receiverOf(meeting, sender, to);
    receiver?.send({ type: 'relay', id, from: meeting?.host === sender ? null : sender.peer, envelope });
    return receiver !== null;
  }

  async open(by: Member, id: MeetingId, peerA: PeerId, peerB: PeerId) {
    const pair = pairOf(this.#meetings.get(id), by, peerA, peerB);
    if (pair === null) return false;
    const [a, b] = pair;
    a.opened.add(peerB);
    b.opened.add(peerA);
    return true;
  }

  async retire(id: MeetingId) {
    const everyone = new Set(this.#watching.drop(id));
    const meeting = this.#meetings.get(id);
    this.#meetings.delete(id);
    for (const { member } of meeting?.guests.values() ?? []) everyone.add(member);
    if (meeting?.host) everyone.add(meeting.host);
    for (const member of everyone) {
      this.#roles.drop(member, id);
      member.send({ type: 'retired', id });
    }
  }

  async end(member: Member) {
    const role = this.#roles.find(member);
    if (role === undefined) return;
    for (const id of [...role.hosting]) this.#release(member, id);
    for (const id of [...role.attending]) this.#leave(member, id);
    for (const id of role.watching) this.#watching.remove(member, id);
    this.#roles.delete(member);
  }

  async isHosted(id: MeetingId) {
    return this.knowsHost(id);
  }

  knowsHost(id: MeetingId): boolean {
    return (this.#meetings.get(id)?.host ?? null) !== null;
  }

  isHost(member: Member, id: MeetingId): boolean {
    return this.#meetings.get(id)?.host === member;
  }

  isAt(member: Member, id: MeetingId): boolean {
    return this.isHost(member, id) || this.#meetings.get(id)?.guests.get(member.peer)?.member === member;
  }

  get counts(): PresenceCounts {
    return { meetings: this.#meetings.size, members: this.#roles.size, watches: this.#roles.watches };
  }

  async close() {
    for (const member of [...this.#roles.members]) await this.end(member);
  }

  #release(member: Member, id: MeetingId): void {
    const meeting = this.#meetings.get(id);
    if (meeting?.host !== member) return;
    this.#roles.find(member)?.hosting.delete(id);
    meeting.host = null;
    tellGuests(meeting, { type: 'presence', id, hostPresent: false });
    this.#watching.tell(id, false);
    this.#tidy(id, meeting);
  }

  #leave(member: Member, id: MeetingId): void {
    const meeting = this.#meetings.get(id);
    const guest = meeting?.guests.get(member.peer);
    if (meeting === undefined || guest === undefined) return;
    meeting.guests.delete(member.peer);
    for (const peer of guest.opened) meeting.guests.get(peer)?.opened.delete(member.peer);
    this.#roles.find(member)?.attending.delete(id);
    meeting.host?.send({ type: 'gone', id, peer: member.peer });
    this.#tidy(id, meeting);
  }

  #make(id: MeetingId): Attendance<Member> {
    let meeting = this.#meetings.get(id);
    if (meeting === undefined) {
      meeting = { host: null, guests: new Map() };
      this.#meetings.set(id, meeting);
    }
    return meeting;
  }

  #hasRoom(member: Member, id: MeetingId): boolean {
    return this.#roles.hasRoom(this.#roles.of(member), !this.#meetings.has(id), this.#meetings.size);
  }

  #tidy(id: MeetingId, { host, guests }: Attendance<Member>): void {
    if (host === null && guests.size === 0) this.#meetings.delete(id);
  }
}

function tellGuests({ guests }: Attendance<Member>, event: ServerEvent): void {
  for (const { member } of guests.values()) member.send(event);
}
