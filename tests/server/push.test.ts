import { readFileSync, statSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Client, refusalOf, Stream } from './clients';
import { Host } from './host';
import { ask, goes, knock, tagOf, usePush } from './push-people';
import { Device, signerOf } from './push-service';
import { Running } from './running';

const DENIED = { code: 'FORBIDDEN', wire: 'denied' };
const DAY_MS = 24 * 3_600_000;

const push = usePush();
const { newDevice, start, comes, left, settle, inFile, keptPaths } = push;

describe('being told', () => {
  test('a guest’s device hears that the host came: the 16 bytes of the tag and nothing else, sealed and signed', async () => {
    await start({ PUSH_CONTACT: 'mailto:you@meet.example' });
    const host = await left();
    const [guest, device, tag] = [await Client.connect(push.server), newDevice(), tagOf()];
    expect(await guest.api.tell.mutate(ask(host.id, device, 'guest', tag))).toBeUndefined();
    await guest.close();
    await comes(host);
    const told = await push.service.next();
    expect([told.method, told.path]).toEqual(['POST', device.path]);
    expect(told.headers).toMatchObject({ ttl: '600', urgency: 'high', 'content-encoding': 'aes128gcm' });
    expect(told.headers).not.toHaveProperty('topic');
    expect(device.open(told.body)).toEqual(tag);
    const { key, claims } = signerOf(told);
    const { pushKey } = await (await Client.connect(push.server)).api.serverInfo.query();
    expect(key).toBe(pushKey);
    expect(claims).toMatchObject({ aud: push.service.origin, sub: 'mailto:you@meet.example' });
    expect(claims.exp - Date.now() / 1_000).toBeLessThanOrEqual(86_400);
    expect(claims.exp - Date.now() / 1_000).toBeGreaterThan(600);
    // Nothing of the meeting stands in clear anywhere in the request.
    const whole = Buffer.concat([Buffer.from(JSON.stringify(told.headers)), told.body]).toString('latin1');
    for (const needle of [host.id, tag.toString('latin1'), tag.toString('base64url')])
      expect(whole).not.toContain(needle);
  });

  test('a host’s device hears that somebody knocks, and only while no host is there', async () => {
    await start();
    const [host, device, tag] = [new Host(), newDevice(), tagOf()];
    const [client, guest] = [await comes(host), await Client.connect(push.server)];
    await client.api.tell.mutate(ask(host.id, device, 'host', tag));
    await knock(guest, host);
    expect(await settle()).toEqual([]);
    await goes(client, host);
    await knock(guest, host);
    const told = await push.service.next();
    expect(told.path).toBe(device.path);
    expect(device.open(told.body)).toEqual(tag);
    // Its own coming is no news to it, and a knock again no news within ten minutes.
    await knock(guest, host);
    await goes(await comes(host), host);
    expect(await settle()).toEqual([]);
  });

  test('over the fallback too', async () => {
    await start();
    const host = await left();
    const [stream, device] = [await Stream.connect(push.server), newDevice()];
    await stream.api.tell.mutate(ask(host.id, device));
    await comes(host);
    expect((await push.service.next()).path).toBe(device.path);
    stream.close();
  });

  test('who takes over from another window has not come, nor who claims again', async () => {
    await start();
    const [host, device] = [new Host(), newDevice()];
    const [first, guest] = [await comes(host), await Client.connect(push.server)];
    await guest.api.tell.mutate(ask(host.id, device));
    await first.claim(host);
    const second = await comes(host);
    await first.events.next('superseded');
    // The end of the one who was superseded makes no room for a coming either.
    await first.close();
    await second.claim(host);
    expect(await settle()).toEqual([]);
    await goes(second, host);
    await comes(host);
    expect(await settle()).toEqual([device.path]);
  });

  test('every device of the meeting, once in ten minutes', async () => {
    await start();
    const host = await left();
    const guest = await Client.connect(push.server);
    const devices = [newDevice(), newDevice(), newDevice()];
    for (const device of devices) await guest.api.tell.mutate(ask(host.id, device));
    for (let i = 0; i < 3; i++) await goes(await comes(host), host);
    expect((await settle()).sort()).toEqual(devices.map(({ path }) => path).sort());
    // Asking again is no way around it.
    for (const device of devices) await guest.api.tell.mutate(ask(host.id, device));
    await comes(host);
    expect(await settle()).toEqual([]);
  });

  test('asking again replaces the tag', async () => {
    await start();
    const host = await left();
    const [guest, device, tag] = [await Client.connect(push.server), newDevice(), tagOf()];
    await guest.api.tell.mutate(ask(host.id, device));
    await guest.api.tell.mutate(ask(host.id, device, 'guest', tag));
    await comes(host);
    expect(device.open((await push.service.next()).body)).toEqual(tag);
    expect(await settle()).toEqual([]);
  });

  test('who took it back is not told, and nobody learns whether there was anything to take', async () => {
    await start();
    const host = await left();
    const [guest, one, two] = [await Client.connect(push.server), newDevice(), newDevice()];
    for (const device of [one, two]) await guest.api.tell.mutate(ask(host.id, device));
    const { endpoint } = one.subscription;
    const answers = [
      await guest.api.untell.mutate({ id: host.id, endpoint }),
      await guest.api.untell.mutate({ id: host.id, endpoint }),
      await guest.api.untell.mutate({ id: new Host().id, endpoint: 'https://push.example/x' }),
    ];
    expect(answers).toEqual([undefined, undefined, undefined]);
    await comes(host);
    expect(await settle()).toEqual([two.path]);
  });

  test.each([404, 410])(
    'a device that its service does not know (%d) is forgotten, in all meetings',
    async (status) => {
      await start();
      const [host, other] = [await left(), await left()];
      const [guest, gone, stays] = [await Client.connect(push.server), newDevice(), newDevice()];
      push.service.answer = ({ path }) => (path === gone.path ? status : 201);
      for (const { id } of [host, other]) await guest.api.tell.mutate(ask(id, gone));
      await guest.api.tell.mutate(ask(host.id, stays));
      await comes(host);
      await expect.poll(keptPaths).toEqual([stays.path]);
    },
  );

  test('a retired meeting forgets its devices', async () => {
    await start();
    const [host, other] = [new Host(), await left()];
    const [client, mine, theirs] = [await comes(host), newDevice(), newDevice()];
    await client.api.tell.mutate(ask(host.id, mine, 'host'));
    await client.api.tell.mutate(ask(host.id, theirs));
    await client.api.tell.mutate(ask(other.id, theirs));
    await client.api.retire.mutate(host.retire(push.server.origin, Date.now()));
    expect(keptPaths()).toEqual([theirs.path]);
  });
});

