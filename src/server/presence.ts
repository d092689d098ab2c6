import type { MeetingId, PeerId } from '../lib/protocol/ids';
import type { ServerEvent } from '../lib/protocol/signaling';
import type { Limits } from './limits';
import type { Sealed } from './relay';

/** One session as presence sees it. */
export type Member = { readonly peer: PeerId; send(event: ServerEvent): void };

export type PresenceLimits = Pick<
  Limits,
  'people' | 'waiting' | 'meetings' | 'meetingsPerSocket' | 'watches'
>;

export type PresenceCounts = { meetings: number; members: number; watches: number };

/**
 * Who is host of what, who is at what, who watches what, and the way of an event to each of them: the bus. Each method
 * leaves everybody told; one that answers no, or throws, changed nothing that anybody was told of. What it stands on may be
 * away: then it throws the refusal `unavailable`.
 *
 * The calls of one member are made one after the other, and none after its end (session.ts sees to both).
 */
export type Presence = {
  /** The newest valid claim wins: an older host is told and is out. `no-room`: its socket or the server holds no more. */
  claim(member: Member, id: MeetingId): Promise<'no-room' | { wasHosted: boolean }>;
  release(member: Member, id: MeetingId): Promise<void>;
  /** The caller has checked that the meeting exists. A guest that is there already may knock again. */
  knock(
    member: Member,
    id: MeetingId,
    envelope: string | null,
  ): Promise<'full' | 'no-room' | { hostPresent: boolean }>;
  leave(member: Member, id: MeetingId): Promise<void>;
  /** Replaces what the member watches; each of the ids is answered once, at once. False when there is no room. */
  watch(member: Member, ids: readonly MeetingId[]): Promise<boolean>;
  /** Whether the envelope is on its way (relay.ts says to whom it may go). */
  relay(sender: Member, sealed: Sealed): Promise<boolean>;
  /** The host lets two of its guests speak to each other, until either leaves. */
  open(by: Member, id: MeetingId, peerA: PeerId, peerB: PeerId): Promise<boolean>;
  /** Everyone at the meeting is told and out of it. */
  retire(id: MeetingId): Promise<void>;
  /** The session ended. Never throws: what cannot be said now is settled when it can. */
  end(member: Member): Promise<void>;
  isHosted(id: MeetingId): Promise<boolean>;
  /** True only if a host is there; false says nothing where there are other processes. */
  knowsHost(id: MeetingId): boolean;
  isHost(member: Member, id: MeetingId): boolean;
  /** Host of the meeting or a guest at it. Who only watches is at no meeting. */
  isAt(member: Member, id: MeetingId): boolean;
  /** Of this process. A meeting that is only watched counts as one here. */
  readonly counts: PresenceCounts;
  /** Nobody is here any more, and nothing of this process stays behind. */
  close(): Promise<void>;
};
