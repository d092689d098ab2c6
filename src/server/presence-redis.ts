import { randomBytes } from 'node:crypto';
import type { MeetingId, PeerId } from '../lib/protocol/ids';
import type { Member, Presence, PresenceCounts, PresenceLimits } from './presence';
import { BEAT_MS, type Redis, type RedisLink, type RedisUser } from './redis';
import { readMessage, readState, type State } from './redis-messages';
import { isHere, Mirror, parties, Remote, type Party } from './redis-mirror';
import {
  CHANGE,
  HOSTS,
  leaseKey,
  MEETING_LIFE_MS,
  meetingKey,
  nodeChannel,
  watchChannel,
  watchedOf,
} from './redis-scripts';
import { isUnavailable, Refusal } from './refusal';
import { pairOf, receiverOf, type Guest, type Sealed } from './relay';
import { Roles } from './roles';
import { Watching } from './watching';

/** Three beats: what a process that was killed leaves behind is gone before a person gives up. */
const LEASE_MS = 3 * BEAT_MS;
const GOODBYE_MS = 100;
const LEASE_BEATS = LEASE_MS / BEAT_MS;
/** Three times in the life of a meeting's entry. */
const RENEWAL_BEATS = Math.floor(MEETING_LIFE_MS / BEAT_MS / 3);
/** Commands that are sent in one go when everything is said anew. */
const BATCH = 500;

/**
 * The presence of many processes. Redis holds who is at which meeting, each entry under the name of the process that
 * wrote it, and worth something only while that process renews its lease. Every process mirrors what concerns its own
 * people and is told of each change (redis-scripts.ts). Envelopes go from process to process and rest nowhere.
 *
 * When the connection or the lease is lost, the process takes a new name and says everything anew: under the old one
 * there is nobody any more, so nothing that was half done counts.
 */
export class RedisPresence implements Presence, RedisUser {
  readonly #redis: Redis;
  readonly #limits: PresenceLimits;
  readonly #roles: Roles;
  readonly #watching: Watching;
  readonly #mirror: Mirror;
  #beats = 0;
  /** Beats until every process that lives must have said anew who is there. */
  #uncertainBeats = 0;

  constructor(redis: Redis, limits: PresenceLimits) {
    this.#redis = redis;
    this.#limits = limits;
    this.#roles = new Roles(limits);
    this.#watching = new Watching(this.#roles);
    this.#mirror = new Mirror(this.#roles, this.#watching);
    redis.use(this);
  }

