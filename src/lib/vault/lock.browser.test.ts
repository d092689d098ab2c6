import { deleteDB, openDB } from 'idb';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { meetingOf, openRaw, openVault } from '../../../tests/fakes/vault';
import { randomId, type MeetingId, type ParticipantId, type VaultId } from '../protocol/ids';
import { SessionClient } from '../worker/client';
import { readBackup, writeBackup } from './backup';
import { forgetLocked, lockState, removeLock, setLock, setLockAfter, unlock, withWorker } from './lock';
import { sealRow } from './rows';
import { DATABASE } from './exists';
import type { Row } from './schema';
import { Vault, type SavedMeeting } from './vault';
import { readRows } from './whole';

const PASSPHRASE = 'correct horse battery';
const WISHES = { passphrase: PASSPHRASE, withPasskey: false, lockAfterMinutes: 0 };

/** A meeting with true keys, made by the worker as the app does. */
async function made(
  vault: Vault,
  changes: Partial<SavedMeeting> = {},
): Promise<SavedMeeting & { link: string }> {
  const vaultId = randomId<VaultId>();
  const { meetingId, fragment, sealedKeys } = await withWorker((session) =>
    session.call('create-meeting', { vault: { dataKey: vault.dataKey, vaultId } }),
  );
  const meeting = await vault.save(meetingOf({ vaultId, meetingId, sealedKeys, ...changes }));
  return { ...meeting, link: fragment };
}

async function linkOf(vault: Vault, { vaultId, sealedKeys }: SavedMeeting): Promise<string> {
  const session = new SessionClient(() => undefined);
  onTestFinished(() => session.close());
  const place = { dataKey: vault.dataKey, vaultId };
  return (await session.call('open-saved', { vault: place, sealedKeys })).fragment;
}

/** As if the browser had been closed: nobody answers with the key any more. */
async function closeWindows(): Promise<void> {
  const raw = await openRaw();
  const slot = await raw.get('keys', 'data');
  if (slot === undefined || !('box' in slot)) throw new Error('locked');
  // This page still holds the key under the slot's old name; under another name nobody does.
  await raw.put('keys', { ...slot, id: randomId<VaultId>() }, 'data');
}

beforeEach(() => deleteDB(DATABASE));

