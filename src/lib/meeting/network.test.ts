import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ParleyError } from '../protocol/errors';
import type { IceSettings } from '../protocol/signaling';
import type { LinkNetwork } from '../peer/rtc-link';
import { Network } from './network';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const turn = (name: string): IceSettings => ({
  servers: [
    { urls: ['stun:relay.example'] },
    { urls: ['turn:relay.example?transport=udp'], username: `9:${name}`, credential: 'c2VjcmV0' },
  ],
  expiresInMs: 60_000,
});
const STUN_ONLY: IceSettings = { servers: [{ urls: ['stun:relay.example'] }], expiresInMs: null };

function start() {
  const fetch = vi.fn<() => Promise<IceSettings>>().mockResolvedValue(turn('fresh'));
  const changed = vi.fn();
  const network = new Network({ fetch, changed });
  const line = {
    told: [] as LinkNetwork[],
    configure: (settings: LinkNetwork) => void line.told.push(settings),
  };
  network.add(line);
  return { network, fetch, changed, line };
}

test('no server is used that our own did not name', () => {
  expect(start().network.settings).toEqual({ iceServers: [], relayOnly: false });
});

test('credentials reach the connections that are there, and fresh ones follow before they expire', async () => {
  const { network, fetch, line } = start();
  network.take(turn('first'));
  expect(line.told.at(-1)?.iceServers).toEqual(turn('first').servers);
  await vi.advanceTimersByTimeAsync(44_999);
  expect(fetch).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(line.told.at(-1)?.iceServers).toEqual(turn('fresh').servers);
  await vi.advanceTimersByTimeAsync(45_000);
  expect(fetch).toHaveBeenCalledTimes(2);
});

test('a refused renewal is tried again; one without a server waits for the next claim or knock', async () => {
  const { network, fetch, line } = start();
  fetch.mockRejectedValueOnce(new ParleyError('signaling/rate-limited'));
  network.take(turn('first'));
  await vi.advanceTimersByTimeAsync(45_000 + 30_000);
  expect(fetch).toHaveBeenCalledTimes(2);
  expect(line.told.at(-1)?.iceServers).toEqual(turn('fresh').servers);

  fetch.mockRejectedValueOnce(new ParleyError('signaling/unreachable'));
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(fetch).toHaveBeenCalledTimes(3);
});

test('a line that is closed, and a page that is, are told nothing more', async () => {
  const { network, fetch, line } = start();
  network.take(turn('first'));
  network.remove(line);
  network.setRelayOnly(true);
  expect(line.told).toHaveLength(1);
  network.close();
  await vi.advanceTimersByTimeAsync(60 * 60_000);
  expect(fetch).not.toHaveBeenCalled();
});

test('hiding the address where the server has no relay is said, and only once the server has answered', () => {
  const { network, changed, line } = start();
  network.setRelayOnly(true);
  expect(line.told.at(-1)?.relayOnly).toBe(true);
  expect(network.lacksRelay).toBe(false);
  network.take(STUN_ONLY);
  expect(network.lacksRelay).toBe(true);
  network.take(turn('now'));
  expect(network.lacksRelay).toBe(false);
  expect(changed).toHaveBeenCalledTimes(3);
});

test('what a server refuses is kept once for each server and code, and never without bound', () => {
  const { network } = start();
  network.failed({ url: 'turn:relay.example', code: 401 });
  network.failed({ url: 'turn:relay.example', code: 401 });
  network.failed({ url: 'turn:relay.example', code: 486 });
  expect(network.faults.map(({ code }) => code)).toEqual([401, 486]);
  for (let code = 0; code < 100; code++) network.failed({ url: 'turn:other.example', code });
  expect(network.faults.length).toBeLessThanOrEqual(20);
});
