import * as z from 'zod/mini';
import { utf8, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { isBox } from '../crypto/passphrase-box';
import { sealRecord } from '../crypto/sealed-record';
import { withWorker } from './lock';
import { historySchema } from './history';
import { meetingSchema, profileSchema, toJson, type Profile, type SavedMeeting } from './schema';
import type { Vault } from './vault';
import { readRows, swapRows, type Rows, type Swap } from './whole';

/** What an import would do with one meeting. `older`: what is here was used later than what is in the backup. */
export type ImportItem = { meeting: SavedMeeting; kind: 'new' | 'same' | 'newer' | 'older' };

/** What an import would do, looked at before it is done. */
export type ImportPlan = {
  exportedAtMs: number;
  items: readonly ImportItem[];
  /** The name in the backup, if it has one and it is another than here. */
  name: string | null;
  apply(wishes: { replaceNewer: boolean }): Promise<void>;
};

const HEAD_BYTES = 8;

/** `passphrase` is null for a file that anybody can read. */
export async function writeBackup(vault: Vault, passphrase: string | null, nowMs: number): Promise<Blob> {
  const rows = await readRows(vault);
  const { file } = await withWorker((session) =>
    session.call('write-backup', { dataKey: vault.dataKey, rows, passphrase, nowMs }),
  );
  return file;
}

export async function needsPassphrase(file: Blob): Promise<boolean> {
  return isBox('backup', new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
}

/**
 * Opens a backup and says what it would change. Nothing is written before `apply`, which writes all of it at once.
 * Throws `backup/malformed`, `backup/damaged`, `backup/too-costly`, `vault/wrong-passphrase`; `apply` throws
 * `backup/outdated`, `vault/full`.
 */
export async function readBackup(vault: Vault, file: Blob, passphrase: string | null): Promise<ImportPlan> {
  const before = await readRows(vault);
  const { meetings: here } = await vault.meetings();
  const known = here.map(({ meetingId, role, vaultId }) => ({ meetingId, role, vaultId }));
  // A record that does not open keeps its handle too.
  for (const { id } of before.meetings) {
    if (!known.some(({ vaultId }) => vaultId === id))
      known.push({ ...NOBODYS, vaultId: id as SavedMeeting['vaultId'] });
  }
  const opened = await withWorker((session) =>
    session.call('read-backup', { file, passphrase, dataKey: vault.dataKey, known }),
  );
  const contents = checked(opened);
  const items = contents.meetings.map((meeting) => ({ meeting, kind: kindOf(meeting, here) }));
  const own = await vault.profile();
  const name = contents.profile?.name ?? '';
  return {
    exportedAtMs: opened.exportedAtMs,
    items,
    name: name !== '' && name !== own.name ? name : null,
    apply: async ({ replaceNewer }) => {
      const taken = items.filter(
        ({ kind }) => kind === 'new' || kind === 'newer' || (kind === 'older' && replaceNewer),
      );
      const profile = own.name === '' && contents.profile !== null ? { ...own, name } : null;
      const swap = await sealed(vault, { taken, profile, history: contents.history });
      await swapRows(vault, before, swap);
    },
  };
}

const NOBODYS = { meetingId: '' as SavedMeeting['meetingId'], role: 'guest' as const };

const contentsSchema = z.object({
  profile: z.nullable(profileSchema),
  meetings: z.array(meetingSchema),
  history: z.array(z.object({ id: z.string(), value: historySchema })),
});

function checked(opened: unknown): z.infer<typeof contentsSchema> {
  const { success, data } = contentsSchema.safeParse(opened);
  if (!success) throw new ParleyError('backup/damaged');
  return data;
}

function kindOf(meeting: SavedMeeting, here: readonly SavedMeeting[]): ImportItem['kind'] {
  const own = here.find(({ vaultId }) => vaultId === meeting.vaultId);
  if (own === undefined) return 'new';
  if (own.openedAtMs === meeting.openedAtMs) return 'same';
  return own.openedAtMs < meeting.openedAtMs ? 'newer' : 'older';
}

async function sealed(
  vault: Vault,
  parts: {
    taken: readonly ImportItem[];
    profile: Profile | null;
    history: readonly { id: string; value: z.infer<typeof historySchema> }[];
  },
): Promise<Swap> {
  const seal = async (store: keyof Rows, id: string, text: string) => {
    const bytes: Bytes = utf8(text);
    return { id, sealed: await sealRecord(vault.dataKey, store, id, bytes) };
  };
  const handles = new Set<string>(parts.taken.map(({ meeting }) => meeting.vaultId));
  const said = parts.history.filter(({ id }) => handles.has(id.slice(0, id.indexOf('/'))));
  const [meetings, profile, history] = await Promise.all([
    Promise.all(parts.taken.map(({ meeting }) => seal('meetings', meeting.vaultId, toJson(meeting)))),
    Promise.all(parts.profile === null ? [] : [seal('profile', 'self', toJson(parts.profile))]),
    Promise.all(said.map(({ id, value }) => seal('history', id, toJson(value)))),
  ]);
  return { rows: { meetings, profile, history } };
}
