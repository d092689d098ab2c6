import { ParleyError } from '../protocol/errors';
import { withDatabase } from './database';
import { DATA_KEY } from './data-key';
import { openRows } from './rows';
import { meetingSchema, type SavedMeeting } from './schema';

/**
 * The saved meetings as the service worker sees them, which only reads, and only while there is no lock: a key that a
 * window has opened stays in the windows. Throws `vault/locked`, `vault/unavailable`; what does not open is left out.
 */
export function savedMeetings(): Promise<SavedMeeting[]> {
  return withDatabase(async (database) => {
    const [slot, rows] = await Promise.all([database.get('keys', DATA_KEY), database.getAll('meetings')]);
    if (slot === undefined) return [];
    if ('box' in slot) throw new ParleyError('vault/locked');
    return openRows({ key: slot.key, store: 'meetings', schema: meetingSchema }, rows);
  });
}
