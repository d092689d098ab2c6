import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { MeetingId } from '../../src/lib/protocol/ids';
import { Client, refusalOf } from './clients';
import { Host } from './host';
import { ask, knock, usePush } from './push-people';
import { Device } from './push-service';

const DENIED = { code: 'FORBIDDEN', wire: 'denied' };
const BAD = { code: 'BAD_REQUEST', wire: null };
const FULL = { code: 'CONFLICT', wire: 'full' };
const LIMITED = { code: 'TOO_MANY_REQUESTS', wire: 'rate-limited' };

const push = usePush();
const { newDevice, start, comes, left, keptPaths } = push;

describe('who asks to be told is refused', () => {
  test('as host to whoever is not, at this moment', async () => {
    await start();
    const [host, device] = [new Host(), newDevice()];
    const [first, guest] = [await comes(host), await Client.connect(push.server)];
    const refusal = (client: Client, { id } = host) =>
      refusalOf(client.api.tell.mutate(ask(id, device, 'host')));
    await knock(guest, host);
    expect(await refusal(guest)).toEqual(DENIED);
    const other = await left();
    expect(await refusal(first, other)).toEqual(DENIED);
    const second = await comes(host);
    expect(await refusal(first)).toEqual(DENIED);
    await second.api.release.mutate({ id: host.id });
    expect(await refusal(second)).toEqual(DENIED);
    expect(keptPaths()).toEqual([]);
  });

  test('for a meeting that never was, or is retired', async () => {
    await start();
    const [host, device] = [new Host(), newDevice()];
    const client = await comes(host);
    const refusal = (id: MeetingId) => refusalOf(client.api.tell.mutate(ask(id, device)));
    expect(await refusal(new Host().id)).toMatchObject({ wire: 'not-found' });
    await client.api.retire.mutate(host.retire(push.server.origin, Date.now()));
    expect(await refusal(host.id)).toMatchObject({ wire: 'retired' });
  });

  test('without a session', async () => {
    await start();
    const host = await left();
    const [client, device] = [await Client.connect(push.server), newDevice()];
    client.unsubscribe();
    const unauthorized = { code: 'UNAUTHORIZED', wire: null };
    expect(await refusalOf(client.api.tell.mutate(ask(host.id, device)))).toEqual(unauthorized);
    const { endpoint } = device.subscription;
    expect(await refusalOf(client.api.untell.mutate({ id: host.id, endpoint }))).toEqual(unauthorized);
  });

  test('an endpoint at no service that the operator knows, and a key that is no point', async () => {
    await start();
    const host = await left();
    const client = await Client.connect(push.server);
    const { subscription } = newDevice();
    for (const changes of [
      { endpoint: 'https://fcm.googleapis.com/fcm/send/x' },
      { endpoint: 'https://push.example/x' },
      { endpoint: `${push.server.origin}/trpc/connect` },
      { endpoint: push.service.origin.replace('127.0.0.1', 'localhost') },
      { endpoint: push.service.origin.replace('//', '//user@') },
      { endpoint: 'http://169.254.169.254/latest/meta-data' },
      { p256dh: Buffer.alloc(65, 1).fill(4, 0, 1).toString('base64url') },
    ]) {
      const asked = { ...ask(host.id, new Device('')), subscription: { ...subscription, ...changes } };
      expect(await refusalOf(client.api.tell.mutate(asked))).toEqual(DENIED);
    }
    expect(keptPaths()).toEqual([]);
  });

  test('the known services are those of browsers', async () => {
    await start({ PUSH_SERVICES: '' });
    const host = await left();
    const client = await Client.connect(push.server);
    const outcome = async (origin: string) => {
      const call = client.api.tell.mutate(ask(host.id, new Device(origin)));
      return call.then(
        () => 'kept',
        () => refusalOf(call),
      );
    };
    expect(await outcome('https://fcm.googleapis.com')).toBe('kept');
    expect(await outcome('https://web.push.apple.com')).toBe('kept');
    expect(await outcome('https://evilfcm.googleapis.com.attacker.net')).toEqual(DENIED);
    expect(await outcome(push.service.origin)).toEqual(DENIED);
  });

  test('junk', async () => {
    await start({ LIMIT_BAD_MESSAGES: '1000' });
    const host = await left();
    const client = await Client.connect(push.server);
    const device = newDevice();
    const good = ask(host.id, device);
    const { subscription } = good;
    const endpoint = `${push.service.origin}/${'a'.repeat(4_096)}`;
    for (const input of [
      {},
      { ...good, role: 'watcher' },
      { ...good, role: ['guest'] },
      { ...good, id: 'x' },
      { ...good, tag: randomBytes(15).toString('base64url') },
      { ...good, tag: randomBytes(17).toString('base64url') },
      { ...good, tag: `${good.tag.slice(0, -1)}B` },
      { ...good, tag: `${good.tag}==` },
      { ...good, name: 'Zephyrine' },
      { ...good, subscription: { ...subscription, endpoint } },
      { ...good, subscription: { ...subscription, endpoint: 'javascript:alert(1)' } },
      { ...good, subscription: { ...subscription, endpoint: `${push.service.origin}/a b` } },
      { ...good, subscription: { ...subscription, endpoint: `${push.service.origin}/a\r\nb` } },
      { ...good, subscription: { ...subscription, endpoint: 7 } },
      { ...good, subscription: { ...subscription, auth: randomBytes(12).toString('base64url') } },
      { ...good, subscription: { ...subscription, p256dh: randomBytes(64).toString('base64url') } },
      { ...good, subscription: { ...subscription, expirationTime: null } },
      { ...good, subscription: null },
    ]) {
      expect(await refusalOf(client.api.tell.mutate(input as never))).toEqual(BAD);
    }
    for (const input of [
      {},
      { id: host.id },
      { id: host.id, endpoint },
      { id: 'x', endpoint: 'https://x/' },
    ]) {
      expect(await refusalOf(client.api.untell.mutate(input as never))).toEqual(BAD);
    }
    expect(keptPaths()).toEqual([]);
  });

  test('more than the bounds, and the live are kept', async () => {
    await start({
      LIMIT_SUBSCRIPTIONS_PER_MEETING: '2',
      LIMIT_SUBSCRIPTIONS: '3',
      LIMIT_SUBSCRIPTIONS_PER_HOUR: '7',
    });
    const [host, other] = [await left(), await left()];
    const client = await Client.connect(push.server);
    const [a, b, c] = [newDevice(), newDevice(), newDevice()];
    const tell = ({ id }: Host, device: Device) => client.api.tell.mutate(ask(id, device));
    for (const device of [a, b]) await tell(host, device);
    expect(await refusalOf(tell(host, c))).toEqual(FULL);
    await tell(host, a);
    await tell(other, a);
    expect(await refusalOf(tell(other, b))).toEqual(LIMITED);
    await tell(other, a);
    // The eighth within the hour, whatever it asks for.
    expect(await refusalOf(tell(host, a))).toEqual(LIMITED);
    expect(keptPaths().sort()).toEqual([a.path, a.path, b.path].sort());
  });
});
