import { codeOf, ParleyError, type ErrorCode } from '../protocol/errors';
import type { MeetingId, ParticipantId } from '../protocol/ids';
import type { Policy } from '../protocol/handshake';
import { cleanName } from '../protocol/text';
import { Chat } from '../chat/chat.svelte';
import { Files } from '../files/files.svelte';
import { portOf } from './port';
import { Signaling } from '../signaling/signaling';
import { onPageHide, onWake } from '../signaling/wake';
import { SessionClient, type SessionEvent } from '../worker/client';
import { KeptConsents } from './accepted-files';
import { Attention } from './attention';
import { CallDesk } from './call-desk.svelte';
import type { ConnectionFacts } from '../doctor/facts';
import { Guest } from './guest';
import { HistoryDesk } from './history-desk.svelte';
import { Host } from './host';
import { Keeper, type Kept } from './keeper';
import { Line } from './line';
import { next, type MeetingEffect, type MeetingEvent, type MeetingState } from './lifecycle';
import { Network } from './network';
import { demandBrowser, inviteLink, type Opening, type OpenWishes } from './opening';
import type { Peer } from './peer';
import type { Room } from './room';
import { nameOr, NOTHING_YET, snapshotOf, standingOf, type Snapshot } from './roster';
import { ServerLog } from './server-log.svelte';
import type { Knocker, MeetingView, Person, Stage } from './view';

/** The quickest to make that every browser takes (RFC 8827 §6.5). */
const CERTIFICATE_KEY: EcKeyGenParams = { name: 'ECDSA', namedCurve: 'P-256' };

/**
 * One meeting on this page: the composition root. It makes the session worker, the way to the server, the side this
 * person is on (host or guest), chat and files, and wires them; nothing else constructs any of these.
 */
