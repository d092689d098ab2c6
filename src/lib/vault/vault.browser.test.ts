import { deleteDB, openDB } from 'idb';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { meetingOf, openRaw, openVault } from '../../../tests/fakes/vault';
import { sealRecord } from '../crypto/sealed-record';
import { utf8 } from '../protocol/bytes';
import { randomId, type FileId, type MeetingId, type ParticipantId, type VaultId } from '../protocol/ids';
import { DATABASE } from './exists';
import { VERSION, type Row } from './schema';
import { Vault, type Profile, type SavedMeeting } from './vault';

const UNREADABLE = { code: 'vault/unreadable' };
const UNAVAILABLE = { code: 'vault/unavailable' };

const DEVICES: Profile['devices'] = {
  microphone: '',
  camera: '',
  speaker: '',
  processing: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
};
const profileOf = (name: string): Profile => ({
  name,
  hidesAddress: false,
  devices: DEVICES,
  backedUpAtMs: null,
  hidesInstallHint: false,
});

beforeEach(() => deleteDB(DATABASE));

describe('meetings', () => {
  test('come back whole, also through another window', async () => {
    const acceptedFile = {
      file: randomId<FileId>(),
      size: 5,
      name: 'a.txt',
      mediaType: 'text/plain',
      participant: randomId<ParticipantId>(),
      isWhole: false,
    };
    const meeting = meetingOf({ name: 'Ärztin 🌿', acceptedFiles: [acceptedFile] });
    const vault = await openVault();
    expect(await vault.save(meeting)).toEqual(meeting);
    for (const window of [vault, await openVault()]) {
      expect(await window.meeting(meeting.vaultId)).toEqual(meeting);
      expect(await window.meetings()).toEqual({ meetings: [meeting], unreadable: 0 });
      expect(await window.findByMeeting(meeting.meetingId, 'host')).toEqual(meeting);
      expect(await window.findByMeeting(meeting.meetingId, 'guest')).toBeNull();
    }
  });

  test('not there is null, and cannot be changed', async () => {
    const vault = await openVault();
    const nobody = randomId<VaultId>();
    expect(await vault.meeting(nobody)).toBeNull();
    await expect(vault.update(nobody, { name: 'x' })).rejects.toMatchObject({ code: 'vault/not-found' });
  });

  test('forgotten is gone from the disk', async () => {
    const vault = await openVault();
    const [one, other] = [meetingOf(), meetingOf()];
    await vault.save(one);
    await vault.save(other);
    await vault.forget(one.vaultId);
    expect(await vault.meeting(one.vaultId)).toBeNull();
    expect(await (await openRaw()).getAllKeys('meetings')).toEqual([other.vaultId]);
  });
});

