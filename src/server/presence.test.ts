import { beforeEach, describe, expect, test } from 'vitest';
import { randomId, type MeetingId, type PeerId } from '../lib/protocol/ids';
import type { ServerEvent } from '../lib/protocol/signaling';
import { Presence, type Member } from './presence';
import { openPair, relay } from './relay';

class FakeMember implements Member {
  readonly peer = randomId<PeerId>();
  readonly events: ServerEvent[] = [];
  send(event: ServerEvent): void {
    this.events.push(event);
  }
  /** What came since the last look. */
  news(): ServerEvent[] {
    return this.events.splice(0);
  }
}

const ROOMY = { people: 2, waiting: 1, meetings: 10, meetingsPerSocket: 5, watches: 20 };
const id = randomId<MeetingId>();
let presence: Presence;
let host: FakeMember;
let guest: FakeMember;
let other: FakeMember;
beforeEach(() => {
  presence = new Presence(ROOMY);
  [host, guest, other] = [new FakeMember(), new FakeMember(), new FakeMember()];
});

const nothingLeft = { meetings: 0, members: 0, watches: 0 };
const present = (hostPresent: boolean): ServerEvent => ({ type: 'presence', id, hostPresent });

describe('presence', () => {
  test('leaves nothing behind, in whatever order people go', () => {
    for (const order of [
      [host, guest, other],
      [guest, other, host],
      [other, host, guest],
    ]) {
      presence.claim(host, id);
      presence.knock(guest, id, null);
      presence.watch(other, [id, randomId<MeetingId>()]);
      for (const member of order) presence.end(member);
      for (const member of order) presence.end(member);
      expect(presence.counts).toEqual(nothingLeft);
    }
  });

  test('a host that comes again on the same socket supersedes nobody', () => {
    presence.claim(host, id);
    presence.claim(host, id);
    expect(host.news()).toEqual([]);
    presence.release(host, id);
    expect(presence.isHosted(id)).toBe(false);
  });

  test('the end of a superseded host takes nothing from the new one', () => {
    presence.claim(host, id);
    presence.watch(guest, [id]);
    presence.claim(other, id);
    expect(host.news()).toEqual([{ type: 'superseded', id }]);
    presence.release(host, id);
    presence.end(host);
    expect(presence.isHosted(id)).toBe(true);
    expect(guest.news()).toEqual([present(true)]);
  });

  test('who becomes host stops being guest', () => {
    presence.knock(guest, id, null);
    presence.claim(guest, id);
    expect(guest.news()).toEqual([]);
    expect(presence.meeting(id)?.guests.size).toBe(0);
  });

  test('release and leave of somebody who is neither change nothing', () => {
    presence.claim(host, id);
    presence.knock(guest, id, null);
    host.news();
    presence.release(guest, id);
    presence.leave(other, id);
    presence.leave(other, randomId<MeetingId>());
    expect(presence.isHosted(id)).toBe(true);
    expect([...host.news(), ...guest.news()]).toEqual([]);
  });

  test('a second knock brings a new envelope and takes no second place', () => {
    presence.claim(host, id);
    presence.knock(guest, id, 'bTE');
    presence.knock(guest, id, 'bTI');
    const knock = { type: 'knock', id, peer: guest.peer };
    expect(host.news()).toEqual([
      { ...knock, envelope: 'bTE' },
      { ...knock, envelope: 'bTI' },
    ]);
    expect(presence.meeting(id)?.guests.size).toBe(1);
  });

  test('the full meeting refuses the new and keeps the old', () => {
    const guests = Array.from({ length: 3 }, () => new FakeMember());
    for (const each of guests) expect(presence.knock(each, id, null)).toEqual({ hostPresent: false });
    expect(presence.knock(guest, id, null)).toBe('full');
    expect(guests.map((each) => presence.knock(each, id, null))).toEqual(
      guests.map(() => ({ hostPresent: false })),
    );
    presence.end(guest);
    presence.end(guests[0] ?? guest);
    expect(presence.knock(guest, id, null)).toEqual({ hostPresent: false });
  });

  test('watching again replaces the list and answers each id once', () => {
    const second = randomId<MeetingId>();
    presence.watch(guest, [id, id, second]);
    expect(guest.news()).toHaveLength(2);
    presence.watch(guest, [id]);
    expect(guest.news()).toEqual([present(false)]);
    expect(presence.counts).toMatchObject({ meetings: 1, watches: 1 });
    presence.claim(host, id);
    presence.release(host, id);
    expect(guest.news()).toEqual([present(true), present(false)]);
  });

  test('retiring tells everybody once and forgets the meeting', () => {
    presence.claim(host, id);
    presence.knock(guest, id, null);
    presence.watch(guest, [id]);
    presence.watch(other, [id]);
    for (const member of [host, guest, other]) member.news();
    presence.retire(id);
    presence.retire(id);
    for (const member of [host, guest, other]) {
      expect(member.news()).toEqual([{ type: 'retired', id }]);
      presence.end(member);
    }
    expect(presence.counts).toEqual(nothingLeft);
  });

  test('host and guests are at a meeting, from claim or knock to their leaving; nobody else ever is', () => {
    const there = () => [host, guest, other].filter((member) => presence.isAt(member, id));
    presence.watch(guest, [id]);
    expect(there()).toEqual([]);
    presence.claim(host, id);
    presence.knock(guest, id, null);
    expect(there()).toEqual([host, guest]);
    expect(presence.isAt(host, randomId<MeetingId>())).toBe(false);
    // A peer id is no secret among those at a meeting: who has the same is still somebody else.
    expect(presence.isAt({ peer: guest.peer, send: () => undefined }, id)).toBe(false);
    presence.claim(other, id);
    presence.leave(guest, id);
    expect(there()).toEqual([other]);
    presence.knock(guest, id, null);
    presence.release(other, id);
    expect(there()).toEqual([guest]);
    presence.end(guest);
    expect(there()).toEqual([]);
    presence.claim(host, id);
    presence.knock(guest, id, null);
    presence.retire(id);
    expect(there()).toEqual([]);
  });

  test('the bounds of one socket and of the server refuse without a trace', () => {
    const ids = Array.from({ length: 20 }, () => randomId<MeetingId>());
    const claimed = ids.filter((each) => presence.claim(host, each));
    expect(claimed).toEqual(ids.slice(0, 5));
    expect(presence.claim(host, ids[0] ?? id)).toBe(true);
    expect(presence.knock(host, ids[6] ?? id, null)).toBe('no-room');
    for (const each of ids.slice(5, 10)) expect(presence.claim(guest, each)).toBe(true);
    expect(presence.claim(other, ids[10] ?? id)).toBe(false);
    expect(presence.knock(other, ids[0] ?? id, null)).toEqual({ hostPresent: true });
    expect(presence.watch(other, ids)).toBe(true);
    expect(presence.watch(guest, [id])).toBe(false);
    expect(presence.watch(other, ids.slice(1))).toBe(true);
    expect(presence.watch(guest, [id])).toBe(true);
    for (const member of [host, guest, other]) presence.end(member);
    expect(presence.counts).toEqual(nothingLeft);
  });
});

