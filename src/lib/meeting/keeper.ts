import { codeOf, ParleyError } from '../protocol/errors';
import { NO_POLICY, type Policy } from '../protocol/handshake';
import { randomId, type MeetingId, type ParticipantId, type VaultId } from '../protocol/ids';
import { meetingName } from '../protocol/meeting-name';
import { createDataKey } from '../crypto/sealed-record';
import { NO_PROFILE, Vault, type AcceptedFile, type Profile, type SavedMeeting } from '../vault/vault';
import type { Signaling } from '../signaling/signaling';
import type { SessionClient } from '../worker/client';
import type { VaultPlace } from '../worker/messages';
import { lead } from './lead';
import type { Telling } from './telling';
import { rememberInTab, type Opening, type OpenWishes } from './opening';

/** What the page needs to know of the meeting that was opened. */
export type Kept = {
  meetingId: MeetingId;
  role: 'host' | 'guest';
  name: string;
  ownName: string;
  /** This person's own wish for every meeting. */
  hidesAddress: boolean;
  policy: Policy;
  participant: ParticipantId;
  wantsNotice: boolean;
  /** The host's link to show; a guest's stays in the worker. */
  fragment: string | null;
};

/**
 * This page's meeting in the vault. Where the browser keeps nothing (a private window, blocked storage) the meeting
 * works all the same and is gone with the page; the keys are sealed under a key that lives as long.
 */
export class Keeper {
  #vault: Vault | null = null;
  /** What is wished for before the vault is open waits for it. */
  #opening: Promise<Vault | null> = Promise.resolve(null);
  #record: SavedMeeting | null = null;
  #place: VaultPlace | null = null;
  #isSaved = false;
  #letGo: () => void = () => undefined;
  readonly #verifiedNow = new Set<string>();

