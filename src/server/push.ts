import { fromBase64url } from '../lib/protocol/bytes';
import type { MeetingId } from '../lib/protocol/ids';
import type { Limits } from './limits';
import type { Log } from './log';
import { pointKey } from './proofs';
import { createPushSender } from './push-sender';
import { isAtService } from './push-services';
import { isUnavailable } from './refusal';
import type { Subscription, Subscriptions } from './subscriptions';
import type { VapidKey } from './vapid';

export type PushSettings = {
  /** The services that may be called (push-services.ts). */
  readonly services: readonly string[];
  readonly contact: string;
  /** `null` while it cannot be had. */
  readonly key: () => VapidKey | null;
};

export type PushParts = {
  readonly subscriptions: Subscriptions;
  readonly limits: Pick<Limits, 'subscriptions' | 'subscriptionsPerMeeting'>;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/**
 * Being told with the app closed: who is told of what, and when. What is told is the meeting's tag (section 4), which
 * says something only to who has the link. Nothing here throws, or takes time from the call that is the news.
 */
export type Push = {
  /** What subscriptions are made for, base64url of 65 bytes; `null` where nobody can be told. */
  readonly key: string | null;
  tell(subscription: Subscription): Promise<'kept' | 'denied' | 'full' | 'rate-limited'>;
  untell(id: MeetingId, endpoint: string): Promise<void>;
  /** A host is there, and nobody was before. */
  hostCame(id: MeetingId): void;
  /** A guest is there, and no host. */
  knockedAtNobody(id: MeetingId): void;
  stop(): void;
};

export function createPush(settings: PushSettings | null, parts: PushParts): Push {
  const { subscriptions, limits, log, now } = parts;
  const untell: Push['untell'] = (id, endpoint) => subscriptions.remove(id, endpoint);
  if (settings === null) {
    const nobody = () => undefined;
    return {
      key: null,
      tell: async () => 'denied',
      untell,
      hostCame: nobody,
      knockedAtNobody: nobody,
      stop: nobody,
    };
  }

  const { services, contact, key } = settings;
  const bounds = { perMeeting: limits.subscriptionsPerMeeting, all: limits.subscriptions };
  const sender = createPushSender({
    key,
    contact,
    log,
    onGone: (device) => void subscriptions.removeDevice(device).catch((cause: unknown) => log.fault(cause)),
  });
  let isStopped = false;

  /** In a turn of its own: to mark who was told is a write, and the host's or guest's answer does not wait for it. */
  function tellAll(id: MeetingId, role: Subscription['role']): void {
    setImmediate(() => {
      if (isStopped) return;
      subscriptions.take(id, role, now()).then(
        (told) => told.forEach((subscription) => sender.send(subscription)),
        (cause: unknown) => (isUnavailable(cause) ? log.event('unavailable', null) : log.fault(cause)),
      );
    });
  }

  return {
    get key() {
      return key()?.publicKey ?? null;
    },
    async tell(subscription) {
      const { endpoint, p256dh } = subscription.subscription;
      // A key that is no point of the curve could never be sealed for.
      const isUsable = isAtService(services, endpoint) && pointKey(fromBase64url(p256dh)) !== null;
      if (!isUsable) return 'denied';
      const outcome = await subscriptions.keep(subscription, bounds, now());
      return outcome === 'no-room' ? 'rate-limited' : outcome;
    },
    untell,
    hostCame: (id) => tellAll(id, 'guest'),
    knockedAtNobody: (id) => tellAll(id, 'host'),
    stop() {
      isStopped = true;
      sender.stop();
    },
  };
}
