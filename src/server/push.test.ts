import { createECDH, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Device, PushService, signerOf } from '../../tests/server/push-service';
import { randomId, type MeetingId } from '../lib/protocol/ids';
import type { Log, LogEvent } from './log';
import { createPush, type Push, type PushSettings } from './push';
import { createPushSender, type PushSender } from './push-sender';
import { createMemoryRegistry } from './registry-memory';
import { QUIET_MS, type Subscription } from './subscriptions';

const CONTACT = 'mailto:you@meet.example';
const LIMITS = { subscriptions: 100, subscriptionsPerMeeting: 2 };
const curve = createECDH('prime256v1');
const key = { publicKey: curve.generateKeys('base64url'), privateKey: '' };
key.privateKey = Buffer.from(curve.getPrivateKey('hex').padStart(64, '0'), 'hex').toString('base64url');

class FakeLog implements Log {
  readonly mode = 'normal';
  readonly events: LogEvent[] = [];
  readonly faults: unknown[] = [];
  event(event: LogEvent, address: string | null): void {
    expect(address).toBeNull();
    this.events.push(event);
  }
  fault(thrown: unknown): void {
    this.faults.push(thrown);
  }
}

let service: PushService;
let log: FakeLog;
beforeEach(async () => {
  service = await PushService.start();
  log = new FakeLog();
});
afterEach(async () => {
  await service.close();
  expect(log.faults).toEqual([]);
});

const id = randomId<MeetingId>();
const ask = (device: Device, changes: Partial<Subscription> = {}): Subscription => ({
  id,
  role: 'guest',
  tag: randomBytes(16).toString('base64url'),
  subscription: device.subscription,
  ...changes,
});

