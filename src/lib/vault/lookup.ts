import { fromUtf8 } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { openRecord } from '../crypto/sealed-record';
import { openDatabase } from './database';
import { DATA_KEY } from './data-key';
import { meetingSchema, type SavedMeeting } from './schema';

/**
 * The saved meetings as the service worker sees them, which only reads, and only while there is no lock: a key that a
 * window has opened stays in the windows. Throws `vault/locked`; what does not open is left out.
 */
export async function savedMeetings(): Promise<SavedMeeting[]> {
  const database = await openDatabase();
  try {
    const [slot, rows] = await Promise.all([database.get('keys', DATA_KEY), database.getAll('meetings')]);
    if (slot === undefined) return [];
    if ('box' in slot) throw new ParleyError('vault/locked');
    const { key } = slot;
    const opened = await Promise.allSettled(
      rows.map(async ({ id, sealed }) =>
        meetingSchema.parse(JSON.parse(fromUtf8(await openRecord(key, 'meetings', id, sealed)))),
      ),
    );
    return opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  } finally {
    database.close();
  }
}
