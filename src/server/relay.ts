import type { MeetingId, PeerId } from '../lib/protocol/ids';

/** A sealed envelope and whom it is for; `null` is the host, which has no peer id here, because sockets of it come and go. */
export type Sealed = { id: MeetingId; to: PeerId | null; envelope: string };

/** `opened`: the other guests the host let this one speak to (section 3). */
export type Guest<P> = { readonly member: P; readonly opened: Set<PeerId> };

/** Who is at a meeting, as far as this process knows. */
export type Attendance<P> = { host: P | null; readonly guests: Map<PeerId, Guest<P>> };

/**
 * Who may send a sealed envelope to whom (section 3): a guest to the host, the host to its guests, a guest to another
 * only after the host opened that pair.
 *
 * Refused and gone look alike, `null`, so nobody can probe who else is at a meeting.
 */
export function receiverOf<P extends { readonly peer: PeerId }>(
  meeting: Attendance<P> | undefined,
  sender: P,
  to: PeerId | null,
): P | null {
  if (meeting === undefined) return null;
  const isHost = meeting.host === sender;
  const guest = meeting.guests.get(sender.peer);
  const receiver = to === null ? meeting.host : (meeting.guests.get(to)?.member ?? null);
  if (receiver === null || receiver === sender) return null;
  const isAllowed = isHost || (guest?.member === sender && (to === null || guest.opened.has(to)));
  return isAllowed ? receiver : null;
}

/** The two guests whom the host may let speak to each other, or `null`. */
export function pairOf<P>(
  meeting: Attendance<P> | undefined,
  by: P,
  peerA: PeerId,
  peerB: PeerId,
): readonly [Guest<P>, Guest<P>] | null {
  if (meeting === undefined || meeting.host !== by || peerA === peerB) return null;
  const [a, b] = [meeting.guests.get(peerA), meeting.guests.get(peerB)];
  return a === undefined || b === undefined ? null : [a, b];
}
