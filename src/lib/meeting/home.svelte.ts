import { codeOf, ParleyError, type ErrorCode } from '../protocol/errors';
import type { MeetingId, VaultId } from '../protocol/ids';
import { meetingName } from '../protocol/meeting-name';
import type { ServerEvent } from '../protocol/signaling';
import { cleanName } from '../protocol/text';
import type { Retry } from '../signaling/retry';
import type { Signaling } from '../signaling/signaling';
import { isBackupDue } from '../vault/backup-age';
import { Vault, type MeetingPatch, type Profile, type SavedMeeting } from '../vault/vault';
import type { SessionClient } from '../worker/client';
import type { VaultPlace } from '../worker/messages';
import { Attention } from './attention';
import { inviteLink } from './opening';
import { ServerLog } from './server-log.svelte';
import type { HomeView, MeetingItem } from './view';

/** A meeting whose keys a worker has open. `fragment`: the secret part of its link. */
type Opened = { session: SessionClient; record: SavedMeeting; place: VaultPlace; fragment: string };

/** The saved meetings with live presence: one vault, one way to the server, one subscription for all of them. */
export class Home implements HomeView {
  #vault: Vault | null = null;
  #stopWatching: () => void = () => undefined;
  /** Loaded when there is something to ask the server about. */
  #signaling: Signaling | null = null;
  #retry: Retry | null = null;
  /** What was begun: the vault stays open until it is done, wherever the person has gone by then. */
  readonly #begun = new Set<Promise<unknown>>();
  #isDestroyed = false;
  readonly #attention = new Attention();
  readonly serverLog = new ServerLog(async () => this.#server().serverInfo());
  #records = $state.raw<readonly SavedMeeting[]>([]);
  #present = $state.raw<ReadonlySet<MeetingId>>(new Set());
  #isOnline = $state.raw(false);
  /** The server is there and cannot say who is. */
  #isUnavailable = $state.raw(false);
  #isLoading = $state.raw(true);
  #trouble = $state.raw<ErrorCode | null>(null);
  #profile = $state.raw<Profile | null>(null);
  #items = $derived(this.#records.map((record) => this.#item(record)));

  get items(): readonly MeetingItem[] {
    return this.#items;
  }
  get isLoading(): boolean {
    return this.#isLoading;
  }
  get trouble(): ErrorCode | null {
    return this.#trouble;
  }

  get isBackupDue(): boolean {
    return this.#profile !== null && isBackupDue(this.#profile, this.#records);
  }
  get wantsInstallHint(): boolean {
    return this.#records.length > 0 && this.#profile?.hidesInstallHint === false;
  }

  start(): void {
    this.#trouble = null;
    this.#do(this.#load());
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#retry?.close();
    this.#stopWatching();
    this.#attention.destroy();
    void Promise.allSettled(this.#begun).then(() => {
      this.#signaling?.close();
      this.#vault?.close();
    });
  }

  rename(vaultId: string, name: string): void {
    this.#do(this.#open().update(vaultId as VaultId, { name: cleanName(name) }));
  }

