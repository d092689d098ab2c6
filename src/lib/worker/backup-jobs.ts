import { toBase64url, utf8, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { randomId, type VaultId } from '../protocol/ids';
import { asObject, parseJson, type Json } from '../protocol/json';
import { isBox, openBox, sealBox } from '../crypto/passphrase-box';
import { MeetingKeys } from './meeting-keys';
import type { Calls, KnownMeeting, OpenedBackup, SealedRow, SealedRows } from './messages';
import { bytesOf, openJson, openKeys, sealKeys, textOf } from './sealed-json';

/**
 * A backup's contents (section 12), as JSON, in a passphrase's box or as they are:
 *
 *     { format: "parley", v: 1, exportedAtMs, profile | null,
 *       meetings: [record without sealedKeys, with keys: base64url], history: [{ id, value }] }
 *
 * Only this worker sees the keys in it.
 */
const FORMAT = 'parley';
const VERSION = 1;
/** Far more than a thousand meetings with their conversations; a person's own file is never near it. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_MEETINGS = 10_000;
const MEDIA_TYPE = 'application/octet-stream';

/** What is on this device: the meetings that open, and every handle that is taken. */
type Here = { known: KnownMeeting[]; handles: ReadonlySet<string> };

type BackupCall =
  | ({ name: 'write-backup' } & Calls['write-backup']['input'])
  | ({ name: 'read-backup' } & Calls['read-backup']['input']);

export function backupJob(call: BackupCall): Promise<Calls[BackupCall['name']]['output']> {
  return call.name === 'write-backup' ? writeBackup(call) : readBackup(call);
}

/** A record that does not open is left out: there is nothing of it to keep. */
async function writeBackup({
  dataKey,
  rows,
  passphrase,
  nowMs,
}: Calls['write-backup']['input']): Promise<{ file: Blob }> {
  const meetings = await opened(rows, 'meetings', async (row) => {
    const { sealedKeys, ...value } = await openJson(dataKey, 'meetings', row);
    return { ...value, keys: toBase64url(await openKeys(dataKey, row.id, sealedKeys)) };
  });
  const profiles = await opened(rows, 'profile', (row) => openJson(dataKey, 'profile', row));
  const history = await opened(rows, 'history', async (row) => {
    return { id: row.id, value: await openJson(dataKey, 'history', row) };
  });
  const contents = { format: FORMAT, v: VERSION, exportedAtMs: nowMs, profile: profiles[0] ?? null };
  const text = utf8(JSON.stringify({ ...contents, meetings, history }));
  const bytes = passphrase === null ? text : await sealBox('backup', passphrase, text);
  return { file: new Blob([bytes], { type: MEDIA_TYPE }) };
}

async function opened<T>(
  rows: SealedRows,
  store: keyof SealedRows,
  open: (row: SealedRow) => Promise<T>,
): Promise<T[]> {
  const results = await Promise.allSettled(rows[store].map(open));
  return results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

async function readBackup({
  file,
  passphrase,
  dataKey,
  known,
  handles,
}: Calls['read-backup']['input']): Promise<OpenedBackup> {
  if (file.size > MAX_FILE_BYTES) throw new ParleyError('backup/too-costly');
  const bytes = new Uint8Array(await file.arrayBuffer());
  const isSealed = isBox('backup', bytes);
  const contents = parsed(isSealed ? await openBox('backup', passphrase ?? '', bytes) : bytes);
  try {
    return await checked(contents, dataKey, { known, handles: new Set(handles) });
  } catch (cause) {
    if (cause instanceof ParleyError) throw new ParleyError('backup/damaged', { cause });
    throw cause;
  }
}

function parsed(bytes: Bytes): Json {
  try {
    const contents = parseJson(bytes);
    if (contents['format'] === FORMAT && contents['v'] === VERSION) return contents;
  } catch (cause) {
    throw new ParleyError('backup/malformed', { cause });
  }
  throw new ParleyError('backup/malformed');
}

async function checked(contents: Json, dataKey: CryptoKey, here: Here): Promise<OpenedBackup> {
  const { exportedAtMs, profile = null } = contents;
  const [meetings, history] = [listOf(contents['meetings']), listOf(contents['history'])];
  if (meetings.length > MAX_MEETINGS || typeof exportedAtMs !== 'number') refuse();

  const places = new Map<string, string>();
  const taken = new Set<string>();
  const records: Json[] = [];
  for (const meeting of meetings) {
    const { keys, ...record } = asObject(meeting);
    const before = textOf(record['vaultId']);
    const place = placeFor(record, here);
    // Twice the same handle would put one record over another.
    if (places.has(before) || taken.has(place)) refuse();
    places.set(before, place);
    taken.add(place);
    records.push({ ...record, vaultId: place, sealedKeys: await resealed(record, keys, dataKey, place) });
  }
  return {
    exportedAtMs,
    profile,
    meetings: records,
    history: history.map((entry) => {
      const { id, value } = asObject(entry);
      const [before = '', ...rest] = textOf(id).split('/');
      const place = places.get(before);
      if (place === undefined || rest.length !== 1) refuse();
      return { id: `${place}/${rest.join('/')}`, value };
    }),
  };
}

/** Keys of another meeting than the record says, or a host's record without its key, are no backup of ours. */
async function resealed(record: Json, keys: unknown, dataKey: CryptoKey, place: string): Promise<Json> {
  const bytes = bytesOf(keys);
  const meeting = await MeetingKeys.fromBytes(bytes);
  if (meeting.id !== record['meetingId'] || (meeting.host !== null) !== (record['role'] === 'host')) refuse();
  const sealed = await sealKeys(dataKey, place, bytes);
  bytes.fill(0);
  return sealed;
}

/** Where this meeting lies already; else under the handle it had, unless another meeting has that here. */
function placeFor(record: Json, { known, handles }: Here): string {
  const here = known.find(
    ({ meetingId, role }) => meetingId === record['meetingId'] && role === record['role'],
  );
  if (here !== undefined) return here.vaultId;
  const before = textOf(record['vaultId']);
  return handles.has(before) ? randomId<VaultId>() : before;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : refuse();
}

function refuse(): never {
  throw new ParleyError('protocol/malformed');
}