  async claim(member: Member, id: MeetingId) {
    const role = this.#roles.of(member);
    if (!role.hosting.has(id) && !this.#hasRoom(member, id)) return 'no-room' as const;
    return this.#mirror.coming(member, id, async (meeting) => {
      const { outcome, state } = await this.#change(id, 'claim', member.peer);
      role.attending.delete(id);
      role.hosting.add(id);
      meeting.guests.delete(member.peer);
      this.#mirror.adopt(id, state);
      // Another process claimed since, and said so before this answer came.
      if (meeting.host !== member) this.#mirror.supersede(member, id);
      return { wasHosted: outcome === 'hosted' };
    });
  }

  async release(member: Member, id: MeetingId) {
    if (!this.isHost(member, id)) return;
    const state = await this.#goodbye(id, 'release', member.peer);
    this.#roles.find(member)?.hosting.delete(id);
    const meeting = this.#mirror.meetings.get(id);
    if (meeting?.host === member) this.#mirror.setHost(id, meeting, null);
    if (state !== null) this.#mirror.adopt(id, state);
    this.#mirror.tidy(id);
  }

  async knock(member: Member, id: MeetingId, envelope: string | null) {
    const isNew = !this.isGuest(member, id);
    if (isNew && !this.#hasRoom(member, id)) return 'no-room' as const;
    const most = String(this.#limits.people + this.#limits.waiting);
    return this.#mirror.coming(member, id, async (meeting) => {
      const { outcome, state } = await this.#change(id, 'knock', member.peer, most, envelope ?? '-');
      if (outcome === 'full') return 'full' as const;
      this.#mirror.adopt(id, state);
      if (isNew) meeting.guests.set(member.peer, { member, opened: new Set() });
      this.#roles.of(member).attending.add(id);
      const { host } = meeting;
      // Redis had no host to pass the envelope to, and one is there: it came meanwhile, or Redis forgot it and is yet to
      // be told anew. Who is refused so knocks again.
      if (host instanceof Remote && state.host === null) throw new Refusal('unavailable');
      if (isHere(host)) host.send({ type: 'knock', id, peer: member.peer, envelope });
      return { hostPresent: host !== null };
    });
  }

  async leave(member: Member, id: MeetingId) {
    if (!this.isGuest(member, id)) return;
    const state = await this.#goodbye(id, 'leave', member.peer);
    this.#roles.find(member)?.attending.delete(id);
    const meeting = this.#mirror.meetings.get(id);
    if (meeting?.guests.has(member.peer)) this.#mirror.removeGuest(id, meeting, member.peer);
    if (state !== null) this.#mirror.adopt(id, state);
    this.#mirror.tidy(id);
  }

  async watch(member: Member, ids: readonly MeetingId[]) {
    const wanted = new Set(ids);
    const before = this.#roles.of(member).watching;
    const isNew = this.#watching.replace(member, wanted);
    if (isNew === null) return false;
    for (const id of isNew) this.#mirror.watched.set(id, { order: 0, node: null, tellings: 0 });
    const tellings = new Map([...wanted].map((id) => [id, this.#mirror.watched.get(id)?.tellings]));
    await this.#forgetUnwatched(before);
    const link = await this.#redis.reach();
    await link.subscribe(isNew.map(watchChannel), this.#heardWatched);
    await this.#askHosts(link, [...wanted]);
    for (const id of wanted) {
      const watched = this.#mirror.watched.get(id);
      // What came to be known since was told to everybody who watches, the member too.
      if (watched === undefined || watched.tellings !== tellings.get(id)) continue;
      member.send({ type: 'presence', id, hostPresent: watched.node !== null });
    }
    return true;
  }

  async relay(sender: Member, { id, to, envelope }: Sealed) {
    const meeting = this.#mirror.meetings.get(id);
    const receiver = receiverOf<Party>(meeting, sender, to);
    if (receiver === null) return false;
    const from = meeting?.host === sender ? null : sender.peer;
    if (receiver instanceof Remote) {
      const link = await this.#redis.reach();
      const message = `R ${id} ${to ?? '-'} ${from ?? '-'} ${envelope}`;
      return (await link.publish(nodeChannel(receiver.node), message)) > 0;
    }
    receiver.send({ type: 'relay', id, from, envelope });
    return true;
  }

  async open(by: Member, id: MeetingId, peerA: PeerId, peerB: PeerId) {
    const pair = pairOf<Party>(this.#mirror.meetings.get(id), by, peerA, peerB);
    if (pair === null) return false;
    const [a, b] = pair;
    await Promise.all([this.#openFor(id, a, b), this.#openFor(id, b, a)]);
    return true;
  }

  async retire(id: MeetingId) {
    await this.#change(id, 'retire');
    this.#retired(id);
  }

  async end(member: Member) {
    const role = this.#roles.find(member);
    if (role === undefined) return;
    const { watching } = role;
    await Promise.all([
      ...[...role.hosting].map((id) => this.release(member, id)),
      ...[...role.attending].map((id) => this.leave(member, id)),
    ]);
    for (const id of watching) this.#watching.remove(member, id);
    this.#roles.delete(member);
    this.#mirror.members.delete(member.peer);
    await this.#forgetUnwatched(watching);
  }

  async isHosted(id: MeetingId) {
    const { nodes } = await this.#hosts(await this.#redis.reach(), [id]);
    return (nodes[0] ?? null) !== null;
  }

  knowsHost(id: MeetingId): boolean {
    return (this.#mirror.meetings.get(id)?.host ?? null) !== null;
  }

  isHost(member: Member, id: MeetingId): boolean {
    return this.#mirror.meetings.get(id)?.host === member;
  }

  isGuest(member: Member, id: MeetingId): boolean {
    return this.#mirror.meetings.get(id)?.guests.get(member.peer)?.member === member;
  }

  isAt(member: Member, id: MeetingId): boolean {
    return this.isHost(member, id) || this.isGuest(member, id);
  }

  get counts(): PresenceCounts {
    const { size: meetings } = this.#mirror.meetings;
    return { meetings, members: this.#roles.size, watches: this.#roles.watches };
  }

  /** Commands are dealt with in their order, so what everybody said in going is heard before this. */
  async close() {
    if (!this.#redis.isUp) return;
    const { node } = this.#mirror;
    const said = this.#redis.link.do((commands) => commands.del(leaseKey(node))).catch(alreadyAway);
    // A Redis that hangs must not hold the process; the lease ends by itself.
    await Promise.race([said, new Promise((resolve) => setTimeout(resolve, GOODBYE_MS))]);
  }

  /** A new connection, a new name: everything this process knows is said anew. */
  async opened(link: RedisLink) {
    const former = this.#mirror.node;
    const node = (this.#mirror.node = randomBytes(9).toString('base64url'));
    if (former !== '') {
      await link.do((commands) => commands.del(leaseKey(former)));
      this.#mirror.isUncertain = true;
      this.#uncertainBeats = LEASE_BEATS;
    }
    await link.do((commands) => commands.set(leaseKey(node), '1', { PX: LEASE_MS }));
    await link.subscribe([nodeChannel(node)], (text) => this.#mirror.hear(readMessage(text)));
    this.#mirror.forgetOrder();
    for (const ids of batches(this.#mirror.meetings.keys())) {
      await Promise.all(ids.map((id) => this.#restore(link, id)));
    }
    for (const ids of batches(this.#mirror.watched.keys())) {
      await link.subscribe(ids.map(watchChannel), this.#heardWatched);
      await this.#askHosts(link, ids);
    }
  }

  async beat(link: RedisLink) {
    const isKept = await link.do((commands) => commands.pExpire(leaseKey(this.#mirror.node), LEASE_MS));
    // This process was silent for too long, or Redis lost its memory: to the others nobody is here.
    if (isKept !== 1) return this.#redis.reset();
    if (++this.#beats % RENEWAL_BEATS === 0) await this.#renew(link);
    if (this.#uncertainBeats > 0 && --this.#uncertainBeats > 0) return;
    const wasUncertain = this.#mirror.isUncertain;
    this.#mirror.isUncertain = false;
    await this.#settle(link, wasUncertain ? this.#mirror.neighbours : await this.#dead(link));
  }

  async #renew(link: RedisLink): Promise<void> {
    for (const ids of batches(this.#mirror.meetings.keys())) {
      await link.do((commands) =>
        Promise.all(ids.map((id) => commands.pExpire(meetingKey(id), MEETING_LIFE_MS))),
      );
    }
  }

  /** Neighbours that ended without a word. */
  async #dead(link: RedisLink): Promise<Set<string>> {
    const nodes = [...this.#mirror.neighbours];
    if (nodes.length === 0) return new Set();
    const leases = await link.do((commands) => commands.mGet(nodes.map(leaseKey)));
    return new Set(nodes.filter((_, index) => leases[index] === null));
  }

  /** Asks anew about every meeting that has to do with these processes. */
  async #settle(link: RedisLink, nodes: ReadonlySet<string>): Promise<void> {
    if (nodes.size === 0) return;
    for (const ids of batches(this.#mirror.concerning(nodes))) {
      await Promise.all(
        ids.map(async (id) => {
          const { state } = await this.#changeBy(link, id, 'look');
          this.#mirror.adopt(id, state);
          this.#mirror.tidy(id);
          this.#mirror.see(id, state.order, state.host?.node ?? null);
        }),
      );
    }
  }

  async #restore(link: RedisLink, id: MeetingId): Promise<void> {
    const meeting = this.#mirror.meetings.get(id);
    const here = [...parties(meeting)].filter(isHere);
    if (here.length === 0) return;
    const host = here.find((member) => member === meeting?.host);
    const guests = here.filter((member) => member !== host).map(({ peer }) => peer);
    const { state } = await this.#changeBy(link, id, 'restore', host?.peer ?? '', guests.join());
    this.#mirror.adopt(id, state);
  }

  async #change(id: MeetingId, change: string, ...args: string[]) {
    return this.#changeBy(await this.#redis.reach(), id, change, ...args);
  }

  async #changeBy(link: RedisLink, id: MeetingId, change: string, ...args: string[]) {
    const answer = await link.run(CHANGE, [meetingKey(id)], [id, this.#mirror.node, change, ...args]);
    const [outcome, state] = answer as [string, string];
    return { outcome, state: readState(state.split(' ')) };
  }

  /** Whoever goes is gone. If that cannot be said now, everything is said anew when it can. */
  async #goodbye(id: MeetingId, change: 'release' | 'leave', peer: PeerId): Promise<State | null> {
    try {
      return (await this.#change(id, change, peer)).state;
    } catch (cause) {
      alreadyAway(cause);
      this.#redis.reset();
      return null;
    }
  }

  async #openFor(id: MeetingId, { member, opened }: Guest<Party>, other: Guest<Party>): Promise<void> {
    opened.add(other.member.peer);
    if (!(member instanceof Remote)) return;
    const node = other.member instanceof Remote ? other.member.node : this.#mirror.node;
    const link = await this.#redis.reach();
    await link.publish(nodeChannel(member.node), `O ${id} ${member.peer} ${other.member.peer} ${node}`);
  }

  readonly #heardWatched = (text: string, channel: string): void => {
    const id = watchedOf(channel);
    if (text === 'X') return this.#retired(id);
    const [order = '0', node = '-'] = text.split(' ');
    this.#mirror.see(id, Number(order), node === '-' ? null : node);
  };

  async #askHosts(link: RedisLink, ids: readonly MeetingId[]): Promise<void> {
    if (ids.length === 0) return;
    const { order, nodes } = await this.#hosts(link, ids);
    for (const [index, id] of ids.entries()) this.#mirror.see(id, order, nodes[index] ?? null);
  }

  async #hosts(link: RedisLink, ids: readonly MeetingId[]) {
    const [order, ...nodes] = (await link.run(HOSTS, ids.map(meetingKey), [])) as string[];
    return { order: Number(order), nodes: nodes.map((node) => (node === '' ? null : node)) };
  }

  #retired(id: MeetingId): void {
    this.#mirror.retired(id);
    void this.#forgetUnwatched([id]);
  }

  /** Of a meeting that nobody here watches any more nothing need be heard. */
  async #forgetUnwatched(ids: Iterable<MeetingId>): Promise<void> {
    const { watched } = this.#mirror;
    const gone = [...ids].filter((id) => watched.has(id) && !this.#watching.has(id));
    for (const id of gone) watched.delete(id);
    // A connection that is lost took its subscriptions along.
    if (gone.length === 0 || !this.#redis.isUp) return;
    await this.#redis.link.unsubscribe(gone.map(watchChannel), this.#heardWatched).catch(alreadyAway);
  }

  #hasRoom(member: Member, id: MeetingId): boolean {
    const { meetings } = this.#mirror;
    return this.#roles.hasRoom(this.#roles.of(member), !meetings.has(id), meetings.size);
  }
}

function* batches<T>(all: Iterable<T>): Generator<T[]> {
  const rest = [...all];
  while (rest.length > 0) yield rest.splice(0, BATCH);
}

/** For what the loss of the connection does by itself. */
function alreadyAway(cause: unknown): void {
  if (!isUnavailable(cause)) throw cause;
}