describe('a push service that is out of order', () => {
  test('is tried once more, and counted without a name', async () => {
    await start();
    const host = await left();
    const [guest, device] = [await Client.connect(push.server), newDevice()];
    push.service.answer = ({ path }) => (path === device.path ? 503 : 201);
    await guest.api.tell.mutate(ask(host.id, device));
    await comes(host);
    for (let i = 0; i < 2; i++) expect((await push.service.next()).path).toBe(device.path);
    await expect.poll(() => push.server.log.map(({ event }) => event)).toContain('push-failed');
    const line = push.server.log.find(({ event }) => event === 'push-failed') ?? {};
    expect(Object.keys(line).sort()).toEqual(['event', 'level', 'time']);
    expect(keptPaths()).toContain(device.path);
  });

  test('holds up no claim, no knock, and not the end', async () => {
    await start();
    push.service.answer = () => null;
    const host = await left();
    const guest = await Client.connect(push.server);
    const devices = Array.from({ length: 16 }, () => newDevice());
    for (const device of devices) await guest.api.tell.mutate(ask(host.id, device));
    const client = await comes(host);
    for (let i = 0; i < devices.length; i++) await push.service.next();
    // Sixteen wait for an answer now.
    await client.settle();
    await goes(client, host);
    expect(await knock(guest, host)).toMatchObject({ hostPresent: false });
    await comes(host);
    expect((await push.server.kill('SIGTERM')).code).toBe(0);
  });
});

