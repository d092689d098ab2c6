import { Buffer } from 'node:buffer';
import { createHash, randomBytes } from 'node:crypto';

/**
 * A plain backup of so many meetings, written by hand after docs/protocol.md, section 12. A guest's, whose keys anybody
 * can make.
 * @param {number} count
 */
export function backupOf(count) {
  const meetings = Array.from({ length: count }, (_, number) => meetingInBackup(number));
  const contents = { format: 'parley', v: 1, exportedAtMs: 1, profile: null, meetings, history: [] };
  return { name: 'many.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(contents)) };
}

/** @param {number} number */
function meetingInBackup(number) {
  const meetingId = randomBytes(16);
  const checked = Buffer.concat([Uint8Array.of(1), meetingId, randomBytes(32)]);
  const check = createHash('sha256').update('parley1 link').update(checked).digest().subarray(0, 2);
  const fragment = Buffer.concat([checked, check]).toString('base64url');
  const keys = Buffer.concat([Uint8Array.of(0, fragment.length), Buffer.from(fragment), Uint8Array.of(0)]);
  return {
    vaultId: id(),
    meetingId: meetingId.toString('base64url'),
    role: 'guest',
    name: `Meeting ${number}`,
    policy: { lobby: false, relayOnly: false, sealMedia: false },
    participant: id(),
    createdAtMs: 1_800_000_000_000,
    openedAtMs: 1_800_000_000_000 + number,
    verified: [],
    acceptedFiles: [],
    wantsNotice: false,
    isRetired: false,
    keys: keys.toString('base64url'),
  };
}

const id = () => randomBytes(16).toString('base64url');
