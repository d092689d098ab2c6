import { toBase64url } from '../lib/protocol/bytes';
import { meetingName } from '../lib/protocol/meeting-name';
import { savedMeetings } from '../lib/vault/lookup';
import { MEETING_LOCK } from '../lib/vault/meeting-lock';
import type { SavedMeeting } from '../lib/vault/schema';
import { ownLocale } from './languages';
import { toldIn } from './told';

/**
 * A push message with the app closed: 16 bytes, the meeting's pushTag (section 4), which says something only to a device
 * that keeps the meeting. The name is looked up in the vault; where that is locked nothing is known of it.
 */
declare const self: ServiceWorkerGlobalScope;

const TAG_BYTES = 16;
const VAULT_ID = /^[A-Za-z0-9_-]{21}[AQgw]$/;

self.addEventListener('push', (event) => event.waitUntil(tell(event.data)));

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const data: unknown = event.notification.data;
  event.waitUntil(open(typeof data === 'string' && VAULT_ID.test(data) ? data : null));
});

async function tell(data: PushMessageData | null): Promise<void> {
  const meeting = await meetingOf(data === null ? new Uint8Array(0) : new Uint8Array(data.arrayBuffer()));
  // Whoever has it in front of them hears and sees it there.
  if (meeting !== null && (await windowOf(meeting))?.visibilityState === 'visible') return;
  const title = toldIn(await ownLocale())[meeting?.role ?? 'unknown']();
  await self.registration.showNotification(title, {
    body: meeting === null ? '' : meeting.name || meetingName(meeting.meetingId),
    // One for each meeting, the newest.
    tag: meeting?.vaultId ?? 'parley',
    data: meeting?.vaultId ?? null,
    icon: '/icon-192.png',
  });
  await navigator.setAppBadge?.().catch(() => undefined); // No badge where the system has none.
}

/** `null`: locked, forgotten, or a message that is none of ours. */
async function meetingOf(tag: Uint8Array): Promise<SavedMeeting | null> {
  if (tag.length !== TAG_BYTES) return null;
  const text = toBase64url(tag);
  return find(({ told }) => told?.tag === text);
}

async function find(isIt: (meeting: SavedMeeting) => boolean): Promise<SavedMeeting | null> {
  try {
    return (await savedMeetings()).find(isIt) ?? null;
  } catch {
    return null; // Locked or unreadable: the person is told all the same, and the app says why when it is opened.
  }
}

/** The window that leads this meeting: it holds the meeting's lock. */
async function windowOf({ meetingId, role }: SavedMeeting): Promise<WindowClient | null> {
  const { held = [] } = await navigator.locks.query();
  const lock = held.find(({ name }) => name === `${MEETING_LOCK}${meetingId}.${role}`);
  const client = lock?.clientId === undefined ? undefined : await self.clients.get(lock.clientId);
  return client instanceof WindowClient ? client : null;
}

/** The address is made here, of a handle that was checked: nothing that a message holds is ever opened. */
async function open(vaultId: string | null): Promise<void> {
  await navigator.clearAppBadge?.().catch(() => undefined); // As above.
  const meeting = vaultId === null ? null : await find((one) => one.vaultId === vaultId);
  const shown = meeting === null ? null : await windowOf(meeting);
  if (shown === null) await self.clients.openWindow(vaultId === null ? '/' : `/m#s-${vaultId}`);
  else await shown.focus();
}
