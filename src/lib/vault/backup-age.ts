import type { Profile, SavedMeeting } from './schema';

/** After that long without a backup, or with none, whoever has something to lose is reminded. */
const BACKUP_AGE_MS = 30 * 24 * 3_600_000;

/** There are meetings that only this device can host, and no recent backup of them. */
export function isBackupDue(
  { backedUpAtMs }: Profile,
  meetings: readonly SavedMeeting[],
  nowMs: number = Date.now(),
): boolean {
  const isOld = backedUpAtMs === null || nowMs - backedUpAtMs > BACKUP_AGE_MS;
  return isOld && meetings.some(({ role, isRetired }) => role === 'host' && !isRetired);
}
