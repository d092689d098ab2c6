import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { meeting, pass, useFakeClock, useTrueClock } from '../../../tests/fakes/refusing-server';
import { NO_POLICY } from '../protocol/handshake';
import { Host } from './host';

beforeEach(useFakeClock);
afterEach(useTrueClock);

describe('a host whose claim is refused', () => {
  async function start() {
    const here = meeting(
      (room) => new Host(room, { policy: NO_POLICY, name: 'Harriet', hidesAddress: false }),
    );
    here.server.refuses.set('all', 'unavailable');
    here.side.open();
    here.hello();
    await pass(0);
    return here;
  }

  test('reads so once, claims again by itself, and reads that it worked', async () => {
    const here = await start();
    await pass(17);
    expect(here.asked()).toEqual(['claim 0', 'claim 1', 'claim 3', 'claim 7', 'claim 12', 'claim 17']);
    expect(here.troubles).toEqual(['signaling/unavailable']);
    here.server.refuses.clear();
    await pass(60);
    expect(here.asked()).toEqual(['claim 22']);
    expect(here.troubles).toEqual(['signaling/unavailable', null]);
    expect(here.endings).toEqual([]);
  });

  test('claims at once in a new session, and from then on as if it were the first', async () => {
    const here = await start();
    await pass(8);
    here.asked();
    here.lose();
    await pass(1);
    here.hello();
    await pass(4);
    expect(here.asked()).toEqual(['claim 9', 'claim 10', 'claim 12']);
    expect(here.troubles).toEqual(['signaling/unavailable']);
  });

  test('does not claim without a session, nor after leaving', async () => {
    const here = await start();
    here.lose();
    await pass(60);
    expect(here.asked()).toEqual(['claim 0']);
    here.hello();
    await pass(0);
    here.side.leave();
    await pass(60);
    expect(here.asked()).toEqual(['claim 60', 'release 60']);
  });

  test('who left while the answer was on its way does not claim again', async () => {
    const here = meeting((room) => new Host(room, { policy: NO_POLICY, name: '', hidesAddress: false }));
    here.server.refuses.set('all', 'unavailable');
    here.side.open();
    here.hello();
    here.side.leave();
    await pass(60);
    expect(here.asked()).toEqual(['release 0', 'claim 0']);
    expect(here.troubles).toEqual([]);
  });

  test('another refusal is none of these', async () => {
    const here = await start();
    here.server.refuses.set('all', 'denied');
    await pass(60);
    expect(here.asked()).toEqual(['claim 0', 'claim 1']);
    expect(here.troubles).toEqual(['signaling/unavailable', 'signaling/claim-refused']);
    here.server.refuses.set('all', 'retired');
    here.lose();
    await pass(1);
    here.hello();
    await pass(0);
    expect(here.endings).toEqual(['meeting/retired']);
  });
});