describe('relay', () => {
  const send = (from: Member, to: PeerId | null) =>
    relay(presence.meeting(id), from, { id, to, envelope: 'bTE' });

  beforeEach(() => {
    presence.claim(host, id);
    presence.knock(guest, id, null);
    presence.knock(other, id, null);
    host.news();
  });

  test('host and guest reach each other', () => {
    expect(send(guest, null)).toBe(true);
    expect(host.news()).toEqual([{ type: 'relay', id, from: guest.peer, envelope: 'bTE' }]);
    expect(send(host, guest.peer)).toBe(true);
    expect(guest.news()).toEqual([{ type: 'relay', id, from: null, envelope: 'bTE' }]);
  });

  test('nobody else does', () => {
    const outsider = new FakeMember();
    expect(send(guest, other.peer)).toBe(false);
    expect(send(guest, guest.peer)).toBe(false);
    expect(send(host, null)).toBe(false);
    expect(send(host, outsider.peer)).toBe(false);
    expect(send(outsider, null)).toBe(false);
    expect(send(outsider, guest.peer)).toBe(false);
    expect(relay(undefined, guest, { id, to: null, envelope: 'bTE' })).toBe(false);
    presence.release(host, id);
    expect(send(guest, null)).toBe(false);
    expect(send(host, guest.peer)).toBe(false);
    for (const member of [host, other, outsider]) {
      expect(member.news().filter(({ type }) => type === 'relay')).toEqual([]);
    }
  });

  test('only the host opens a pair, of two guests that are there', () => {
    const open = (by: Member, a: PeerId, b: PeerId) => openPair(presence.meeting(id), by, a, b);
    expect(open(guest, guest.peer, other.peer)).toBe(false);
    expect(open(host, guest.peer, guest.peer)).toBe(false);
    expect(open(host, guest.peer, host.peer)).toBe(false);
    expect(openPair(undefined, host, guest.peer, other.peer)).toBe(false);
    expect(open(host, guest.peer, other.peer)).toBe(true);
    expect(send(guest, other.peer)).toBe(true);
    expect(send(other, guest.peer)).toBe(true);
    presence.leave(guest, id);
    presence.knock(guest, id, null);
    expect(send(other, guest.peer)).toBe(false);
    expect(send(guest, other.peer)).toBe(false);
  });
});
