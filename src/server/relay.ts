import type { MeetingId, PeerId } from '../lib/protocol/ids';
import type { Meeting, Member } from './presence';

/**
 * Who may send a sealed envelope to whom (section 3): a guest to the host, the host to its guests, a guest to another
 * only after the host opened that pair. The host has no peer id here: it is `null` in both directions, because its
 * id is the meeting's own and sockets of it come and go.
 *
 * Refused and gone look alike, so nobody can probe who else is at a meeting.
 */
type Sealed = { id: MeetingId; to: PeerId | null; envelope: string };

/** Whether the envelope is on its way. */
export function relay(meeting: Meeting | undefined, sender: Member, { id, to, envelope }: Sealed): boolean {
  if (meeting === undefined) return false;
  const isHost = meeting.host === sender;
  const guest = meeting.guests.get(sender.peer);
  const receiver = to === null ? meeting.host : (meeting.guests.get(to)?.member ?? null);
  if (receiver === null || receiver === sender) return false;
  const isAllowed = isHost || (guest !== undefined && (to === null || guest.opened.has(to)));
  if (!isAllowed) return false;
  receiver.send({ type: 'relay', id, from: isHost ? null : sender.peer, envelope });
  return true;
}

/** The host lets two of its guests speak to each other, until either leaves. */
export function openPair(meeting: Meeting | undefined, by: Member, peerA: PeerId, peerB: PeerId): boolean {
  if (meeting === undefined || meeting.host !== by || peerA === peerB) return false;
  const a = meeting.guests.get(peerA);
  const b = meeting.guests.get(peerB);
  if (a === undefined || b === undefined) return false;
  a.opened.add(peerB);
  b.opened.add(peerA);
  return true;
}