export class Meeting implements MeetingView {
  readonly chat: Chat;
  readonly files: Files;
  readonly call: CallDesk;
  readonly history: HistoryDesk;
  readonly serverLog = new ServerLog(() => this.#signaling.serverInfo());
  readonly #session: SessionClient;
  readonly #signaling: Signaling;
  readonly #keeper = new Keeper();
  readonly #attention = new Attention();
  readonly #network: Network;
  readonly #sleep: () => void;
  #side: Guest | Host | null = null;
  #kept: Kept | null = null;
  #certificate: RTCCertificate | null = null;
  #state: MeetingState = { at: 'opening', hasLink: false, wantsIn: false };
  #snapshot = $state.raw<Snapshot>(NOTHING_YET);
  #role = $state.raw<'host' | 'guest'>('guest');
  #name = $state.raw('');
  #ownName = $state.raw('');
  #hidesAddress = $state.raw(false);
  #inviteLink = $state.raw<string | null>(null);
  #trouble = $state.raw<ErrorCode | null>(null);
  #wantsNotice = $state.raw(false);
  #isSaved = $state.raw(false);
  #wasRewritten = $state.raw(false);

  constructor() {
    this.#session = new SessionClient((event) => this.#worker(event));
    this.#signaling = new Signaling({
      onEvent: (event) => this.#side?.server(event),
      onState: (state) => {
        this.#side?.signaling(state);
        this.#publish();
        if (state.at === 'open') this.serverLog.look();
      },
    });
    this.#network = new Network({
      fetch: () => {
        if (this.#kept === null) throw new ParleyError('internal/fault');
        return this.#signaling.ice(this.#kept.meetingId);
      },
      changed: () => {
        if (this.#network.relayOnly) this.#hidesAddress = true;
        if (this.#network.lacksRelay) this.#trouble = 'peer/no-relay';
        else if (this.#trouble === 'peer/no-relay') this.#trouble = null;
      },
    });
    this.chat = new Chat({ now: Date.now, onArrival: () => this.#attention.message() });
    this.files = new Files({
      store: {
        read: async (file) => (await this.#session.call('read-file', { file })).contents,
        drop: (file) => this.#session.post({ type: 'drop-file', file }),
      },
      accepted: new KeptConsents(this.#keeper),
      now: () => performance.now(),
      onArrival: () => this.#attention.message(),
      onFault: this.#fail,
    });
    this.call = new CallDesk(
      {
        wishes: {
          load: () => this.#keeper.devices(),
          save: (devices) => this.#do(this.#keeper.remember({ devices })),
        },
        canSeal: SessionClient.canSealMedia,
        mustSeal: () => this.policy.sealMedia,
        ownName: () => this.#ownName,
        standingOf: (id) => standingOf(this.#snapshot, this.#side, id),
        onRing: (isRinging) => this.#attention.ring(isRinging),
      },
      this.#session,
      this.#fail,
    );
    this.history = new HistoryDesk(this.#keeper, this, this.#fail);
    // Every path is looked at before anybody else notices.
    const wake = onWake(() => this.#session.post({ type: 'check-paths' }));
    const stops = [wake, onPageHide(() => this.#side?.peers.forEach((peer) => peer.abandon()))];
    this.#sleep = () => stops.forEach((stop) => stop());
  }

  get stage(): Stage {
    return this.#snapshot.stage;
  }
  get people(): readonly Person[] {
    const typing = this.chat.typing;
    return this.#snapshot.people.map((person) => {
      const isTyping = typing.some((participant) => participant === person.id);
      return person.isTyping === isTyping ? person : { ...person, isTyping };
    });
  }
  get waitingRoom(): readonly Knocker[] {
    return this.#snapshot.waitingRoom;
  }
  get policy(): Policy {
    return this.#snapshot.policy;
  }
  get signaling(): MeetingView['signaling'] {
    return this.#snapshot.signaling;
  }
  get role(): 'host' | 'guest' {
    return this.#role;
  }
  get name(): string {
    return this.#name;
  }
  get ownName(): string {
    return this.#ownName;
  }
  get hidesAddress(): boolean {
    return this.#hidesAddress;
  }
  get inviteLink(): string | null {
    return this.#inviteLink;
  }
  get trouble(): ErrorCode | null {
    return this.#trouble;
  }
  get wantsNotice(): boolean {
    return this.#wantsNotice;
  }
  get isSaved(): boolean {
    return this.#isSaved;
  }
  get wasRewritten(): boolean {
    return this.#wasRewritten;
  }

  async open(opening: Opening, wishes: OpenWishes = {}): Promise<void> {
    this.#state = { at: 'opening', hasLink: opening.kind === 'link', wantsIn: false };
    this.#publish();
    try {
      demandBrowser();
      // All that can be done before the keys are known is under way while they are being opened.
      this.#signaling.start();
      const [certificate] = await Promise.all([
        RTCPeerConnection.generateCertificate(CERTIFICATE_KEY),
        this.#openKeys(opening, wishes),
      ]);
      this.#certificate = certificate;
      this.#start();
    } catch (fault) {
      this.#dispatch({ type: 'ended', code: codeOf(fault) });
    }
  }

  destroy(): void {
    this.#sleep();
    this.#dispatch({ type: 'leave' });
    this.#session.close();
    this.#network.close();
    this.#signaling.close();
    this.chat.destroy();
    this.files.destroy();
    this.call.destroy();
    this.#attention.destroy();
    void this.history.destroy().finally(() => this.#keeper.close());
  }

  join(name: string, { remember, hideAddress }: { remember: boolean; hideAddress: boolean }): void {
    this.setOwnName(name);
    this.#hidesAddress = hideAddress;
    if (remember) this.#do(this.#keeper.remember({ name: this.#ownName }));
    this.#attention.allow();
    this.#dispatch({ type: 'join' });
  }

  leave(): void {
    this.#dispatch({ type: 'leave' });
  }

  retire(): void {
    const side = this.#side;
    if (!(side instanceof Host)) return;
    const forgotten = side.retire().then(() => this.#keeper.forget(this.#session));
    this.#do(forgotten.then(() => this.#dispatch({ type: 'retired' })));
  }

  admit(id: string): void {
    if (this.#side instanceof Host) this.#side.admit(id as ParticipantId);
  }
  turnAway(id: string): void {
    if (this.#side instanceof Host) this.#side.turnAway(id as ParticipantId);
  }

  setPolicy(patch: Partial<Policy>): void {
    const host = this.#side;
    if (!(host instanceof Host)) return;
    const policy = { ...host.policy, ...patch };
    host.setPolicy(policy);
    this.#hidesAddress = this.#network.relayOnly;
    this.#do(this.#keeper.update({ policy }));
    this.#publish();
  }

  setNotice(on: boolean): void {
    this.#wantsNotice = on;
    if (on) this.#attention.allow();
    const told = this.#keeper.told(this.#session, this.#signaling);
    this.#do(import('./telling').then(({ keepTold }) => keepTold(on, told)));
  }

  makeNewLink(): void {
    this.#do(
      this.#session
        .call('new-secret', { vault: this.#keeper.place })
        .then(async ({ fragment, sealedKeys }) => {
          await this.#keeper.update({ sealedKeys });
          this.#inviteLink = inviteLink(fragment);
        }),
    );
  }

  rename(name: string): void {
    this.#name = cleanName(name) || this.#keeper.defaultName;
    this.#do(this.#keeper.update({ name: cleanName(name) }));
  }

  setOwnName(name: string): void {
    this.#ownName = cleanName(name);
    if (this.#side instanceof Host) this.#side.setName(this.#ownName);
    this.#publish();
  }

  /** Shown as done once it is kept. */
  markVerified(id: string): void {
    this.#do(this.#keeper.verify(id).finally(() => this.#publish()));
  }

  async connectionFacts(): Promise<ConnectionFacts> {
    return (await import('./facts')).factsOf(this.#side?.peers[0] ?? null, this.#network, this.#signaling);
  }

  dismissTrouble(): void {
    this.#trouble = null;
  }

  async #openKeys(opening: Opening, wishes: OpenWishes): Promise<void> {
    const elsewhere = () => this.#dispatch({ type: 'ended', code: 'meeting/elsewhere' });
    const kept = await this.#keeper.open(opening, this.#session, wishes, elsewhere);
    this.#kept = kept;
    this.#role = kept.role;
    this.#name = kept.name || this.#keeper.defaultName;
    // Somebody quick has said their name already.
    if (this.#ownName === '') this.#ownName = kept.ownName;
    this.#hidesAddress ||= kept.hidesAddress;
    this.#wantsNotice = kept.wantsNotice;
    this.history.opened();
    this.#isSaved = this.#keeper.isSaved;
    this.#wasRewritten = opening.kind === 'link' && opening.wasRewritten;
    if (kept.role === 'host' && kept.fragment !== null) this.#inviteLink = inviteLink(kept.fragment);
  }

  #start(): void {
    const kept = this.#kept;
    if (kept === null || this.#state.at !== 'opening') return;
    const room = this.#room(kept.meetingId);
    const { role, policy, ownName: name, hidesAddress, participant } = kept;
    if (role === 'host') {
      this.#side = new Host(room, { policy, name, hidesAddress });
      this.#hidesAddress = policy.relayOnly || hidesAddress;
    } else this.#side = new Guest(room, participant);
    this.#dispatch({ type: 'opened', role });
  }

  #dispatch(event: MeetingEvent): void {
    const { state, effects } = next(this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#run(effect);
    if (state.at === 'ended') {
      this.#inviteLink = null;
      this.#keeper.letGo();
    }
    this.#publish();
  }

  #run({ type }: MeetingEffect): void {
    const side = this.#side;
    switch (type) {
      case 'enter':
        if (side instanceof Host) side.open();
        if (this.#wantsNotice) this.#do(this.#keeper.renewTold(this.#session, this.#signaling));
        return this.#attention.allow();
      case 'prepare':
        if (!(side instanceof Guest)) return;
        side.prepare();
        return side.signaling(this.#signaling.state);
      case 'knock':
        return side instanceof Guest ? side.join(this.#ownName, this.#hidesAddress) : undefined;
      case 'save':
        return this.#do(this.#keeper.save().then(() => (this.#isSaved = this.#keeper.isSaved)));
      case 'part':
        this.call.end();
        return side?.leave();
      case 'mark-retired':
        return this.#do(this.#keeper.update({ isRetired: true }));
    }
  }

  #room(meetingId: MeetingId): Room {
    return {
      meetingId,
      session: this.#session,
      signaling: this.#signaling,
      network: this.#network,
      newLine: (isPolite) =>
        new Line(this.#session, { network: this.#network, certificate: this.#certificate, isPolite }),
      changed: () => this.#publish(),
      trouble: (code) => (this.#trouble = this.#network.lacksRelay && code !== null ? 'peer/no-relay' : code),
      ended: (code) => this.#dispatch(code === null ? { type: 'leave' } : { type: 'ended', code }),
      joined: (participant, name, peer) => this.#joined(participant, name, peer),
      parted: (participant) => {
        this.chat.detach(participant);
        this.files.detach(participant);
        this.call.parted(participant);
      },
      left: (participant) => {
        this.chat.leave(participant);
        this.files.leave(participant);
        this.call.left(participant);
        this.#dispatch({ type: 'parted' });
      },
      said: (participant, message) => {
        if (this.chat.receive(participant, message) || this.call.receive(participant, message)) return;
        this.files.receive(participant, message);
      },
      announce: () => this.#attention.arrival(),
    };
  }

  #joined(participant: ParticipantId, name: string, peer: Peer): void {
    this.#attention.arrival();
    this.chat.attach(participant, name, (message) => peer.send(message));
    this.files.attach(participant, name, portOf(peer, this.#session));
    this.call.joined(participant, nameOr(name, this.#role === 'host' ? 'guest' : 'host'), peer);
    this.#dispatch({ type: 'met' });
  }

  #worker(event: SessionEvent): void {
    switch (event.type) {
      case 'file-progress':
      case 'file-received':
      case 'file-failed':
        return this.files.fileEvent(event);
      default:
        return this.#side?.worker(event);
    }
  }

  readonly #fail = (fault: unknown): void => {
    this.#trouble = codeOf(fault);
  };

  #do(work: Promise<unknown>): void {
    work.catch(this.#fail);
  }

  #publish(): void {
    const verified = (id: string) => this.#keeper.verification(id);
    const own = { ownName: this.#ownName, verified };
    this.#snapshot = snapshotOf(this.#state, this.#side, this.#signaling.state, own);
    this.#attention.connection(this.#snapshot.people.some(({ link }) => link === 'reconnecting'));
  }
}
