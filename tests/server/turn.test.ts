import { createSecretKey } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hasCoturn, MISSING, startCoturn } from '../../scripts/coturn.mjs';
import { iceSettings, type IceSettings } from '../../src/lib/protocol/signaling';
import { iceSettingsFor, randomRelayUser } from '../../src/server/turn';
import { TurnClient, type Credentials } from '../support/turn-client';
import { Client } from './clients';
import { Host } from './host';
import { buildServer, Running, type Built } from './running';

/**
 * What a real coturn, with the configuration that is deployed, makes of our credentials. Facts that docs/operations.md
 * states of it are tested here.
 */

type Coturn = Awaited<ReturnType<typeof startCoturn>>;

/** Two relayed people meet at the relay's own address, which on one machine is among the denied. */
const MEETING_PLACE = { 'allow-loopback-peers': true, 'allowed-peer-ip': '127.0.0.1' };

const isThere = hasCoturn();
const isRequired = (process.env['CI'] ?? '') !== '';
if (!isThere && !isRequired) process.stderr.write(`Skipped, the tests with a real relay: ${MISSING}\n`);
const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

const clients: TurnClient[] = [];
function client(coturn: Coturn, credentials: Credentials | null): TurnClient {
  const made = new TurnClient({ ip: coturn.ip, port: coturn.port }, credentials);
  clients.push(made);
  return made;
}

/** As Parley's server makes them. A negative `ttlS` has passed already. */
function credentials(secret: string, { ttlS = 600, user = randomRelayUser() } = {}): Credentials {
  const turn = { urls: ['turn:x'], secret: createSecretKey(secret, 'utf8'), ttlS };
  return credentialsIn(iceSettingsFor({ stunUrls: [], turn }, user, Date.now()));
}

function credentialsIn({ servers }: IceSettings): Credentials {
  const { username, credential } = servers.at(-1) ?? { urls: [] };
  if (username === undefined || credential === undefined) throw new Error('no credentials');
  return { username, credential };
}

const errorOf = async (answer: Promise<{ error: number | null }>) => (await answer).error;

