import { fromBase64url, toBase64url } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import type { MeetingId } from '../protocol/ids';
import type { PushSubscriptionInfo } from '../protocol/signaling';
import type { Signaling } from '../signaling/signaling';
import type { SavedMeeting } from '../vault/vault';
import type { SessionClient } from '../worker/client';

/**
 * Being told of one meeting with the app closed (Web Push). The push service learns that this browser is told of
 * something; the message holds the meeting's pushTag, which the service worker looks up in the vault.
 */
/** `pushManager.subscribe` never answers where the browser cannot reach its push service. */
const SUBSCRIBE_MS = 10_000;
/** A registration that is not there by then will not come: a private window, or storage that is blocked. */
const WORKER_MS = 5_000;

const RENEW_AFTER_MS = 7 * 24 * 3_600_000;

type Told = NonNullable<SavedMeeting['told']>;
export type Telling = {
  meetingId: MeetingId;
  role: SavedMeeting['role'];
  session: SessionClient;
  signaling: Signaling;
  /** Keeps what the service worker needs to know. */
  keep: (patch: { wantsNotice: boolean; told: Told | null }) => Promise<void>;
};

/**
 * On or off. Where the browser or the server has no push the wish counts for open pages all the same, so none of what
 * can be missing is an error.
 */
export async function keepTold(
  on: boolean,
  { meetingId, role, session, signaling, keep }: Telling,
): Promise<void> {
  if (!on) {
    await keep({ wantsNotice: false, told: null });
    const endpoint = (await ownSubscription())?.endpoint;
    if (endpoint !== undefined) await signaling.untell(meetingId, endpoint);
    return;
  }
  const { tag } = await session.call('push-tag', {});
  await keep({ wantsNotice: true, told: { tag, atMs: null } });
  // A browser without notifications (some phones, unless the app is installed) shows none.
  if (!('Notification' in globalThis) || (await Notification.requestPermission()) !== 'granted') return;
  const { pushKey } = await signaling.serverInfo();
  const subscription = pushKey === null ? null : await subscribed(pushKey);
  if (subscription === null) return;
  await signaling.tell({ id: meetingId, role, tag, subscription });
  await keep({ wantsNotice: true, told: { tag, atMs: Date.now() } });
}

/** Subscriptions end at the server after 30 days. Renewed while the app is in use, without asking anybody again. */
export function isRenewalDue({ wantsNotice, told, isRetired }: SavedMeeting): boolean {
  const isOld = Date.now() - (told?.atMs ?? 0) > RENEW_AFTER_MS;
  return wantsNotice && !isRetired && isOld && globalThis.Notification?.permission === 'granted';
}

async function ownSubscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker?.getRegistration();
  return (await registration?.pushManager?.getSubscription()) ?? null;
}

/** The browser's one subscription, made anew when the server has another key than it was made for. */
async function subscribed(pushKey: string): Promise<PushSubscriptionInfo | null> {
  const registration = await within(WORKER_MS, navigator.serviceWorker?.ready);
  const manager = registration?.pushManager;
  if (manager === undefined) return null;
  const before = await manager.getSubscription();
  const key = before?.options.applicationServerKey;
  const isOurs = key != null && toBase64url(new Uint8Array(key)) === pushKey;
  if (before !== null && !isOurs) await before.unsubscribe();
  const options = { userVisibleOnly: true, applicationServerKey: fromBase64url(pushKey) };
  const subscription = isOurs ? before : await within(SUBSCRIBE_MS, manager.subscribe(options));
  return subscription === null ? null : infoOf(subscription);
}

function infoOf(subscription: PushSubscription): PushSubscriptionInfo {
  const read = (name: PushEncryptionKeyName): string => {
    const bytes = subscription.getKey(name);
    if (bytes === null) throw new ParleyError('internal/fault');
    return toBase64url(new Uint8Array(bytes));
  };
  return { endpoint: subscription.endpoint, p256dh: read('p256dh'), auth: read('auth') };
}

/** `null` when it takes longer, or does not come at all. */
async function within<T>(limitMs: number, work: Promise<T> | undefined): Promise<T | null> {
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), limitMs));
  try {
    return await Promise.race([work ?? null, late]);
  } catch (cause) {
    // The browser's own no: a private window, or push switched off.
    if (cause instanceof DOMException) return null;
    throw cause;
  }
}
