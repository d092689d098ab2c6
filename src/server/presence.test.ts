import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FakeMember, inMemory, onRedis, type Processes } from '../../tests/support/processes';
import { hasRedis, REDIS_MISSING, RedisServer } from '../../tests/support/redis';
import { randomId, type MeetingId, type PeerId } from '../lib/protocol/ids';
import type { ServerEvent } from '../lib/protocol/signaling';
import type { Presence } from './presence';

const LIMITS = { people: 2, waiting: 1, meetings: 10, meetingsPerSocket: 5, watches: 20 };
const present = (id: MeetingId, hostPresent: boolean): ServerEvent => ({ type: 'presence', id, hostPresent });

const server = new RedisServer();
beforeAll(async () => {
  if (hasRedis) await server.start();
});
afterAll(() => server.close());

/** The contract, whatever keeps it: one process, one on Redis, and two, host and guest on different ones. */
const kinds: [string, boolean, () => Promise<Processes>][] = [
  ['of one process in memory', true, async () => inMemory(LIMITS)],
  ['of one process on Redis', hasRedis, () => onRedis(server, 1, LIMITS)],
  ['of two processes on Redis', hasRedis, () => onRedis(server, 2, LIMITS)],
];

for (const [name, isHere, start] of kinds) {
  describe.skipIf(!isHere)(`presence ${name}${isHere ? '' : ` (${REDIS_MISSING})`}`, () => {
    let processes: Processes;
    let id: MeetingId;
    let host: FakeMember;
    let guest: FakeMember;
    let other: FakeMember;
    /** Where each member's socket is. */
    let homes: Map<FakeMember, Presence>;

    const member = (): FakeMember => {
      const made = new FakeMember();
      const home = processes.all[homes.size % processes.all.length];
      if (home !== undefined) homes.set(made, home);
      return made;
    };
    const at = (someone: FakeMember): Presence => {
      const home = homes.get(someone);
      if (home === undefined) throw new Error('nobody of ours');
      return home;
    };
    const news = async (someone: FakeMember): Promise<ServerEvent[]> => {
      await processes.settle();
      return someone.news();
    };
    const claim = (someone: FakeMember, meeting = id) => at(someone).claim(someone, meeting);
    const knock = (someone: FakeMember, envelope: string | null = null, meeting = id) =>
      at(someone).knock(someone, meeting, envelope);
    const end = (...people: FakeMember[]) => Promise.all(people.map((someone) => at(someone).end(someone)));
    const isHosted = () => at(host).isHosted(id);
    const expectNothingLeft = () => {
      for (const { counts } of processes.all) expect(counts).toEqual({ meetings: 0, members: 0, watches: 0 });
    };

    beforeEach(async () => {
      processes = await start();
      homes = new Map();
      id = randomId<MeetingId>();
      [host, guest, other] = [member(), member(), member()];
    });
    afterEach(async () => {
      await end(...homes.keys());
      await processes.settle();
      expectNothingLeft();
      expect(processes.faults).toEqual([]);
      await processes.close();
    });

    test('leaves nothing behind, in whatever order people go', async () => {
      for (const order of [
        [host, guest, other],
        [guest, other, host],
        [other, host, guest],
      ]) {
        await claim(host);
        await knock(guest);
        await at(other).watch(other, [id, randomId<MeetingId>()]);
        for (const someone of order) await end(someone);
        for (const someone of order) await end(someone);
        await processes.settle();
        expectNothingLeft();
      }
    });

    test('a host that comes again on the same socket supersedes nobody and calls nobody anew', async () => {
      expect(await claim(host)).toEqual({ wasHosted: false });
      await knock(guest);
      await processes.settle();
      host.news();
      expect(await claim(host)).toEqual({ wasHosted: true });
      expect(await news(host)).toEqual([]);
      expect(guest.news()).toEqual([]);
      await at(host).release(host, id);
      expect(await isHosted()).toBe(false);
    });

    test('the end of a superseded host takes nothing from the new one', async () => {
      await claim(host);
      await at(guest).watch(guest, [id]);
      expect(await claim(other)).toEqual({ wasHosted: true });
      expect(await news(host)).toEqual([{ type: 'superseded', id }]);
      await at(host).release(host, id);
      await end(host);
      expect(await isHosted()).toBe(true);
      expect(await news(guest)).toEqual([present(id, true)]);
    });

    test('a host at another process supersedes too, and its guests turn to it', async () => {
      await claim(host);
      await knock(guest);
      await knock(other);
      await processes.settle();
      for (const someone of [host, guest, other]) someone.news();
      const next = member();
      await claim(next);
      expect(await news(host)).toEqual([{ type: 'superseded', id }]);
      expect([guest.news(), other.news()]).toEqual([[present(id, true)], [present(id, true)]]);
      const knocks = next.news();
      expect(knocks).toHaveLength(2);
      expect(knocks).toEqual(
        expect.arrayContaining(
          [guest, other].map(({ peer }) => ({ type: 'knock', id, peer, envelope: null })),
        ),
      );
      expect(await at(guest).relay(guest, { id, to: null, envelope: 'bTE' })).toBe(true);
      expect(await news(next)).toEqual([{ type: 'relay', id, from: guest.peer, envelope: 'bTE' }]);
      expect(host.news()).toEqual([]);
    });

    test('guests that wait are told when the host comes and goes, and the host of each', async () => {
      expect(await knock(guest, 'bTE')).toEqual({ hostPresent: false });
      await claim(host);
      expect(await news(guest)).toEqual([present(id, true)]);
      // What was sealed for nobody is told to nobody.
      expect(host.news()).toEqual([{ type: 'knock', id, peer: guest.peer, envelope: null }]);
      expect(await knock(other, 'bTI')).toEqual({ hostPresent: true });
      expect(await news(host)).toEqual([{ type: 'knock', id, peer: other.peer, envelope: 'bTI' }]);
      await end(other);
      expect(await news(host)).toEqual([{ type: 'gone', id, peer: other.peer }]);
      await end(host);
      expect(await news(guest)).toEqual([present(id, false)]);
    });

    test('who becomes host stops being guest', async () => {
      await knock(guest);
      await claim(guest);
      expect(await news(guest)).toEqual([]);
      expect(await at(guest).relay(guest, { id, to: guest.peer, envelope: 'bTE' })).toBe(false);
      await claim(other);
      expect(await news(other)).toEqual([]);
    });

    test('release and leave of somebody who is neither change nothing', async () => {
      await claim(host);
      await knock(guest);
      await news(host);
      await at(guest).release(guest, id);
      await at(other).leave(other, id);
      await at(other).leave(other, randomId<MeetingId>());
      expect(await isHosted()).toBe(true);
      expect([...(await news(host)), ...guest.news()]).toEqual([]);
    });

    test('a second knock brings a new envelope and takes no second place', async () => {
      await claim(host);
      await knock(guest, 'bTE');
      await knock(guest, 'bTI');
      const event = { type: 'knock', id, peer: guest.peer };
      expect(await news(host)).toEqual([
        { ...event, envelope: 'bTE' },
        { ...event, envelope: 'bTI' },
      ]);
      expect(await Promise.all([knock(other), knock(member())])).not.toContain('full');
    });

    test('the full meeting refuses the new and keeps the old', async () => {
      const guests = Array.from({ length: 3 }, member);
      for (const each of guests) expect(await knock(each)).toEqual({ hostPresent: false });
      expect(await knock(guest)).toBe('full');
      for (const each of guests) expect(await knock(each)).toEqual({ hostPresent: false });
      await end(guest, guests[0] ?? guest);
      expect(await knock(other)).toEqual({ hostPresent: false });
    });

    test('watching again replaces the list and answers each id once', async () => {
      const second = randomId<MeetingId>();
      await at(guest).watch(guest, [id, id, second]);
      expect(await news(guest)).toHaveLength(2);
      await at(guest).watch(guest, [id]);
      expect(await news(guest)).toEqual([present(id, false)]);
      expect(at(guest).counts.watches).toBe(1);
      await claim(host);
      await at(host).release(host, id);
      expect(await news(guest)).toEqual([present(id, true), present(id, false)]);
      await claim(host);
      await at(other).watch(other, [id, second]);
      expect(await news(other)).toEqual([present(id, true), present(second, false)]);
      expect(guest.news()).toEqual([present(id, true)]);
    });

    test('who begins to watch as the last who watched stops hears what comes', async () => {
      homes.set(other, at(guest));
      await at(guest).watch(guest, [id]);
      await Promise.all([at(guest).watch(guest, []), at(other).watch(other, [id])]);
      expect(await news(other)).toEqual([present(id, false)]);
      await claim(host);
      expect(await news(other)).toEqual([present(id, true)]);
    });

    test('retiring tells everybody once and forgets the meeting', async () => {
      await claim(host);
      await knock(guest);
      await at(guest).watch(guest, [id]);
      await at(other).watch(other, [id]);
      await processes.settle();
      for (const someone of [host, guest, other]) someone.news();
      await at(other).retire(id);
      await at(host).retire(id);
      await processes.settle();
      for (const someone of [host, guest, other]) {
        expect(someone.news()).toEqual([{ type: 'retired', id }]);
        expect(at(someone).isAt(someone, id)).toBe(false);
      }
      expect(await isHosted()).toBe(false);
    });

    test('host and guests are at a meeting, from claim or knock to their leaving; nobody else ever is', async () => {
      const there = async () => {
        await processes.settle();
        return [host, guest, other].filter((someone) => at(someone).isAt(someone, id));
      };
      await at(guest).watch(guest, [id]);
      expect(await there()).toEqual([]);
      await claim(host);
      await knock(guest);
      expect(await there()).toEqual([host, guest]);
      expect(at(host).isAt(host, randomId<MeetingId>())).toBe(false);
      // A peer id is no secret among those at a meeting: who has the same is still somebody else.
      expect(at(guest).isAt({ peer: guest.peer, send: () => undefined }, id)).toBe(false);
      await claim(other);
      await at(guest).leave(guest, id);
      expect(await there()).toEqual([other]);
      await knock(guest);
      await at(other).release(other, id);
      expect(await there()).toEqual([guest]);
      await end(guest);
      expect(await there()).toEqual([]);
    });

    test('the bounds of one socket and of a process refuse without a trace', async () => {
      const ids = Array.from({ length: 20 }, () => randomId<MeetingId>());
      // Three at one process.
      const [one, two, three] = Array.from({ length: 3 * processes.all.length }, member).filter(
        (someone) => at(someone) === at(host),
      ) as [FakeMember, FakeMember, FakeMember];
      expect(new Set([one, two, three].map(at)).size).toBe(1);
      const claimed: MeetingId[] = [];
      for (const each of ids) if ((await claim(one, each)) !== 'no-room') claimed.push(each);
      expect(claimed).toEqual(ids.slice(0, 5));
      expect(await claim(one, ids[0])).toEqual({ wasHosted: true });
      expect(await knock(one, null, ids[6])).toBe('no-room');
      for (const each of ids.slice(5, 10)) expect(await claim(two, each)).toEqual({ wasHosted: false });
      expect(await claim(three, ids[10])).toBe('no-room');
      expect(await knock(three, null, ids[0])).toEqual({ hostPresent: true });
      expect(await at(three).watch(three, ids)).toBe(true);
      expect(await at(two).watch(two, [id])).toBe(false);
      expect(await at(three).watch(three, ids.slice(1))).toBe(true);
      expect(await at(two).watch(two, [id])).toBe(true);
    });

    describe('relay', () => {
      const send = (from: FakeMember, to: PeerId | null) => at(from).relay(from, { id, to, envelope: 'bTE' });

      beforeEach(async () => {
        await claim(host);
        await knock(guest);
        await knock(other);
        await news(host);
      });

      test('host and guest reach each other', async () => {
        expect(await send(guest, null)).toBe(true);
        expect(await news(host)).toEqual([{ type: 'relay', id, from: guest.peer, envelope: 'bTE' }]);
        expect(await send(host, guest.peer)).toBe(true);
        expect(await news(guest)).toEqual([{ type: 'relay', id, from: null, envelope: 'bTE' }]);
      });

      test('what is sent in a row arrives in that order', async () => {
        const envelopes = Array.from({ length: 50 }, (_, i) => Buffer.from([i, i, i]).toString('base64url'));
        await Promise.all(envelopes.map((envelope) => at(guest).relay(guest, { id, to: null, envelope })));
        const heard = (await news(host)).map((event) => ('envelope' in event ? event.envelope : null));
        expect(heard).toEqual(envelopes);
      });

      test('nobody else does', async () => {
        const outsider = member();
        expect(await send(guest, other.peer)).toBe(false);
        expect(await send(guest, guest.peer)).toBe(false);
        expect(await send(host, null)).toBe(false);
        expect(await send(host, outsider.peer)).toBe(false);
        expect(await send(outsider, null)).toBe(false);
        expect(await send(outsider, guest.peer)).toBe(false);
        const elsewhere = { id: randomId<MeetingId>(), to: null, envelope: 'bTE' };
        expect(await at(guest).relay(guest, elsewhere)).toBe(false);
        await at(host).release(host, id);
        await processes.settle();
        expect(await send(guest, null)).toBe(false);
        expect(await send(host, guest.peer)).toBe(false);
        await processes.settle();
        for (const someone of [host, other, outsider]) {
          expect(someone.news().filter(({ type }) => type === 'relay')).toEqual([]);
        }
      });

      test('only the host opens a pair, of two guests that are there', async () => {
        const open = (by: FakeMember, a: PeerId, b: PeerId, meeting = id) => at(by).open(by, meeting, a, b);
        expect(await open(guest, guest.peer, other.peer)).toBe(false);
        expect(await open(host, guest.peer, guest.peer)).toBe(false);
        expect(await open(host, guest.peer, host.peer)).toBe(false);
        expect(await open(host, guest.peer, other.peer, randomId<MeetingId>())).toBe(false);
        expect(await open(host, guest.peer, other.peer)).toBe(true);
        await processes.settle();
        expect(await send(guest, other.peer)).toBe(true);
        expect(await send(other, guest.peer)).toBe(true);
        expect(await news(guest)).toEqual([{ type: 'relay', id, from: other.peer, envelope: 'bTE' }]);
        await at(guest).leave(guest, id);
        await knock(guest);
        await processes.settle();
        expect(await send(other, guest.peer)).toBe(false);
        expect(await send(guest, other.peer)).toBe(false);
      });
    });
  });
}