describe('what is kept', () => {
  test('outlives a kill -9: the key, who asked, and who was told', async () => {
    const first = await start();
    const host = await left();
    const guest = await Client.connect(push.server);
    const [told, fresh] = [newDevice(), newDevice()];
    const { pushKey } = await guest.api.serverInfo.query();
    await guest.api.tell.mutate(ask(host.id, told));
    await goes(await comes(host), host);
    expect((await push.service.next()).path).toBe(told.path);
    await guest.api.tell.mutate(ask(host.id, fresh));
    await first.kill('SIGKILL');

    await start({ DATA_DIR: first.dataDir });
    expect(await (await Client.connect(push.server)).api.serverInfo.query()).toMatchObject({ pushKey });
    await goes(await comes(host), host);
    const second = await push.service.next();
    expect(second.path).toBe(fresh.path);
    expect(signerOf(second).key).toBe(pushKey);
    expect(await settle()).toEqual([]);
    await push.server.kill('SIGTERM');

    // Ten minutes later ...
    inFile((database) =>
      database.prepare('UPDATE subscriptions SET pushed_at = pushed_at - ?').run([600_000]),
    );
    await start({ DATA_DIR: first.dataDir });
    await goes(await comes(host), host);
    expect((await settle()).sort()).toEqual([told.path, fresh.path].sort());
    await push.server.kill('SIGTERM');

    // ... and 30 days later.
    inFile((database) =>
      database
        .prepare('UPDATE subscriptions SET expires_day = ?, pushed_at = NULL WHERE endpoint = ?')
        .run([Math.floor(Date.now() / DAY_MS), told.subscription.endpoint]),
    );
    await start({ DATA_DIR: first.dataDir });
    await expect.poll(keptPaths).not.toContain(told.path);
    await comes(host);
    expect(await settle()).toEqual([]);
  });

  test('is in the file and in no line of the log', async () => {
    await start();
    const [host, device, tag] = [new Host(), newDevice(), tagOf()];
    const [client, guest] = [await comes(host), await Client.connect(push.server)];
    await client.api.tell.mutate(ask(host.id, newDevice(), 'host'));
    await guest.api.tell.mutate(ask(host.id, device, 'guest', tag));
    await refusalOf(guest.api.tell.mutate(ask(host.id, device, 'host', tag)));
    push.service.answer = () => 403;
    await goes(client, host);
    await knock(guest, host);
    await comes(host);
    await push.service.next();
    await push.service.next();
    const refused = () => push.server.log.filter(({ event }) => event === 'push-refused').length;
    await expect.poll(refused).toBe(2);
    await push.server.kill('SIGTERM');
    const written = push.server.stdout + push.server.stderr;
    const { endpoint, p256dh, auth } = device.subscription;
    const key = JSON.parse(readFileSync(join(push.server.dataDir, 'vapid.json'), 'utf8')) as Record<
      string,
      string
    >;
    const needles = [
      endpoint,
      device.path,
      p256dh,
      auth,
      tag.toString('base64url'),
      host.id,
      push.service.origin,
    ];
    for (const needle of [...needles, ...Object.values(key)]) expect(written).not.toContain(needle);
    const disk = readFileSync(join(push.server.dataDir, 'registry.db'), 'latin1');
    for (const needle of [endpoint, p256dh, auth, tag.toString('base64url')]) expect(disk).toContain(needle);
  });

  test('the key is for nobody else to read; damaged, it is named and the server does not start', async () => {
    await start();
    const path = join(push.server.dataDir, 'vapid.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await push.server.kill('SIGTERM');
    writeFileSync(path, '{');
    const { code, stdout, stderr } = await new Running(push.built, { DATA_DIR: push.server.dataDir }).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      `${path} is damaged: put it back from a backup, or remove it, and people have to ask anew to be told.\n`,
    );
  });

  test('switched off there is no key, and nobody can ask', async () => {
    await start({ PUSH_SERVICES: 'off' });
    const host = await left();
    const client = await Client.connect(push.server);
    expect(await client.api.serverInfo.query()).toMatchObject({ pushKey: null });
    expect(existsSync(join(push.server.dataDir, 'vapid.json'))).toBe(false);
    const device = new Device('https://fcm.googleapis.com');
    expect(await refusalOf(client.api.tell.mutate(ask(host.id, device)))).toEqual(DENIED);
    await client.api.untell.mutate({ id: host.id, endpoint: device.subscription.endpoint });
    await comes(host);
  });
});