test('the disk holds handles, revisions and ciphertext, and a key that nobody can take out', async () => {
  const vault = await openVault();
  const meeting = meetingOf();
  await vault.save(meeting);
  await vault.setProfile({ name: 'Somebody in particular' });
  const raw = await openRaw();
  const rows = [...(await raw.getAll('meetings')), ...(await raw.getAll('profile'))];
  expect(rows).toHaveLength(2);
  for (const row of rows) {
    expect(Object.keys(row).sort()).toEqual(['id', 'revision', 'sealed']);
    expect(Object.keys(row.sealed).sort()).toEqual(['ciphertext', 'iv', 'v']);
    const text = new TextDecoder('latin1').decode(row.sealed.ciphertext) + row.id;
    for (const secret of ['Wednesday', meeting.meetingId, meeting.participant, 'host', 'Somebody', 'name']) {
      expect(text).not.toContain(secret);
    }
  }
  const [stored] = await raw.getAll('keys');
  expect(stored).toMatchObject({ key: { extractable: false } });
  const formats = (['raw', 'jwk'] as const).map((format) =>
    crypto.subtle.exportKey(format, vault.dataKey).then(() => format),
  );
  expect((await Promise.allSettled(formats)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

describe('windows side by side', () => {
  test('that start together have one key', async () => {
    const windows = await Promise.all(Array.from({ length: 5 }, () => openVault()));
    const meetings = windows.map(() => meetingOf());
    await Promise.all(windows.map((window, i) => window.save(meetings[i] ?? meetingOf())));
    for (const window of windows) {
      const { meetings: read, unreadable } = await window.meetings();
      expect([read.length, unreadable]).toEqual([5, 0]);
    }
    expect(await (await openRaw()).count('keys')).toBe(1);
  });

  test('never undo each other’s changes', async () => {
    const [one, other] = [await openVault(), await openVault()];
    const meeting = meetingOf();
    await one.save(meeting);
    const verified = [randomId<ParticipantId>()];
    const writes = Array.from({ length: 12 }, (_, i) => [
      one.update(meeting.vaultId, { name: `name ${i}` }),
      other.update(meeting.vaultId, { openedAtMs: i }),
    ]).flat();
    const last = [
      one.update(meeting.vaultId, { verified }),
      other.update(meeting.vaultId, { wantsNotice: true }),
      one.update(meeting.vaultId, { policy: { ...meeting.policy, lobby: false } }),
    ];
    await Promise.all([...writes, ...last]);
    const after = await other.meeting(meeting.vaultId);
    expect(after).toMatchObject({ verified, wantsNotice: true, policy: { lobby: false } });
    expect(after?.name).toMatch(/^name \d+$/);
    expect(after?.openedAtMs).toBeLessThan(12);
    expect((await (await openRaw()).get('meetings', meeting.vaultId))?.revision).toBe(1 + 24 + 3);
  });

  test('that save one meeting at once keep one record, and both know which', async () => {
    const windows = [await openVault(), await openVault()];
    const meetingId = randomId<MeetingId>();
    const kept = await Promise.all(
      windows.map((window, i) => window.save(meetingOf({ meetingId, role: 'guest', name: `window ${i}` }))),
    );
    expect(kept[0]).toEqual(kept[1]);
    expect((await windows[0]?.meetings())?.meetings).toEqual([kept[0]]);
  });

  test('one person can be host and guest of one meeting', async () => {
    const vault = await openVault();
    const meetingId = randomId<MeetingId>();
    await vault.save(meetingOf({ meetingId, role: 'host' }));
    await vault.save(meetingOf({ meetingId, role: 'guest' }));
    expect((await vault.meetings()).meetings).toHaveLength(2);
  });

  test('hear of each other’s changes, and only that there was one', async () => {
    const [one, other] = [await openVault(), await openVault()];
    const channel = new BroadcastChannel('parley.vault');
    onTestFinished(() => channel.close());
    const said = new Promise<unknown>((resolve) => (channel.onmessage = ({ data }) => resolve(data)));
    let here = 0;
    const stop = one.onChange(() => here++);
    const heard = new Promise<void>((resolve) => other.onChange(() => resolve()));
    await one.save(meetingOf());
    await heard;
    expect(await said).toBeNull();
    expect(here).toBe(1);
    stop();
    await one.save(meetingOf());
    expect(here).toBe(1);
  });
});

describe('records that do not open', () => {
  async function spoil(
    meetings: SavedMeeting[],
    change: (rows: Row[]) => Promise<Row[]> | Row[],
  ): Promise<Vault> {
    const vault = await openVault();
    for (const meeting of meetings) await vault.save(meeting);
    const raw = await openRaw();
    for (const row of await change(await raw.getAll('meetings'))) await raw.put('meetings', row);
    return vault;
  }

  test('one with another’s ciphertext: both fail, the third is still there', async () => {
    const [a, b, c] = [meetingOf(), meetingOf(), meetingOf()];
    const vault = await spoil([a, b, c], (rows) => {
      const [one, other] = rows.filter(({ id }) => id !== c.vaultId);
      if (!one || !other) throw new Error('two rows');
      return [
        { ...one, sealed: other.sealed },
        { ...other, sealed: one.sealed },
      ];
    });
    expect(await vault.meetings()).toEqual({ meetings: [c], unreadable: 2 });
    await expect(vault.meeting(a.vaultId)).rejects.toMatchObject(UNREADABLE);
    await expect(vault.update(b.vaultId, { name: 'x' })).rejects.toMatchObject(UNREADABLE);
    await vault.forget(a.vaultId);
    expect((await vault.meetings()).unreadable).toBe(1);
  });

  test('any bit changed, another version, a row under another handle', async () => {
    const meeting = meetingOf();
    const changes: Array<(row: Row) => Row> = [
      (row) => ({
        ...row,
        sealed: { ...row.sealed, ciphertext: row.sealed.ciphertext.map((x, i) => (i === 3 ? x ^ 1 : x)) },
      }),
      (row) => ({ ...row, sealed: { ...row.sealed, iv: row.sealed.iv.map((x) => x ^ 1) } }),
      (row) => ({ ...row, sealed: { ...row.sealed, v: 2 as 1 } }),
      (row) => ({ ...row, id: randomId<VaultId>() }),
    ];
    for (const change of changes) {
      const vault = await spoil([meeting], (rows) => rows.map(change));
      expect((await vault.meetings()).unreadable).toBe(1);
      await vault.erase();
    }
  });

  test('truly sealed, but no meeting', async () => {
    const vault = await openVault();
    const raw = await openRaw();
    const texts = ['', 'null', '{}', '{"vaultId":"x"}', JSON.stringify({ ...meetingOf(), role: 'admin' })];
    for (const text of texts) {
      const id = randomId<VaultId>();
      const sealed = await sealRecord(vault.dataKey, 'meetings', id, utf8(text));
      await raw.put('meetings', { id, revision: 1, sealed });
    }
    expect(await vault.meetings()).toEqual({ meetings: [], unreadable: texts.length });
  });
});

describe('the profile', () => {
  test('is empty at first, and the same in every window', async () => {
    const [one, other] = [await openVault(), await openVault()];
    expect(await one.profile()).toEqual(profileOf(''));
    await one.setProfile({ name: 'Ada' });
    await other.setProfile({ name: 'Ada L.' });
    expect(await one.profile()).toEqual(profileOf('Ada L.'));
  });

  test('keeps the devices, and nothing else changes with them', async () => {
    const vault = await openVault();
    await vault.setProfile({ name: 'Ada', hidesAddress: true });
    const devices = {
      microphone: 'a'.repeat(64),
      camera: 'b'.repeat(64),
      speaker: '',
      processing: { ...DEVICES.processing, noiseSuppression: false },
    };
    await vault.setProfile({ devices });
    expect(await (await openVault()).profile()).toEqual({
      ...profileOf('Ada'),
      hidesAddress: true,
      devices,
    });
  });

  test('of an earlier version is read with what it did not have yet', async () => {
    const vault = await openVault();
    const raw = await openRaw();
    for (const [text, profile] of [
      ['{"name":"Ada"}', profileOf('Ada')],
      ['{"name":"Ada","hidesAddress":true}', { ...profileOf('Ada'), hidesAddress: true }],
    ] as const) {
      const sealed = await sealRecord(vault.dataKey, 'profile', 'self', utf8(text));
      await raw.put('profile', { id: 'self', revision: 1, sealed });
      expect(await vault.profile()).toEqual(profile);
    }
    await vault.setProfile({ name: 'Ada L.' });
    expect(await vault.profile()).toEqual({ ...profileOf('Ada L.'), hidesAddress: true });
  });
});

describe('erased', () => {
  test('everything is gone, the key is another, and the window goes on', async () => {
    const vault = await openVault();
    const before = vault.dataKey;
    await vault.save(meetingOf());
    await vault.setProfile({ name: 'Ada' });
    await vault.erase();
    expect(vault.dataKey).not.toBe(before);
    expect(await vault.meetings()).toEqual({ meetings: [], unreadable: 0 });
    expect(await vault.profile()).toEqual(profileOf(''));
    const meeting = await vault.save(meetingOf());
    await vault.setProfile({ name: 'Bob' });
    const again = await openVault();
    expect(await again.meetings()).toEqual({ meetings: [meeting], unreadable: 0 });
    expect(await again.profile()).toEqual(profileOf('Bob'));
  });

  test('a window that still has the old key writes nothing with it', async () => {
    const [one, other] = [await openVault(), await openVault()];
    await one.erase();
    await expect(other.save(meetingOf())).rejects.toMatchObject(UNAVAILABLE);
    await expect(other.setProfile({ name: 'Ada' })).rejects.toMatchObject(UNAVAILABLE);
    expect(await (await openRaw()).count('meetings')).toBe(0);
  });
});

describe('storage that refuses', () => {
  test('a database of a later version', async () => {
    const later = await openDB(DATABASE, VERSION + 1);
    later.close();
    await expect(Vault.open()).rejects.toMatchObject(UNAVAILABLE);
  });

  test('a window that had to let go of the database says so, and says it with every call', async () => {
    const vault = await openVault();
    await deleteDB(DATABASE);
    const calls = [
      vault.meetings(),
      vault.meeting(randomId<VaultId>()),
      vault.save(meetingOf()),
      vault.forget(randomId<VaultId>()),
      vault.profile(),
      vault.erase(),
    ];
    for (const call of await Promise.allSettled(calls)) expect(call).toMatchObject({ reason: UNAVAILABLE });
  });

  test('something that is no key where the key was', async () => {
    await openVault();
    const raw = await openRaw();
    const extractable = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt']);
    for (const key of [extractable, {} as CryptoKey]) {
      await raw.put('keys', { id: 'x', key }, 'data');
      await expect(Vault.open()).rejects.toMatchObject(UNREADABLE);
    }
  });
});
