import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { meeting, pass, useFakeClock, useTrueClock } from '../../../tests/fakes/refusing-server';
import type { WireCode } from '../protocol/errors';
import { NO_POLICY } from '../protocol/handshake';
import { randomId, type ParticipantId } from '../protocol/ids';
import { Guest } from './guest';

beforeEach(useFakeClock);
afterEach(useTrueClock);

describe('a guest', () => {
  async function start(refuses: Record<string, WireCode> = {}) {
    const here = meeting((room) => new Guest(room, randomId<ParticipantId>()));
    for (const [call, wire] of Object.entries(refuses)) here.server.refuses.set(call, wire);
    here.side.prepare();
    here.hello();
    await pass(0);
    return here;
  }
  type Here = Awaited<ReturnType<typeof start>>;

  /** The whole handshake, as the worker tells of it. */
  async function connect({ side }: Here): Promise<void> {
    side.join('Grace', false);
    await pass(0);
    const connection = side.peer.tag ?? '';
    side.worker({ type: 'met', connection, policy: NO_POLICY, safetyWords: [] });
    side.worker({ type: 'admission', connection, admission: { status: 'admit', name: 'Harriet' } });
    side.worker({ type: 'open', connection });
    expect(side.peer.state.at).toBe('open');
  }

  const handshakes = ({ posted }: Here) => posted.filter(({ type }) => type === 'knock').length;

  test('before Join, is told of the host as soon as the server can say', async () => {
    const here = await start({ all: 'unavailable' });
    await pass(7);
    expect(here.asked()).toEqual(['watch 0', 'watch 1', 'watch 3', 'watch 7']);
    expect(here.troubles).toEqual(['signaling/unavailable']);
    here.server.refuses.clear();
    await pass(60);
    expect(here.asked()).toEqual(['watch 12']);
    expect(here.troubles).toEqual(['signaling/unavailable', null]);
  });

  test('whose knock is refused reads so, and is let in by itself', async () => {
    const here = await start();
    here.server.refuses.set('all', 'unavailable');
    here.side.join('Grace', false);
    await pass(12);
    // Looking costs neither a handshake nor a knock, of which a socket has few.
    expect(here.asked()).toEqual(['watch 0', 'knock 0', 'watch 1', 'watch 3', 'watch 7', 'watch 12']);
    expect(handshakes(here)).toBe(1);
    expect(here.troubles).toEqual(['signaling/unavailable']);
    here.server.refuses.clear();
    await pass(5);
    expect(here.asked()).toEqual(['watch 17', 'knock 17']);
    expect(here.troubles).toEqual(['signaling/unavailable', null]);
    expect(here.endings).toEqual([]);
  });

  test('who presses Join while it is waited for is not kept waiting', async () => {
    const here = await start({ all: 'unavailable' });
    await pass(8);
    here.asked();
    here.server.refuses.clear();
    here.side.join('Grace', false);
    await pass(2);
    expect(here.asked()).toEqual(['knock 8']);
    expect(here.troubles).toEqual(['signaling/unavailable', null]);
  });

  test('who is connected stays so and reads nothing', async () => {
    const here = await start();
    await connect(here);
    here.asked();
    here.troubles.length = 0;
    here.server.refuses.set('all', 'unavailable');
    here.lose();
    await pass(1);
    here.hello();
    await pass(6);
    expect(here.asked()).toEqual(['knock 1', 'watch 2', 'watch 4']);
    here.server.refuses.clear();
    await pass(10);
    expect(here.asked()).toEqual(['watch 8', 'knock 8']);
    expect(here.side.peer.state.at).toBe('open');
    expect(here.side.peer.isTalking).toBe(true);
    expect(here.troubles).toEqual([]);
  });

  test('whose connection breaks meanwhile reads it then, and not that somebody interferes', async () => {
    const here = await start();
    await connect(here);
    here.troubles.length = 0;
    here.server.refuses.set('all', 'unavailable');
    here.lose();
    await pass(1);
    here.hello();
    await pass(1);
    here.side.worker({ type: 'path', connection: here.side.peer.tag ?? '', standing: 'dead', rttMs: null });
    await pass(120);
    expect(new Set(here.troubles)).toEqual(new Set(['signaling/unavailable']));
    expect(here.side.peer.state.at).toBe('greeting');
  });

  test('whose envelopes are refused reads no word of interference, and knocks anew', async () => {
    const here = await start();
    here.side.join('Grace', false);
    await pass(0);
    const connection = here.side.peer.tag ?? '';
    here.side.worker({ type: 'met', connection, policy: NO_POLICY, safetyWords: [] });
    here.asked();
    here.server.refuses.set('relay', 'unavailable');
    here.server.refuses.set('watch', 'unavailable');
    here.side.worker({ type: 'envelope', connection, bytes: Uint8Array.of(2) });
    await pass(0);
    here.side.worker({ type: 'envelope', connection, bytes: Uint8Array.of(3) });
    await pass(60);
    expect(new Set(here.troubles)).toEqual(new Set(['signaling/unavailable']));
    expect(here.asked().filter((call) => !call.startsWith('watch'))).toEqual(['relay 0']);
    here.server.refuses.clear();
    await pass(5);
    const [look, knock] = here.asked();
    expect(look).toMatch(/^watch/);
    expect(knock).toBe(look?.replace('watch', 'knock'));
    expect(here.troubles.at(-1)).toBe(null);
  });

  test('whose knock is refused late does not take the host for away', async () => {
    const here = await start();
    here.server.refuses.set('knock', 'unavailable');
    here.server.refuses.set('watch', 'unavailable');
    let found: () => void = () => undefined;
    here.server.seeking = new Promise((resolve) => (found = resolve));
    here.server.delivers = false;
    here.side.join('Grace', false);
    await pass(3);
    expect(here.asked()).toContain('relay 3');
    found();
    await pass(0);
    expect(here.side.hostPresent).toBeNull();
    expect(here.troubles).toEqual(['signaling/unavailable']);
  });

  test('whose knocks were counted that came to nothing still comes in', async () => {
    const here = await start();
    here.server.refuses.set('knock', 'unavailable');
    here.side.join('Grace', false);
    await pass(2);
    here.server.refuses.set('knock', 'rate-limited');
    await pass(18);
    here.server.refuses.clear();
    await pass(5);
    expect(here.troubles).toEqual(['signaling/unavailable', null]);
  });

  test('who knocks too often without that reads it', async () => {
    const here = await start({ knock: 'rate-limited' });
    here.side.join('Grace', false);
    await pass(1);
    expect(here.troubles).toEqual(['signaling/rate-limited']);
  });

  test('who leaves asks no more, whatever answer is on its way', async () => {
    const here = await start({ all: 'unavailable' });
    here.side.join('Grace', false);
    await pass(4);
    here.asked();
    here.side.leave();
    await pass(60);
    expect(here.asked()).toEqual(['leave 4']);

    const quick = await start({ all: 'unavailable' });
    quick.side.join('Grace', false);
    await Promise.resolve();
    quick.side.leave();
    quick.asked();
    await pass(60);
    expect(quick.asked()).toEqual([]);
    expect(quick.endings).toEqual([]);
  });

  test('reconnecting again and again waits for one answer at a time', async () => {
    const here = await start();
    here.server.refuses.set('all', 'unavailable');
    here.side.join('Grace', false);
    for (let session = 0; session < 5; session++) {
      here.lose();
      await pass(1);
      here.hello();
      await pass(0.1);
    }
    here.asked();
    await pass(12);
    expect(here.asked().map((call) => call.split(' ')[0])).toEqual(['watch', 'watch', 'watch', 'watch']);
  });
});
