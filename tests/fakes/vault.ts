import { openDB } from 'idb';
import { onTestFinished } from 'vitest';
import { randomId, type MeetingId, type ParticipantId, type VaultId } from '../../src/lib/protocol/ids';
import { DATABASE } from '../../src/lib/vault/exists';
import { VERSION, type VaultSchema } from '../../src/lib/vault/schema';
import { Vault, type SavedMeeting } from '../../src/lib/vault/vault';

/** A true vault in the test's browser, closed with the test. Each has its own connection: to the others it is another window. */
export async function openVault(): Promise<Vault> {
  const vault = await Vault.open();
  onTestFinished(() => vault.close());
  return vault;
}

/** What lies on the disk. */
export async function openRaw() {
  const database = await openDB<VaultSchema>(DATABASE, VERSION);
  onTestFinished(() => database.close());
  return database;
}

/** A record whose keys are nobody's. */
export const meetingOf = (changes: Partial<SavedMeeting> = {}): SavedMeeting => ({
  vaultId: randomId<VaultId>(),
  meetingId: randomId<MeetingId>(),
  role: 'host',
  name: 'Wednesday consultation',
  sealedKeys: { v: 1, iv: new Uint8Array(12).fill(1), ciphertext: new Uint8Array(40).fill(2) },
  policy: { lobby: true, relayOnly: false, sealMedia: true },
  participant: randomId<ParticipantId>(),
  createdAtMs: 1_800_000_000_000,
  openedAtMs: 1_800_000_000_001,
  verified: [randomId<ParticipantId>()],
  acceptedFiles: [],
  wantsNotice: false,
  told: null,
  keepsHistory: false,
  isRetired: false,
  ...changes,
});