describe.skipIf(!isThere && !isRequired)('a real coturn', () => {
  let coturn: Coturn;
  beforeAll(async () => {
    coturn = await startCoturn({ denied: ['203.0.113.10'] });
  });
  afterAll(() => coturn.stop());
  afterEach(() => {
    for (const made of clients.splice(0)) made.close();
  });

  test('reads every line of the configuration', () => {
    expect(coturn.log()).not.toMatch(/bad configuration|unknown|config error|alert|cannot|warning/i);
  });

  test('gives a path to our credentials, and says nothing of itself', async () => {
    const { error, message } = await client(coturn, credentials(coturn.secret)).allocate();
    expect(error).toBeNull();
    expect(message.get('software')).toBeNull();
  });

  test('gives one to the credentials that a host and a guest are handed', async () => {
    const built: Built = buildServer();
    const server = await Running.start(built, coturn.env);
    const [host, atHost, atGuest] = [new Host(), await Client.connect(server), await Client.connect(server)];
    const { ice } = await atHost.api.claim.mutate(host.claim(server.origin, atHost.nonce));
    const knocked = await atGuest.api.knock.mutate({ id: host.id, envelope: null });
    const fresh = await atGuest.api.ice.mutate({ id: host.id });
    for (const answer of [ice, knocked.ice, fresh]) {
      const handed = credentialsIn(iceSettings.parse(answer));
      expect(await errorOf(client(coturn, handed).allocate())).toBeNull();
    }
    await Promise.all([atHost.close(), atGuest.close()]);
    await server.remove();
    built.remove();
  });

  test('takes every user name that we can make', async () => {
    for (const user of ['-'.repeat(22), '_'.repeat(22), '--__AZaz09--__AZaz09--', '0'.repeat(22)]) {
      expect(await errorOf(client(coturn, credentials(coturn.secret, { user })).allocate())).toBeNull();
    }
  });

  test('refuses the anonymous, the expired, the foreign and the forged', async () => {
    const ours = credentials(coturn.secret);
    const refused: (Credentials | null)[] = [
      null,
      credentials(coturn.secret, { ttlS: -1 }),
      credentials('the secret of another relay'),
      // A life of one's own choosing, and one without end.
      { ...ours, username: ours.username.replace(/^\d/, '9') },
      { ...ours, username: ours.username.replace(/^\d+:/, '') },
      { ...ours, credential: '' },
    ];
    for (const each of refused) expect(await errorOf(client(coturn, each).allocate())).toBe(401);
  });

  test('reaches the internet, and nothing behind its own walls', async () => {
    const guest = client(coturn, credentials(coturn.secret));
    await guest.allocate();
    const open = [
      '1.1.1.1',
      '9.255.255.255',
      '11.0.0.0',
      '172.32.0.0',
      '192.169.0.0',
      '203.0.113.11',
      '223.255.255.255',
    ];
    for (const ip of open) expect([ip, await errorOf(guest.permit(ip))]).toEqual([ip, null]);
    const denied = [
      '0.0.0.0',
      '0.0.0.1',
      '10.0.0.1',
      '100.64.0.1',
      '127.0.0.1',
      '127.255.255.254',
      '169.254.169.254',
      '172.16.0.1',
      '172.31.255.255',
      '192.0.0.1',
      '192.168.1.1',
      '198.18.0.1',
      '224.0.0.1',
      '240.0.0.1',
      '255.255.255.255',
      // Named as a server of one's own.
      '203.0.113.10',
    ];
    for (const ip of denied) expect([ip, await errorOf(guest.permit(ip))]).toEqual([ip, 403]);
  });

  test.skipIf(!hasIpv6)('nor in any IPv6 writing of it (CVE-2026-27624)', async () => {
    const both = await startCoturn({ options: { 'relay-ip': ['127.0.0.1', '::1'] } });
    const guest = client(both, credentials(both.secret));
    expect(await errorOf(guest.allocate(6))).toBeNull();
    for (const ip of ['2606:4700::1111', '2a00::1', '64:ff9c::1', '2003::1'])
      expect([ip, await errorOf(guest.permit(ip))]).toEqual([ip, null]);
    const denied = [
      '::',
      '::1',
      '::7f00:1',
      '::ffff:127.0.0.1',
      '::ffff:10.0.0.1',
      '::ffff:8.8.8.8',
      '64:ff9b::10.0.0.1',
      '64:ff9b:1::10.0.0.1',
      '2002:a00:1::1',
      'fd00::1',
      'fe80::1',
      'febf::1',
      'fec0::1',
      'ff02::1',
    ];
    for (const ip of denied) expect([ip, await errorOf(guest.permit(ip))]).toEqual([ip, 403]);
    await both.stop();
  });

  test('carries nothing to an address that it did not permit', async () => {
    const inside = createSocket('udp4');
    const heard: string[] = [];
    const isHeard = new Promise((resolve) =>
      inside.on('message', (data) => {
        heard.push(String(data));
        resolve(null);
      }),
    );
    await new Promise<void>((resolve) => inside.bind(0, '127.0.0.1', resolve));
    const guest = client(coturn, credentials(coturn.secret));
    await guest.allocate();
    guest.send({ ip: '127.0.0.1', port: inside.address().port }, 'through the relay');
    // Its answer comes after it dealt with what was before.
    expect(await errorOf(guest.refresh(600))).toBeNull();
    const outside = createSocket('udp4');
    outside.send('straight', inside.address().port, '127.0.0.1');
    await isHeard;
    expect(heard).toEqual(['straight']);
    inside.close();
    outside.close();
  });

  test('counts paths by session, whatever the expiry of the credentials', async () => {
    const small = await startCoturn({ options: { 'user-quota': 2, 'total-quota': 4 } });
    const user = randomRelayUser();
    const ask = (ttlS: number, who = user) => client(small, credentials(small.secret, { ttlS, user: who }));
    const first = ask(600);
    expect(await errorOf(first.allocate())).toBeNull();
    expect(await errorOf(ask(700).allocate())).toBeNull();
    expect(await errorOf(ask(800).allocate())).toBe(486);
    const another = randomRelayUser();
    for (const expected of [null, null, 486])
      expect(await errorOf(ask(600, another).allocate())).toBe(expected);
    // The relay itself is full.
    expect(await errorOf(ask(600, randomRelayUser()).allocate())).toBe(486);
    expect(await errorOf(first.refresh(0))).toBeNull();
    // A place that is given back is free for others about a second later.
    await expect.poll(() => errorOf(ask(900).allocate())).toBeNull();
    await small.stop();
  });

  test('keeps a path whose credentials end, for as long as it is refreshed with them', async () => {
    const home = await startCoturn({ options: MEETING_PLACE });
    const short = credentials(home.secret, { ttlS: 1 });
    const [host, guest] = [client(home, short), client(home, credentials(home.secret))];
    const [atHost, atGuest] = [await host.allocated(), await guest.allocated()];
    // For new paths they are over ...
    await expect.poll(() => errorOf(client(home, short).allocate())).toBe(401);
    // ... and for the one that is there they are not: it is refreshed, permits, and carries both ways.
    expect(await errorOf(host.refresh(600))).toBeNull();
    expect(await errorOf(host.permit(atGuest.ip))).toBeNull();
    expect(await errorOf(guest.permit(atHost.ip))).toBeNull();
    const toGuest = guest.next();
    host.send(atGuest, 'still here');
    expect(await toGuest).toBe('still here');
    const toHost = host.next();
    guest.send(atHost, 'so am I');
    expect(await toHost).toBe('so am I');
    // Others than those that it was made with it does not take, not even fresh ones.
    host.credentials = credentials(home.secret);
    expect(await errorOf(host.refresh(600))).toBe(441);
    host.credentials = short;
    expect(await errorOf(host.refresh(0))).toBeNull();
    await home.stop();
  });

  // The last: it looks at what all before it made coturn write.
  test('writes no address of a client', async () => {
    const guest = client(coturn, credentials(coturn.secret));
    await guest.allocate();
    await guest.refresh(0);
    expect(coturn.log()).toContain('denied in the range');
    expect(coturn.log()).not.toContain(`:${guest.port}`);
    expect(coturn.log()).not.toContain(coturn.secret);
  });
});
