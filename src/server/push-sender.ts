import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import webpush from 'web-push';
import type { Log } from './log';
import type { Subscription } from './subscriptions';
import type { VapidKey } from './vapid';

export type PushSenderParts = {
  readonly key: () => VapidKey | null;
  /** Where a push service can reach the operator (RFC 8292 section 2.1), `mailto:` or `https:`. */
  readonly contact: string;
  readonly log: Log;
  /** The push service says that there is no such device any more. */
  readonly onGone: (endpoint: string) => void;
  readonly times?: typeof TIMES;
};

export type PushSender = {
  /** Returns at once. What cannot be delivered is dropped: a notice that comes late is worth nothing. */
  send(subscription: Subscription): void;
  stop(): void;
};

/** A push service answers in a fraction of a second; this many at a time are hundreds a second. */
const IN_FLIGHT = 20;
/** What waits while a push service does not answer, 20 every 20 s, is still news when its turn comes. */
const WAITING = 400;
const TIMES = {
  /** No push service takes that long, and one that does must not hold a place. */
  timeoutMs: 10_000,
  /** Until the second and last attempt: enough for a proxy that restarts, or a connection that was closed under us. */
  retryMs: 1_000,
};
/** Seconds for which a push service keeps it for a device that is off: later the host may have left again. */
const TTL_S = 600;

/** Sends pushes to their services: sealed for the device by RFC 8291, signed for the service by RFC 8292. */
export function createPushSender(parts: PushSenderParts): PushSender {
  const { key, contact, log, onGone, times = TIMES } = parts;
  const waiting: Subscription[] = [];
  let inFlight = 0;
  let isStopped = false;

  function next(): void {
    if (inFlight >= IN_FLIGHT) return;
    const subscription = waiting.shift();
    if (subscription === undefined) return;
    inFlight++;
    void deliver(subscription).finally(() => {
      inFlight--;
      next();
    });
  }

  /** Never rejects. */
  async function deliver({ tag, subscription }: Subscription): Promise<void> {
    try {
      // To seal and sign takes 2 ms. A meeting may have many devices, and calls of others come in between.
      await nextTurn();
      if (isStopped) return;
      const { endpoint } = subscription;
      const ownKey = key();
      if (ownKey === null) return log.event('push-dropped', null);
      const request = seal(Buffer.from(tag, 'base64url'), subscription, ownKey);
      let status = await post(endpoint, request, times.timeoutMs);
      if (status === null || status >= 500) {
        await pause(times.retryMs, undefined, { ref: false });
        if (!isStopped) status = await post(endpoint, request, times.timeoutMs);
      }
      if (isStopped) return;
      if (status === 404 || status === 410) onGone(endpoint);
      else if (status === null || status === 429 || status >= 500) log.event('push-failed', null);
      else if (status >= 300) log.event('push-refused', null);
    } catch (cause) {
      log.fault(cause);
    }
  }

  /** Of the library only what seals and signs: its own sending follows no bound of time and reads what comes back. */
  function seal(
    payload: Buffer,
    { endpoint, p256dh, auth }: Subscription['subscription'],
    { publicKey, privateKey }: VapidKey,
  ): RequestInit {
    const { cipherText } = webpush.encrypt(p256dh, auth, payload, 'aes128gcm');
    const { origin } = new URL(endpoint);
    const { Authorization } = webpush.getVapidHeaders(origin, contact, publicKey, privateKey, 'aes128gcm');
    return {
      method: 'POST',
      headers: {
        Authorization,
        TTL: String(TTL_S),
        Urgency: 'high',
        'Content-Type': 'application/octet-stream',
        'Content-Encoding': 'aes128gcm',
      },
      body: Uint8Array.from(cipherText),
      // The list of services holds for where a request ends, too.
      redirect: 'error',
    };
  }

  return {
    send(subscription) {
      if (isStopped) return;
      if (waiting.length >= WAITING) return log.event('push-dropped', null);
      waiting.push(subscription);
      next();
    },
    stop() {
      isStopped = true;
      waiting.length = 0;
    },
  };
}

/** The status, or `null` when no answer came, in time and from where it was asked for. */
async function post(endpoint: string, request: RequestInit, timeoutMs: number): Promise<number | null> {
  try {
    const response = await fetch(endpoint, { ...request, signal: AbortSignal.timeout(timeoutMs) });
    // What a push service says beyond that is for nobody here, and could be endless.
    await response.body?.cancel();
    return response.status;
  } catch (cause) {
    // By the standard every failure of the network is a TypeError, and only the timeout aborts.
    if (cause instanceof TypeError || cause instanceof DOMException) return null;
    throw cause;
  }
}
