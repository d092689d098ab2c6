import * as z from 'zod/mini';
import type { FileId, MessageId, ParticipantId, VaultId } from '../protocol/ids';
import { DATA_KEY } from './data-key';
import { available } from './database';
import { openRows, sealRow } from './rows';
import { id, timeMs } from './schema';
import { historyOf, type Vault } from './vault';

/** Conversations that are kept: a sealed record for each message, and for the name of each file that came. */

const speaker = z.union([z.literal('you'), id<ParticipantId>()]);
/** Only what Parley writes: an emoji of any length would be text. */
const reaction = z.object({
  emoji: z.string().check(z.maxLength(32)),
  people: z.array(z.object({ id: speaker, name: z.string() })),
});

/** The inside of a `history` record: one message, or the name of a file that came. */
export const historySchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message'),
    /** Its place in the conversation. */
    key: z.number().check(z.int(), z.gte(1)),
    id: id<MessageId>(),
    from: speaker,
    fromName: z.string(),
    text: z.string(),
    sentAtMs: timeMs,
    replyTo: z.nullable(id<MessageId>()),
    reactions: z.array(reaction),
  }),
  z.object({
    type: z.literal('file'),
    id: id<FileId>(),
    name: z.string(),
    size: z.number().check(z.int(), z.gte(0)),
    fromName: z.string(),
    atMs: timeMs,
  }),
]);

export type HistoryItem = z.infer<typeof historySchema>;

/** In its order. What does not open is left out. */
export async function readHistory(vault: Vault, vaultId: VaultId): Promise<HistoryItem[]> {
  const { database, deviceKey } = vault.inside;
  const rows = await available(() => database.getAll('history', historyOf(vaultId)));
  return openRows({ key: deviceKey.key, store: 'history', schema: historySchema }, rows);
}

/** Adds to it, and writes over what has the same name. `limit`: of the oldest, those beyond it go. */
export async function keepHistory(
  vault: Vault,
  vaultId: VaultId,
  items: readonly HistoryItem[],
  limit: number,
): Promise<void> {
  const { database, deviceKey } = vault.inside;
  const rows = await Promise.all(
    items.map((item) =>
      sealRow({ key: deviceKey.key, store: 'history' }, `${vaultId}/${nameOf(item)}`, item),
    ),
  );
  await available(async () => {
    const transaction = database.transaction(['keys', 'meetings', 'history'], 'readwrite');
    const [key, meeting] = await Promise.all([
      transaction.objectStore('keys').get(DATA_KEY),
      transaction.objectStore('meetings').getKey(vaultId),
    ]);
    // Forgotten, erased or moved to another key meanwhile: then there is nothing to add to.
    if (key?.id !== deviceKey.id || meeting === undefined) return;
    const history = transaction.objectStore('history');
    await Promise.all(rows.map((row) => history.put({ ...row, revision: 1 })));
    const ids = await history.getAllKeys(historyOf(vaultId));
    await Promise.all(ids.slice(0, Math.max(0, ids.length - limit)).map((old) => history.delete(old)));
    await transaction.done;
  });
}

export async function dropHistory(vault: Vault, vaultId: VaultId): Promise<void> {
  await available(() => vault.inside.database.delete('history', historyOf(vaultId)));
}

/** Sorts in the order of the conversation; names of files come after it. */
const nameOf = (item: HistoryItem): string =>
  item.type === 'message' ? String(item.key).padStart(12, '0') : `file-${item.id}`;
