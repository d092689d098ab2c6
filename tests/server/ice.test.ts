import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { iceSettings, type IceSettings } from '../../src/lib/protocol/signaling';
import { Client, NO_ICE, refusalOf, Stream } from './clients';
import { Host } from './host';
import { buildServer, Running, type Built } from './running';

const SECRET = 'a secret of its own'.replaceAll(' ', '-');
const STUN_URLS = 'stun:turn.example:3478';
const TURN_URLS = 'turn:turn.example:3478?transport=udp,turns:turn.example:443?transport=tcp';
const DENIED = { code: 'FORBIDDEN', wire: 'denied' };
const BAD = { code: 'BAD_REQUEST', wire: null };

let built: Built;
let server: Running;
beforeAll(async () => {
  built = buildServer();
  server = await Running.start(built, {
    STUN_URLS,
    TURN_URLS,
    TURN_SECRET: SECRET,
    TURN_TTL_S: '600',
    LOG_MODE: 'debug',
    LIMIT_ICE_PER_MINUTE: '1000',
  });
}, 60_000);
afterAll(async () => {
  await server.remove();
  built.remove();
});

/** The relay's user and when it ends, once the shape and the signature of it are as they should be. */
function userOf(answer: unknown): { user: string; expiresAtS: number } {
  const ice: IceSettings = iceSettings.parse(answer);
  expect(ice.servers.map(({ urls }) => urls.join())).toEqual([STUN_URLS, TURN_URLS]);
  expect(ice.expiresInMs).toBe(600_000);
  const { username = '', credential } = ice.servers[1] ?? { urls: [] };
  expect(credential).toBe(createHmac('sha1', SECRET).update(username).digest('base64'));
  const [expiry, user = ''] = username.split(':');
  expect(user).toMatch(/^[A-Za-z0-9_-]{22}$/);
  return { user, expiresAtS: Number(expiry) };
}

async function claimed(client: Client, host: Host): Promise<IceSettings> {
  return (await client.api.claim.mutate(host.claim(server.origin, client.nonce))).ice;
}

describe('credentials for the relay', () => {
  test('come with a claim and with a knock, and fresh ones when asked for', async () => {
    const [host, client, guest] = [new Host(), await Client.connect(server), await Client.connect(server)];
    const atS = Math.floor(Date.now() / 1_000);
    const ofHost = userOf(await claimed(client, host));
    expect(ofHost.expiresAtS - atS).toBeGreaterThanOrEqual(600);
    expect(ofHost.expiresAtS - atS).toBeLessThan(630);
    const { ice, hostPresent } = await guest.api.knock.mutate({ id: host.id, envelope: null });
    expect(hostPresent).toBe(true);
    const ofGuest = userOf(ice);
    expect(ofGuest.user).not.toBe(ofHost.user);
    // One session is one user, however often it asks: the relay's quota counts all of it.
    expect(userOf(await client.api.ice.mutate({ id: host.id })).user).toBe(ofHost.user);
    expect(userOf(await guest.api.ice.mutate({ id: host.id })).user).toBe(ofGuest.user);
    // Nothing that others see of a session is in it.
    expect([client.peer, guest.peer]).not.toContain(ofGuest.user);
  });

  test('come to a guest that waits for its host, over the fallback too', async () => {
    const [host, client] = [new Host(), await Client.connect(server)];
    await client.claim(host);
    await client.close();
    const stream = await Stream.connect(server);
    const { ice } = await stream.api.knock.mutate({ id: host.id, envelope: null });
    const { user } = userOf(ice);
    expect(userOf(await stream.api.ice.mutate({ id: host.id })).user).toBe(user);
    stream.close();
  });

  test('are not for a stranger, who learns not even whether there is a meeting', async () => {
    const [host, client, stranger] = [new Host(), await Client.connect(server), await Client.connect(server)];
    await client.claim(host);
    expect(await refusalOf(stranger.api.ice.mutate({ id: host.id }))).toEqual(DENIED);
    expect(await refusalOf(stranger.api.ice.mutate({ id: new Host().id }))).toEqual(DENIED);
    // Host of one meeting is nobody at another.
    expect(await refusalOf(client.api.ice.mutate({ id: new Host().id }))).toEqual(DENIED);
  });

  test('are not for who only watches', async () => {
    const [host, client, watcher] = [new Host(), await Client.connect(server), await Client.connect(server)];
    await client.claim(host);
    await watcher.api.watch.mutate({ ids: [host.id] });
    expect(await refusalOf(watcher.api.ice.mutate({ id: host.id }))).toEqual(DENIED);
  });

  test('are not for who left, released, was superseded or ended', async () => {
    const [host, client, second] = [new Host(), await Client.connect(server), await Client.connect(server)];
    const [guest, ended] = [await Client.connect(server), await Client.connect(server)];
    const { id } = host;
    await client.claim(host);
    for (const each of [guest, ended]) await each.api.knock.mutate({ id, envelope: null });
    await guest.api.leave.mutate({ id });
    expect(await refusalOf(guest.api.ice.mutate({ id }))).toEqual(DENIED);
    ended.unsubscribe();
    expect(await refusalOf(ended.api.ice.mutate({ id }))).toEqual({ code: 'UNAUTHORIZED', wire: null });
    await second.claim(host);
    expect(await refusalOf(client.api.ice.mutate({ id }))).toEqual(DENIED);
    await second.api.release.mutate({ id });
    expect(await refusalOf(second.api.ice.mutate({ id }))).toEqual(DENIED);
  });

  test('are not for a meeting that is retired or never was', async () => {
    const [host, client, guest] = [new Host(), await Client.connect(server), await Client.connect(server)];
    const { id } = host;
    await client.claim(host);
    await guest.api.knock.mutate({ id, envelope: null });
    await client.api.retire.mutate(host.retire(server.origin, Date.now()));
    for (const each of [client, guest]) expect(await refusalOf(each.api.ice.mutate({ id }))).toEqual(DENIED);
    const knock = guest.api.knock.mutate({ id, envelope: null });
    expect(await refusalOf(knock)).toMatchObject({ wire: 'retired' });
    const never = guest.api.knock.mutate({ id: new Host().id, envelope: null });
    expect(await refusalOf(never)).toMatchObject({ wire: 'not-found' });
  });

  test('are not for junk', async () => {
    const client = await Client.connect(server);
    for (const input of [{}, { id: 'x' }, { id: new Host().id, ttl: 1 }]) {
      expect(await refusalOf(client.api.ice.mutate(input as never))).toEqual(BAD);
    }
  });

  // The last: it looks at what all before it made the server write.
  test('and their secret are in no line that the server wrote', () => {
    expect(server.log.length).toBeGreaterThan(10);
    const written = server.stdout + server.stderr;
    for (const needle of [SECRET, 'turn.example', 'credential', 'username'])
      expect(written).not.toContain(needle);
  });
});

test('an operator who set no servers gives out none, neither ours nor anybody else’s', async () => {
  const bare = await Running.start(built);
  const [host, client] = [new Host(), await Client.connect(bare)];
  const { ice } = await client.api.claim.mutate(host.claim(bare.origin, client.nonce));
  expect(ice).toEqual(NO_ICE);
  expect(await client.api.ice.mutate({ id: host.id })).toEqual(NO_ICE);
  await bare.remove();
});

test('a bad secret stops the start with a sentence that does not repeat it', async () => {
  const { code, stdout, stderr } = await new Running(built, { TURN_URLS, TURN_SECRET: 'Zs7-too-short' })
    .ended;
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toBe('TURN_SECRET must be 16 to 256 letters, digits or signs without spaces.\n');
});