describe('a lock', () => {
  test('is opened by its passphrase only, and everything is there again, links too', async () => {
    const vault = await openVault();
    const meeting = await made(vault);
    await vault.setProfile({ name: 'Ada' });
    await setLock(vault, WISHES);
    expect((await vault.meetings()).meetings).toHaveLength(1);
    await closeWindows();

    await expect(Vault.open()).rejects.toMatchObject({ code: 'vault/locked' });
    await expect(unlock('correct horse')).rejects.toMatchObject({ code: 'vault/wrong-passphrase' });
    await expect(Vault.open()).rejects.toMatchObject({ code: 'vault/locked' });
    await unlock(PASSPHRASE);
    const again = await openVault();
    const [record] = (await again.meetings()).meetings;
    if (record === undefined) throw new Error('nothing there');
    expect(await linkOf(again, record)).toBe(meeting.link);
    expect((await again.profile()).name).toBe('Ada');
  });

  test('leaves no key and no record of before on the disk', async () => {
    const vault = await openVault();
    await made(vault);
    const before = vault.dataKey;
    await setLock(vault, WISHES);
    const raw = await openRaw();
    const [slot] = await raw.getAll('keys');
    expect(slot).not.toHaveProperty('key');
    for (const { id, sealed } of await raw.getAll('meetings')) {
      const aad = new TextEncoder().encode(`meetings\0${id}\0\u0001`);
      const params = { name: 'AES-GCM', iv: sealed.iv, additionalData: aad };
      await expect(crypto.subtle.decrypt(params, before, sealed.ciphertext)).rejects.toThrow();
    }
  });

  test('is followed by the windows that are open, which neither lose nor spoil anything', async () => {
    const [one, other] = [await openVault(), await openVault()];
    const meeting = await made(one);
    const heard = new Promise<void>((resolve) => other.onChange(() => resolve()));
    await setLock(one, WISHES);
    await heard;
    await expect.poll(async () => (await other.meetings()).unreadable).toBe(0);
    await other.update(meeting.vaultId, { name: 'Thursday' });
    expect((await one.meeting(meeting.vaultId))?.name).toBe('Thursday');
  });

  test('can be taken off again, by whoever opened it', async () => {
    const vault = await openVault();
    const meeting = await made(vault);
    await setLock(vault, WISHES);
    await removeLock(vault);
    expect(await lockState()).toEqual({ kind: 'none' });
    const again = await openVault();
    const [record] = (await again.meetings()).meetings;
    if (record === undefined) throw new Error('nothing there');
    expect(await linkOf(again, record)).toBe(meeting.link);
  });

  test('makes the one wait who tries again and again', async () => {
    const vault = await openVault();
    await setLock(vault, WISHES);
    await setLockAfter(vault, 15);
    await closeWindows();
    let nowMs = 1_000_000;
    const now = () => nowMs;
    for (let tries = 0; tries < 5; tries++) {
      await expect(unlock(`wrong ${tries}`, now)).rejects.toMatchObject({ code: 'vault/wrong-passphrase' });
    }
    const state = { kind: 'locked', hasPasskey: false, lockAfterMinutes: 15 };
    expect(await lockState(now)).toEqual({ ...state, waitMs: 5_000 });
    await expect(unlock(PASSPHRASE, now)).rejects.toMatchObject({ code: 'vault/too-many-tries' });
    nowMs += 5_000;
    await expect(unlock('wrong again', now)).rejects.toMatchObject({ code: 'vault/wrong-passphrase' });
    expect(await lockState(now)).toEqual({ ...state, waitMs: 10_000 });
    nowMs += 10_000;
    await unlock(PASSPHRASE, now);
    expect(await lockState(now)).toEqual({ ...state, waitMs: 0 });
  }, 60_000);

  test('of a lost passphrase: everything can be deleted, and the device is as new', async () => {
    const vault = await openVault();
    await made(vault);
    await setLock(vault, WISHES);
    await closeWindows();
    await forgetLocked();
    const fresh = await openVault();
    expect(await fresh.meetings()).toEqual({ meetings: [], unreadable: 0 });
  });

  test('whose box was spoilt says so', async () => {
    const vault = await openVault();
    await setLock(vault, WISHES);
    await closeWindows();
    const raw = await openRaw();
    const slot = await raw.get('keys', 'data');
    if (slot === undefined || !('box' in slot)) throw new Error('locked');
    const box = slot.box.map((byte, index) => (index === slot.box.length - 1 ? byte ^ 1 : byte));
    await raw.put('keys', { ...slot, box }, 'data');
    await expect(unlock(PASSPHRASE)).rejects.toMatchObject({ code: 'vault/unreadable' });
  });
});

