import { beforeEach, expect, test } from 'vitest';
import { FakeMember } from '../../tests/support/processes';
import { randomId, type MeetingId, type PeerId } from '../lib/protocol/ids';
import { Mirror } from './redis-mirror';
import { readState, type Message } from './redis-messages';
import { Roles } from './roles';
import { Watching } from './watching';

const LIMITS = { people: 8, waiting: 8, meetings: 10, meetingsPerSocket: 10, watches: 10 };
const OTHER = 'another-node';
let mirror: Mirror;
let id: MeetingId;
let member: FakeMember;
let stranger: PeerId;
beforeEach(() => {
  const roles = new Roles(LIMITS);
  mirror = new Mirror(roles, new Watching(roles));
  mirror.node = 'this-node';
  id = randomId<MeetingId>();
  member = new FakeMember();
  stranger = randomId<PeerId>();
});

const stateOf = (order: number, host: string, guests = '-') =>
  readState([String(order), ...host.split(' '), guests]);
const hostHere = (order: number, guests = '-') => stateOf(order, `this-node ${member.peer}`, guests);

test('what is said to a host before the answer to its claim is not lost, and keeps its order', async () => {
  const relay = (envelope: string): Message => ({ kind: 'relay', id, to: null, from: stranger, envelope });
  const claimed = mirror.coming(member, id, async () => {
    mirror.hear({
      kind: 'knock',
      id,
      state: hostHere(2, `${stranger}:${OTHER}`),
      peer: stranger,
      envelope: 'bTE',
    });
    mirror.hear(relay('bTI'));
    expect(member.news()).toEqual([]);
    await Promise.resolve();
    mirror.adopt(id, hostHere(1));
  });
  mirror.hear(relay('bTM'));
  await claimed;
  expect(member.news()).toEqual([
    { type: 'knock', id, peer: stranger, envelope: 'bTE' },
    { type: 'relay', id, from: stranger, envelope: 'bTI' },
    { type: 'relay', id, from: stranger, envelope: 'bTM' },
  ]);
});

test('nor what is said to a guest before the answer to its knock', async () => {
  await mirror.coming(member, id, async (meeting) => {
    mirror.hear({ kind: 'relay', id, to: member.peer, from: null, envelope: 'bTE' });
    await Promise.resolve();
    mirror.adopt(id, stateOf(1, `${OTHER} ${stranger}`, `${member.peer}:this-node`));
    meeting.guests.set(member.peer, { member, opened: new Set() });
  });
  expect(member.news()).toEqual([
    // The state that it came with is older than the guest.
    { type: 'relay', id, from: null, envelope: 'bTE' },
  ]);
});

test('older news undoes nothing, wherever it comes from', async () => {
  await mirror.coming(member, id, async () => mirror.adopt(id, hostHere(5)));
  mirror.hear({ kind: 'state', id, state: stateOf(4, `${OTHER} ${stranger}`) });
  expect(mirror.meetings.get(id)?.host).toBe(member);
  mirror.hear({ kind: 'state', id, state: stateOf(6, `${OTHER} ${stranger}`) });
  expect(member.news()).toEqual([{ type: 'superseded', id }]);
  expect(mirror.meetings.size).toBe(0);
});

test('what nobody here has to do with is not kept', () => {
  mirror.hear({ kind: 'state', id, state: stateOf(1, `${OTHER} ${stranger}`) });
  mirror.hear({ kind: 'relay', id, to: member.peer, from: null, envelope: 'bTE' });
  expect(mirror.meetings.size).toBe(0);
});
