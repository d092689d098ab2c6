import type { ErrorCode } from '../protocol/errors';
import type { MeetingId, ParticipantId } from '../protocol/ids';
import type { TalkMessage } from '../protocol/message';
import type { Signaling } from '../signaling/signaling';
import type { SessionClient } from '../worker/client';
import type { Line } from './line';
import type { Network } from './network';
import type { Peer } from './peer';

/** What a host's and a guest's side of one meeting work with, and whom they tell. */
export type Room = {
  readonly meetingId: MeetingId;
  readonly session: SessionClient;
  readonly signaling: Signaling;
  readonly network: Network;
  newLine(isPolite: boolean): Line;
  changed(): void;
  trouble(code: ErrorCode | null): void;
  /** The meeting is over for this person. */
  ended(code: ErrorCode | null): void;
  /** Messages and files pass between this person and that one, until `parted`. */
  joined(participant: ParticipantId, name: string, peer: Peer): void;
  parted(participant: ParticipantId): void;
  /** They left the meeting, and are not waited for. */
  left(participant: ParticipantId): void;
  said(participant: ParticipantId, message: TalkMessage): void;
  /** Somebody came whom the person may be waiting for. */
  announce(): void;
};