describe('a backup', () => {
  const text = async (file: Blob) => new TextDecoder('latin1').decode(await file.arrayBuffer());

  /** Another device: the same page with nothing kept. */
  async function otherDevice(vault: Vault): Promise<Vault> {
    vault.close();
    await deleteDB(DATABASE);
    return openVault();
  }

  test.each([null, PASSPHRASE])(
    'brings everything to another device (passphrase: %s)',
    async (passphrase) => {
      const vault = await openVault();
      const meetings = [await made(vault), await made(vault, { name: 'Ärztin 🌿' })];
      await vault.setProfile({ name: 'Ada' });
      const file = await writeBackup(vault, passphrase, 1_800_000_001_000);
      const isReadable = (await text(file)).includes('Wednesday');
      expect(isReadable).toBe(passphrase === null);

      const other = await otherDevice(vault);
      const plan = await readBackup(other, file, passphrase);
      expect(plan.items.map(({ kind }) => kind)).toEqual(['new', 'new']);
      expect([plan.name, plan.exportedAtMs]).toEqual(['Ada', 1_800_000_001_000]);
      expect((await other.meetings()).meetings).toEqual([]);
      await plan.apply({ replaceNewer: false });
      const { meetings: there, unreadable } = await other.meetings();
      expect(unreadable).toBe(0);
      const links = await Promise.all(there.map((one) => linkOf(other, one)));
      expect(links.sort()).toEqual(meetings.map(({ link }) => link).sort());
      expect((await other.profile()).name).toBe('Ada');
    },
  );

  test('asks before anything newer is overwritten, and changes nothing else', async () => {
    const vault = await openVault();
    const [older, newer, same] = [await made(vault), await made(vault), await made(vault)];
    const file = await writeBackup(vault, null, 1);
    await vault.update(older.vaultId, { openedAtMs: older.openedAtMs - 1, name: 'from before' });
    await vault.update(newer.vaultId, { openedAtMs: newer.openedAtMs + 1, name: 'from later' });
    const plan = await readBackup(vault, file, null);
    const kinds = new Map(plan.items.map(({ meeting, kind }) => [meeting.vaultId, kind]));
    expect([older, newer, same].map(({ vaultId }) => kinds.get(vaultId))).toEqual(['newer', 'older', 'same']);
    await plan.apply({ replaceNewer: false });
    expect((await vault.meeting(older.vaultId))?.name).toBe('Wednesday consultation');
    expect((await vault.meeting(newer.vaultId))?.name).toBe('from later');
    await (await readBackup(vault, file, null)).apply({ replaceNewer: true });
    expect((await vault.meeting(newer.vaultId))?.name).toBe('Wednesday consultation');
  });

  test('is not imported over what changed while it was looked at', async () => {
    const vault = await openVault();
    const meeting = await made(vault);
    const file = await writeBackup(vault, null, 1);
    const plan = await readBackup(vault, file, null);
    await vault.update(meeting.vaultId, { name: 'meanwhile' });
    await expect(plan.apply({ replaceNewer: true })).rejects.toMatchObject({ code: 'backup/outdated' });
    expect((await vault.meeting(meeting.vaultId))?.name).toBe('meanwhile');
  });

  test('another meeting under the same handle keeps its place', async () => {
    const vault = await openVault();
    const meeting = await made(vault);
    const file = await writeBackup(vault, null, 1);
    const other = await otherDevice(vault);
    const own = await made(other, { vaultId: meeting.vaultId, name: 'mine' });
    await (await readBackup(other, file, null)).apply({ replaceNewer: true });
    const { meetings } = await other.meetings();
    expect(meetings.map(({ name }) => name).sort()).toEqual(['Wednesday consultation', 'mine']);
    expect((await other.meeting(own.vaultId))?.name).toBe('mine');
  });

  test('that is none, or hostile, is refused and nothing is changed', async () => {
    const vault = await openVault();
    await made(vault);
    await made(vault);
    const file = await writeBackup(vault, null, 1);
    const rows = await readRows(vault);
    const good: unknown = JSON.parse(await file.text());
    const spoilt = (
      change: (contents: { meetings: Record<string, unknown>[]; [key: string]: unknown }) => void,
    ) => {
      const contents = structuredClone(good) as { meetings: Record<string, unknown>[] };
      change(contents);
      return new Blob([JSON.stringify(contents)]);
    };
    const first = (change: (meeting: Record<string, unknown>) => void) =>
      spoilt(({ meetings: [one] }) => one && change(one));
    const sealed = new Uint8Array(await (await writeBackup(vault, PASSPHRASE, 1)).arrayBuffer());
    const cases: [string, Blob, string][] = [
      ['nothing', new Blob([]), 'backup/malformed'],
      ['text', new Blob(['hello']), 'backup/malformed'],
      ['a later version', spoilt((contents) => (contents['v'] = 2)), 'backup/malformed'],
      ['deep', new Blob(['['.repeat(100_000)]), 'backup/malformed'],
      ['no list', spoilt((contents) => Object.assign(contents, { meetings: 'x' })), 'backup/damaged'],
      ['no name', first((one) => delete one['name']), 'backup/damaged'],
      ['a role that is none', first((one) => (one['role'] = 'admin')), 'backup/damaged'],
      ['a host without a key', first((one) => (one['role'] = 'guest')), 'backup/damaged'],
      [
        'keys of another meeting',
        spoilt(({ meetings: [one, two] }) => one && two && (one['keys'] = two['keys'])),
        'backup/damaged',
      ],
      [
        'one handle twice',
        spoilt(({ meetings: [one, two] }) => one && two && (one['vaultId'] = two['vaultId'])),
        'backup/damaged',
      ],
      ['a prototype', first((one) => (one['keys'] = { __proto__: null })), 'backup/damaged'],
      [
        'history of no meeting',
        spoilt((contents) => (contents['history'] = [{ id: 'x/1', value: {} }])),
        'backup/damaged',
      ],
      [
        'a flipped byte',
        new Blob([sealed.map((byte, index) => (index === 90 ? byte ^ 1 : byte))]),
        'backup/damaged',
      ],
      ['cut off', new Blob([sealed.slice(0, sealed.length - 30)]), 'backup/damaged'],
    ];
    for (const [what, blob, code] of cases) {
      const outcome = await readBackup(vault, blob, PASSPHRASE).catch((fault: unknown) => fault);
      expect(outcome, what).toMatchObject({ code });
    }
    expect(await readRows(vault)).toEqual(rows);
  });

  test('of 500 meetings is imported at once', async () => {
    const vault = await openVault();
    const shelf = { key: vault.dataKey, store: 'meetings' } as const;
    const links = new Map<string, string>();
    const rows = await withWorker(async (session) => {
      const made: Row[] = [];
      for (let i = 0; i < 500; i++) {
        const vaultId = randomId<VaultId>();
        const place = { dataKey: vault.dataKey, vaultId };
        const { meetingId, fragment, sealedKeys } = await session.call('create-meeting', { vault: place });
        links.set(meetingId, fragment);
        const meeting = meetingOf({ vaultId, meetingId, sealedKeys });
        made.push({ ...(await sealRow(shelf, vaultId, meeting)), revision: 1 });
      }
      return made;
    });
    const raw = await openRaw();
    await Promise.all(rows.map((row) => raw.put('meetings', row)));
    const file = await writeBackup(vault, PASSPHRASE, 1);
    raw.close();

    const other = await otherDevice(vault);
    await made(other);
    const plan = await readBackup(other, file, PASSPHRASE);
    await plan.apply({ replaceNewer: false });
    const { meetings, unreadable } = await other.meetings();
    expect([meetings.length, unreadable]).toEqual([501, 0]);
    const imported = meetings.filter(({ meetingId }) => links.has(meetingId));
    expect(imported).toHaveLength(500);
    const last = imported[499];
    if (last === undefined) throw new Error('nothing there');
    expect(await linkOf(other, last)).toBe(links.get(last.meetingId));
  }, 60_000);
});