  get isSaved(): boolean {
    return this.#isSaved;
  }
  /** Where the worker seals to. */
  get place(): VaultPlace {
    if (this.#place === null) throw new ParleyError('internal/fault');
    // A lock that was set meanwhile moved everything to another key.
    return { ...this.#place, dataKey: this.#vault?.dataKey ?? this.#place.dataKey };
  }

  /**
   * Opens the vault and, in the worker, the meeting's keys. From then on this window leads, until another takes over and
   * `lost` is called. Throws what is wrong with the link or the vault, and `meeting/elsewhere`.
   */
  async open(
    opening: Opening,
    session: SessionClient,
    { isApart = false, takesOver = false }: OpenWishes,
    lost: () => void,
  ): Promise<Kept> {
    const kept = await this.#open(opening, session, isApart);
    this.#letGo = await lead(`${kept.meetingId}.${kept.role}`, takesOver, lost);
    return kept;
  }

  /** Another window may have the meeting. */
  letGo(): void {
    this.#letGo();
  }

  async #open(opening: Opening, session: SessionClient, isApart: boolean): Promise<Kept> {
    // The worker starts and reads the link while the vault opens: either takes its time on a cold start.
    const reading =
      opening.kind === 'link' ? session.call('open-fragment', { fragment: opening.fragment }) : null;
    this.#opening = openVault(isApart);
    const [vault, found] = await Promise.all([this.#opening, reading]);
    this.#vault = vault;
    const dataKey = this.#vault?.dataKey ?? (await createDataKey());
    const profile = await this.#vault?.profile();
    switch (opening.kind) {
      case 'none':
        throw new ParleyError('link/malformed');
      case 'new': {
        const place = { dataKey, vaultId: randomId<VaultId>() };
        const made = await session.call('create-meeting', { vault: place });
        this.#take(place, { ...blank(place, 'host'), ...pick(made) });
        await this.save();
        return this.#kept(profile, made.fragment);
      }
      case 'saved': {
        const record = (await this.#vault?.meeting(opening.vaultId)) ?? null;
        if (record === null) throw new ParleyError('vault/not-found');
        return this.#reopen(record, dataKey, session, profile);
      }
      case 'link': {
        if (found === null) throw new ParleyError('internal/fault');
        const own = await this.#vault?.findByMeeting(found.meetingId, 'host');
        if (own != null) return this.#reopen(own, dataKey, session, profile);
        const before = await this.#vault?.findByMeeting(found.meetingId, 'guest');
        const place = { dataKey, vaultId: before?.vaultId ?? randomId<VaultId>() };
        // The same meeting perhaps by a newer link: sealed anew in its old place.
        const { sealedKeys } = await session.call('seal-keys', { vault: place });
        this.#take(place, { ...(before ?? blank(place, 'guest')), meetingId: found.meetingId, sealedKeys });
        return this.#kept(profile, null);
      }
    }
  }

  /** Puts the meeting on this device. */
  async save(): Promise<void> {
    if (this.#vault === null || this.#record === null) return;
    // Another window may have saved the same meeting first; then its record is this window's too.
    this.#record = await this.#vault.save({ ...this.#record, openedAtMs: Date.now() });
    if (this.#place !== null) this.#place = { ...this.#place, vaultId: this.#record.vaultId };
    this.#isSaved = true;
    rememberInTab(this.#record.vaultId);
  }

  async update(patch: Partial<Omit<SavedMeeting, 'vaultId' | 'meetingId' | 'role'>>): Promise<void> {
    if (this.#record === null) return;
    this.#record = { ...this.#record, ...patch };
    if (this.#isSaved) await this.#vault?.update(this.#record.vaultId, patch);
  }

  async forget(session: SessionClient): Promise<void> {
    if (this.#record === null) return;
    for (const { file } of this.acceptedFiles) session.post({ type: 'drop-file', file });
    rememberInTab(null);
    this.#isSaved = false;
    await this.#vault?.forget(this.#record.vaultId);
  }

  /** What was chosen last; the system's own choice where nothing is kept. */
  async devices(): Promise<Profile['devices']> {
    return ((await (await this.#opening)?.profile()) ?? NO_PROFILE).devices;
  }

  async remember(profile: Partial<Profile>): Promise<void> {
    await (await this.#opening)?.setProfile(profile);
  }

  /** Whether this person compared the safety words with that one: since the page was opened, or before. */
  verification(id: string): 'now' | 'earlier' | 'no' {
    if (this.#verifiedNow.has(id)) return 'now';
    return this.#record?.verified.some((one) => one === id) === true ? 'earlier' : 'no';
  }

  async verify(id: string): Promise<void> {
    this.#verifiedNow.add(id);
    const before = this.#record?.verified ?? [];
    if (!before.some((one) => one === id)) await this.update({ verified: [...before, id as ParticipantId] });
  }

  /** What it is called when nobody named it. */
  get defaultName(): string {
    return this.#record === null ? '' : meetingName(this.#record.meetingId);
  }

  /** For being told of this meeting by push. */
  told(session: SessionClient, signaling: Signaling): Telling {
    if (this.#record === null) throw new ParleyError('internal/fault');
    const { meetingId, role } = this.#record;
    return { meetingId, role, session, signaling, keep: (patch) => this.update(patch) };
  }

  async renewTold(session: SessionClient, signaling: Signaling): Promise<void> {
    const { isRenewalDue, keepTold } = await import('./telling');
    if (this.#record !== null && isRenewalDue(this.#record))
      await keepTold(true, this.told(session, signaling));
  }

  /** Whether what is said is kept on this device. */
  get keepsHistory(): boolean {
    return this.#record?.keepsHistory ?? false;
  }

  /** Where the conversation of this meeting is kept; null where nothing is. */
  get archive(): { vault: Vault; vaultId: VaultId } | null {
    if (this.#vault === null || this.#record === null) return null;
    return { vault: this.#vault, vaultId: this.#record.vaultId };
  }

  get acceptedFiles(): readonly AcceptedFile[] {
    return this.#record?.acceptedFiles ?? [];
  }

  close(): void {
    this.#vault?.close();
  }

  async #reopen(
    record: SavedMeeting,
    dataKey: CryptoKey,
    session: SessionClient,
    profile: Profile | undefined,
  ): Promise<Kept> {
    const place = { dataKey, vaultId: record.vaultId };
    const { fragment } = await session.call('open-saved', { vault: place, sealedKeys: record.sealedKeys });
    this.#take(place, record);
    await this.save();
    return this.#kept(profile, record.role === 'host' ? fragment : null);
  }

  #take(place: VaultPlace, record: SavedMeeting): void {
    this.#place = place;
    this.#record = record;
  }

  #kept(profile: Profile | undefined, fragment: string | null): Kept {
    const record = this.#record;
    if (record === null) throw new ParleyError('internal/fault');
    const { meetingId, role, name, policy, participant, wantsNotice } = record;
    const own = { ownName: profile?.name ?? '', hidesAddress: profile?.hidesAddress ?? false };
    return { meetingId, role, name, ...own, policy, participant, wantsNotice, fragment };
  }
}

const pick = ({ meetingId, sealedKeys }: Pick<SavedMeeting, 'meetingId' | 'sealedKeys'>) => ({
  meetingId,
  sealedKeys,
});

/** A meeting that was never opened on this device before; id and keys come from the worker. */
function blank(
  { vaultId }: VaultPlace,
  role: 'host' | 'guest',
): Omit<SavedMeeting, 'meetingId' | 'sealedKeys'> {
  const nowMs = Date.now();
  return {
    vaultId,
    role,
    name: '',
    policy: NO_POLICY,
    participant: randomId<ParticipantId>(),
    createdAtMs: nowMs,
    openedAtMs: nowMs,
    verified: [],
    acceptedFiles: [],
    wantsNotice: false,
    told: null,
    keepsHistory: false,
    isRetired: false,
  };
}

/** `null` where the browser keeps nothing for this site, or a locked device shall stay locked. */
async function openVault(isApart: boolean): Promise<Vault | null> {
  try {
    return await Vault.open();
  } catch (fault) {
    const code = codeOf(fault);
    if (code === 'vault/unavailable' || (isApart && code === 'vault/locked')) return null;
    throw fault;
  }
}