test('the example of RFC 8291 is opened by the device of these tests', () => {
  const auth = Buffer.from('BTBZMqHH6r4Tts7J_aSIgg', 'base64url');
  const device = new Device('', auth, 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94');
  const body =
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN';
  expect(device.open(Buffer.from(body, 'base64url')).toString()).toBe(
    'When I grow up, I want to be a watermelon',
  );
});

describe('sending', () => {
  let gone: string[];
  let sender: PushSender;
  const times = { timeoutMs: 5_000, retryMs: 0 };
  const start = (changes: Partial<typeof times> = {}) => {
    const onGone = (endpoint: string) => void gone.push(endpoint);
    sender = createPushSender({
      key: () => key,
      contact: CONTACT,
      log,
      onGone,
      times: { ...times, ...changes },
    });
  };
  beforeEach(() => {
    gone = [];
    start();
  });
  afterEach(() => sender.stop());
  /** Answers each attempt with the next of these. */
  const answering = (...statuses: (number | null)[]) => {
    service.answer = () => {
      const status = statuses.shift();
      return status === undefined ? 201 : status;
    };
  };

  test('is one request that only the device can read, signed for its service', async () => {
    const device = new Device(service.origin);
    const asked = ask(device);
    sender.send(asked);
    const push = await service.next();
    expect([push.method, push.path]).toEqual(['POST', device.path]);
    expect(push.headers).toMatchObject({
      ttl: '600',
      urgency: 'high',
      'content-encoding': 'aes128gcm',
      'content-type': 'application/octet-stream',
    });
    expect(push.headers).not.toHaveProperty('topic');
    expect(device.open(push.body)).toEqual(Buffer.from(asked.tag, 'base64url'));
    const { key: signer, claims } = signerOf(push);
    expect(signer).toBe(key.publicKey);
    expect(claims).toEqual({ aud: service.origin, exp: expect.any(Number) as number, sub: CONTACT });
    const lifeS = claims.exp - Date.now() / 1_000;
    expect(lifeS).toBeGreaterThan(600);
    expect(lifeS).toBeLessThanOrEqual(86_400);
  });

  test('no two pushes are alike', async () => {
    const asked = ask(new Device(service.origin));
    for (let i = 0; i < 2; i++) sender.send(asked);
    const [first, second] = [await service.next(), await service.next()];
    expect(first.body.equals(second.body)).toBe(false);
    expect(first.body.length).toBe(second.body.length);
  });

  test.each([404, 410])('%d: the device is gone', async (status) => {
    answering(status);
    const device = new Device(service.origin);
    sender.send(ask(device));
    await expect.poll(() => gone.length).toBe(1);
    expect(gone).toEqual([device.subscription.endpoint]);
    expect([service.all.length, log.events]).toEqual([1, []]);
  });

  test('503 is tried once more, and once only', async () => {
    answering(503, 201);
    sender.send(ask(new Device(service.origin)));
    await service.next();
    await service.next();
    answering(500, 502);
    sender.send(ask(new Device(service.origin)));
    await expect.poll(() => log.events.length).toBeGreaterThan(0);
    expect([service.all.length, log.events]).toEqual([4, ['push-failed']]);
  });

  test.each([
    [429, 'push-failed'],
    [400, 'push-refused'],
    [403, 'push-refused'],
    [413, 'push-refused'],
  ])('%d is counted as %s and not tried again', async (status, event) => {
    answering(status);
    sender.send(ask(new Device(service.origin)));
    await expect.poll(() => log.events.length).toBeGreaterThan(0);
    expect([service.all.length, log.events, gone]).toEqual([1, [event], []]);
  });

  test.each([301, 302, 303, 307, 308])('%d leads nowhere', async (status) => {
    answering(status, status);
    sender.send(ask(new Device(service.origin)));
    await expect.poll(() => log.events.length).toBeGreaterThan(0);
    expect(log.events).toEqual(['push-failed']);
    expect(service.all.map(({ path }) => path)).not.toContain('/elsewhere');
  });

  test('a service that does not answer, or is not there, is given up', async () => {
    start({ timeoutMs: 50 });
    answering(null, null);
    sender.send(ask(new Device(service.origin)));
    await expect.poll(() => log.events.length).toBe(1);
    const nobody = await PushService.start();
    const { origin } = nobody;
    await nobody.close();
    sender.send(ask(new Device(origin)));
    await expect.poll(() => log.events.length).toBe(2);
    expect(log.events).toEqual(['push-failed', 'push-failed']);
  });

  test('twenty at a time, the others in their order, and beyond a bound none', async () => {
    service.answer = () => null;
    const devices = Array.from({ length: 425 }, () => new Device(service.origin));
    for (const device of devices) sender.send(ask(device));
    expect(log.events).toEqual(Array.from({ length: 5 }, () => 'push-dropped'));
    for (let i = 0; i < 20; i++) await service.next();
    const first = new Set(service.all.map(({ path }) => path));
    expect(first).toEqual(new Set(devices.slice(0, 20).map(({ path }) => path)));
    sender.stop();
  });

  test('all that waited are sent when the service answers', async () => {
    const devices = Array.from({ length: 60 }, () => new Device(service.origin));
    for (const device of devices) sender.send(ask(device));
    for (let i = 0; i < 60; i++) await service.next();
    const paths = service.all.map(({ path }) => path);
    expect(new Set(paths)).toEqual(new Set(devices.map(({ path }) => path)));
    expect(log.events).toEqual([]);
  });

  test('after the end nothing is sent, and nobody is told what came of the rest', async () => {
    service.answer = () => {
      sender.stop();
      return 410;
    };
    for (let i = 0; i < 30; i++) sender.send(ask(new Device(service.origin)));
    await service.next();
    sender.send(ask(new Device(service.origin)));
    // What is asked for now is answered after all that was on its way.
    await (await fetch(service.origin)).body?.cancel();
    expect(gone).toEqual([]);
    expect(service.all.length).toBeLessThanOrEqual(21);
  });
});

describe('who is told', () => {
  let registry: ReturnType<typeof createMemoryRegistry>;
  let push: Push;
  let nowMs: number;
  const start = (settings: Partial<PushSettings> | null = {}) => {
    const all = settings && { services: [service.origin], contact: CONTACT, key: () => key, ...settings };
    const { subscriptions } = registry;
    push = createPush(all, { subscriptions, limits: LIMITS, log, now: () => nowMs });
  };
  beforeEach(() => {
    registry = createMemoryRegistry();
    nowMs = Date.UTC(2030, 0, 1, 12);
    start();
  });
  afterEach(() => push.stop());
  /** Told of something that everything before it precedes: what did not come until then will not come. */
  const settle = async () => {
    const [last, other] = [new Device(service.origin), randomId<MeetingId>()];
    await push.tell(ask(last, { id: other }));
    push.hostCame(other);
    const paths: string[] = [];
    while (paths.at(-1) !== last.path) paths.push((await service.next()).path);
    return paths.slice(0, -1);
  };

  test('guests when the host comes, the host when somebody knocks', async () => {
    const [guest, host] = [new Device(service.origin), new Device(service.origin)];
    expect(await push.tell(ask(guest))).toBe('kept');
    expect(await push.tell(ask(host, { role: 'host' }))).toBe('kept');
    push.hostCame(id);
    expect(await settle()).toEqual([guest.path]);
    push.knockedAtNobody(id);
    expect(await settle()).toEqual([host.path]);
  });

  test('once in ten minutes', async () => {
    const device = new Device(service.origin);
    await push.tell(ask(device));
    push.hostCame(id);
    push.hostCame(id);
    expect(await settle()).toEqual([device.path]);
    nowMs += QUIET_MS - 1;
    push.hostCame(id);
    expect(await settle()).toEqual([]);
    nowMs += 1;
    push.hostCame(id);
    expect(await settle()).toEqual([device.path]);
  });

  test('not after thirty days, and again after asking again', async () => {
    const device = new Device(service.origin);
    await push.tell(ask(device));
    nowMs += 30 * 24 * 3_600_000;
    push.hostCame(id);
    expect(await settle()).toEqual([]);
    await push.tell(ask(device));
    push.hostCame(id);
    expect(await settle()).toEqual([device.path]);
  });

  test('who took it back is not, who is gone is not', async () => {
    const [one, two] = [new Device(service.origin), new Device(service.origin)];
    for (const device of [one, two]) await push.tell(ask(device));
    await push.untell(id, one.subscription.endpoint);
    service.answer = ({ path }) => (path === two.path ? 410 : 201);
    push.hostCame(id);
    expect(await settle()).toEqual([two.path]);
    await expect.poll(() => registry.subscriptions.take(id, 'guest', nowMs + QUIET_MS)).toEqual([]);
  });

  test('bounds are said as what they are', async () => {
    start();
    const devices = Array.from({ length: 3 }, () => new Device(service.origin));
    expect(await Promise.all(devices.map((device) => push.tell(ask(device))))).toEqual([
      'kept',
      'kept',
      'full',
    ]);
    const small = { subscriptions: 2, subscriptionsPerMeeting: 2 };
    const { subscriptions } = registry;
    const settings = { services: [service.origin], contact: CONTACT, key: () => key };
    const full = createPush(settings, { subscriptions, limits: small, log, now: () => nowMs });
    const other = randomId<MeetingId>();
    expect(await full.tell(ask(new Device(service.origin), { id: other }))).toBe('rate-limited');
  });

  test('an endpoint elsewhere and a key that is none are denied', async () => {
    const { subscription } = new Device(service.origin);
    const offCurve = Buffer.alloc(65, 1).fill(4, 0, 1).toString('base64url');
    const compressed = Buffer.alloc(65, 1).fill(2, 0, 1).toString('base64url');
    for (const changes of [
      { endpoint: 'https://push.example/x' },
      { endpoint: 'http://127.0.0.1:1/x' },
      { p256dh: offCurve },
      { p256dh: compressed },
    ]) {
      const asked = { ...ask(new Device('')), subscription: { ...subscription, ...changes } };
      expect(await push.tell(asked)).toBe('denied');
    }
    expect(await registry.subscriptions.take(id, 'guest', nowMs)).toEqual([]);
  });

  test('switched off: nobody, and there is no key', async () => {
    await push.tell(ask(new Device(service.origin)));
    start(null);
    expect(push.key).toBeNull();
    expect(await push.tell(ask(new Device(service.origin)))).toBe('denied');
    push.hostCame(id);
    push.knockedAtNobody(id);
    push.stop();
    expect(await registry.subscriptions.take(id, 'guest', nowMs)).toHaveLength(1);
  });

  test('a registry that fails is a fault of ours and ends nothing', async () => {
    const subscriptions = {
      ...registry.subscriptions,
      take: () => Promise.reject(new Error('disk')),
    };
    const settings = { services: [service.origin], contact: CONTACT, key: () => key };
    const broken = createPush(settings, { subscriptions, limits: LIMITS, log, now: () => nowMs });
    broken.hostCame(id);
    await expect.poll(() => log.faults.length).toBe(1);
    log.faults.length = 0;
  });

  test('after the end the registry is left alone', async () => {
    await push.tell(ask(new Device(service.origin)));
    push.hostCame(id);
    push.stop();
    await new Promise(setImmediate);
    expect(await registry.subscriptions.take(id, 'guest', nowMs)).toHaveLength(1);
  });
});
