import * as z from 'zod/mini';
import { ParleyError } from '../protocol/errors';
import { isBox } from '../crypto/passphrase-box';
import { withWorker } from './lock';
import { historySchema } from './history';
import { openRow, openRows, sealRow } from './rows';
import { meetingSchema, profileSchema, type Profile, type SavedMeeting } from './schema';
import { NO_PROFILE, type Vault } from './vault';
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
  const key = vault.dataKey;
  const here = await openRows({ key, store: 'meetings', schema: meetingSchema }, before.meetings);
  const [profileRow] = before.profile;
  const own =
    profileRow === undefined
      ? NO_PROFILE
      : await openRow({ key, store: 'profile', schema: profileSchema }, profileRow);
  const known = here.map(({ meetingId, role, vaultId }) => ({ meetingId, role, vaultId }));
  const opened = await withWorker((session) =>
    session.call('read-backup', {
      file,
      passphrase,
      dataKey: key,
      known,
      // A record that does not open keeps its handle too.
      handles: before.meetings.map(({ id }) => id),
    }),
  );
  const contents = checked(opened);
  const items = contents.meetings.map((meeting) => ({ meeting, kind: kindOf(meeting, here) }));
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
  const seal = (store: keyof Rows, id: string, value: object) =>
    sealRow({ key: vault.dataKey, store }, id, value);
  const handles = new Set<string>(parts.taken.map(({ meeting }) => meeting.vaultId));
  const said = parts.history.filter(({ id }) => handles.has(id.slice(0, id.indexOf('/'))));
  const [meetings, profile, history] = await Promise.all([
    Promise.all(parts.taken.map(({ meeting }) => seal('meetings', meeting.vaultId, meeting))),
    Promise.all(parts.profile === null ? [] : [seal('profile', 'self', parts.profile)]),
    Promise.all(said.map(({ id, value }) => seal('history', id, value))),
  ]);
  return { rows: { meetings, profile, history } };
}