test('a database of the first version is read, and grows', async () => {
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
    'encrypt',
    'decrypt',
  ]);
  // As version 1 made it, written without a line of today's code.
  const raw = await openDB(DATABASE, 1, {
    upgrade(database) {
      database.createObjectStore('keys');
      database.createObjectStore('meetings', { keyPath: 'id' });
      database.createObjectStore('profile', { keyPath: 'id' });
    },
  });
  const id = randomId<VaultId>();
  const record = {
    vaultId: id,
    meetingId: randomId<MeetingId>(),
    role: 'guest',
    name: 'from the first version',
    sealedKeys: { v: 1, iv: 'AAAAAAAAAAAAAAAA', ciphertext: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
    policy: { lobby: false, relayOnly: false, sealMedia: false },
    participant: randomId<ParticipantId>(),
    createdAtMs: 1,
    openedAtMs: 2,
    verified: [],
    acceptedFiles: [],
    wantsNotice: true,
    isRetired: false,
  };
  const put = async (store: string, rowId: string, value: object) => {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const additionalData = new TextEncoder().encode(`${store}\0${rowId}\0\u0001`);
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, bytes);
    const row = { id: rowId, revision: 1, sealed: { v: 1, iv, ciphertext: new Uint8Array(sealed) } };
    await raw.put(store, row);
  };
  await raw.put('keys', { id: randomId<VaultId>(), key }, 'data');
  await put('meetings', id, record);
  await put('profile', 'self', { name: 'Ada', hidesAddress: true });
  raw.close();

  const vault = await openVault();
  const meeting = await vault.meeting(id);
  expect(meeting).toMatchObject({ name: 'from the first version', keepsHistory: false });
  expect(await vault.profile()).toMatchObject({ name: 'Ada', hidesAddress: true, backedUpAtMs: null });
  await vault.update(id, { keepsHistory: true });
  expect((await (await openVault()).meeting(id))?.keepsHistory).toBe(true);
});