  async copyLink(vaultId: string): Promise<void> {
    const link = this.#withKeys(vaultId, ({ fragment }) =>
      Promise.resolve(new Blob([inviteLink(fragment)], { type: 'text/plain' })),
    );
    try {
      // The item takes a promise, so that the press of the button still counts when the link is ready.
      await navigator.clipboard.write([new ClipboardItem({ 'text/plain': link })]);
    } catch (cause) {
      throw new ParleyError('ui/copy-failed', { cause });
    }
  }

  setNotice(vaultId: string, on: boolean): void {
    if (on) this.#attention.allow();
    this.#do(this.#tell(vaultId, on));
  }

  newLink(vaultId: string): void {
    this.#do(
      this.#withKeys(vaultId, async ({ session, place }) => {
        const { sealedKeys } = await session.call('new-secret', { vault: place });
        await this.#open().update(place.vaultId, { sealedKeys });
      }),
    );
  }

  retire(vaultId: string): void {
    this.#do(
      this.#withKeys(vaultId, async ({ session, record }) => {
        const timeMs = Date.now();
        await this.#server().retire(record.meetingId, timeMs, await session.call('sign-retire', { timeMs }));
        // The key that could claim it again goes with the record.
        await this.#forget(record.vaultId);
      }),
    );
  }

  forget(vaultId: string): void {
    this.#do(this.#forget(vaultId as VaultId));
  }

  hideInstallHint(): void {
    this.#do(this.#open().setProfile({ hidesInstallHint: true }));
  }

  async #load(): Promise<void> {
    try {
      this.#vault = await Vault.open();
      this.#stopWatching = this.#vault.onChange(() => this.#do(this.#read()));
      await this.#read();
    } finally {
      this.#isLoading = false;
    }
    // Somebody with nothing saved has nothing to ask the server.
    if (this.#records.length > 0) await this.#connect();
  }

  async #connect(): Promise<void> {
    const [{ Signaling }, { Retry }] = await Promise.all([
      import('../signaling/signaling'),
      import('../signaling/retry'),
    ]);
    if (this.#isDestroyed) return;
    const retry = new Retry((code) => (this.#isUnavailable = code !== null));
    this.#retry = retry;
    this.#signaling = new Signaling({
      onEvent: (event) => this.#event(event),
      onState: (state) => {
        retry.stop();
        this.#isOnline = state.at === 'open';
        if (state.at !== 'open') return;
        this.#do(this.#arrive());
        this.serverLog.look();
      },
    });
    this.#signaling.start();
  }

  async #read(): Promise<void> {
    const vault = this.#open();
    const [{ meetings, unreadable }, profile] = await Promise.all([vault.meetings(), vault.profile()]);
    this.#profile = profile;
    this.#records = [...meetings].sort((a, b) => b.openedAtMs - a.openedAtMs);
    if (unreadable > 0) this.#trouble = 'vault/unreadable';
    if (this.#isOnline) this.#do(this.#watch());
  }

  /** What came of files on their way lies apart from the record, and goes with it. */
  async #forget(vaultId: VaultId): Promise<void> {
    const record = this.#records.find((one) => one.vaultId === vaultId);
    const files = record?.acceptedFiles.map(({ file }) => file) ?? [];
    if (files.length > 0) await (await import('../vault/lock')).dropReceived(files);
    await this.#open().forget(vaultId);
  }

  /** What a session with the server begins with. */
  async #arrive(): Promise<void> {
    if (await this.#watch()) await this.#renewTold();
  }

  /** False while the server cannot say who is where; then it is asked again. */
  async #watch(): Promise<boolean> {
    try {
      await this.#server().watch(this.#records.map(({ meetingId }) => meetingId));
    } catch (fault) {
      if (codeOf(fault) !== 'signaling/unavailable') throw fault;
      this.#retry?.refused(() => this.#do(this.#arrive()));
      return false;
    }
    this.#retry?.done();
    if (this.#trouble === 'signaling/unavailable') this.#trouble = null;
    return true;
  }

  #tell(vaultId: string, on: boolean): Promise<void> {
    return this.#withKeys(vaultId, async ({ session, record: { meetingId, role }, place }) => {
      const { keepTold } = await import('./telling');
      const keep = (patch: MeetingPatch) => this.#open().update(place.vaultId, patch);
      await keepTold(on, { meetingId, role, session, signaling: this.#server(), keep });
    });
  }

  /** Of a host's meetings its own page does it: only who is host at that moment may ask the server. */
  async #renewTold(): Promise<void> {
    const wished = this.#records.filter(({ wantsNotice, role }) => wantsNotice && role === 'guest');
    if (wished.length === 0) return;
    const { isRenewalDue } = await import('./telling');
    for (const record of wished) if (isRenewalDue(record)) await this.#tell(record.vaultId, true);
  }

  #event(event: ServerEvent): void {
    if (event.type !== 'presence') return;
    const present = new Set(this.#present);
    if (event.hostPresent) present.add(event.id);
    else present.delete(event.id);
    const isNew = event.hostPresent && !this.#present.has(event.id);
    this.#present = present;
    const record = this.#records.find(({ meetingId }) => meetingId === event.id);
    if (isNew && record?.wantsNotice === true && record.role === 'guest') this.#attention.arrival();
  }

  #item(record: SavedMeeting): MeetingItem {
    const { vaultId, meetingId, role, wantsNotice } = record;
    return {
      vaultId,
      name: record.name === '' ? meetingName(meetingId) : record.name,
      role,
      status: this.#status(record),
      wantsNotice,
    };
  }

  #status({ meetingId, role, isRetired }: SavedMeeting): MeetingItem['status'] {
    if (isRetired) return 'retired';
    if (role === 'host') return 'you-are-host';
    if (!this.#isOnline || this.#isUnavailable) return 'offline';
    return this.#present.has(meetingId) ? 'host-here' : 'nobody-here';
  }

  /** A session worker for one errand: the keys come and go with it. */
  async #withKeys<T>(vaultId: string, errand: (opened: Opened) => Promise<T>): Promise<T> {
    const record = this.#records.find((one) => one.vaultId === vaultId);
    if (record === undefined) throw new ParleyError('vault/not-found');
    const { SessionClient } = await import('../worker/client');
    const session = new SessionClient(() => undefined);
    try {
      const place = { dataKey: this.#open().dataKey, vaultId: record.vaultId };
      const { sealedKeys } = record;
      const { fragment } = await session.call('open-saved', { vault: place, sealedKeys });
      return await errand({ session, record, place, fragment });
    } finally {
      session.close();
    }
  }

  #server(): Signaling {
    if (this.#signaling === null) throw new ParleyError('signaling/unreachable');
    return this.#signaling;
  }

  #open(): Vault {
    if (this.#vault === null) throw new ParleyError('vault/unavailable');
    return this.#vault;
  }

  #do(work: Promise<unknown>): void {
    this.#begun.add(work);
    const done = () => this.#begun.delete(work);
    work.then(done, (fault: unknown) => {
      done();
      // Without a server, presence is unknown, and the list says so; everything else is said.
      const code = codeOf(fault);
      if (code !== 'signaling/unreachable' || this.#isOnline) this.#trouble = code;
    });
  }
}
