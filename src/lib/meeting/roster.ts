import type { SafetyWord } from '../crypto/safety-words';
import type { SignalingState } from '../signaling/signaling';
import { NAMELESS } from '../ui/words';
import { NO_POLICY } from '../protocol/handshake';
import type { Guest } from './guest';
import { Host } from './host';
import type { MeetingState } from './lifecycle';
import type { Peer } from './peer';
import type { Knocker, MeetingView, Person, Stage } from './view';

/** What the views are shown of a side: the stage of the meeting, who is in it, who asks to be. */

/** What the person sees of the meeting; replaced as a whole whenever something changes. */
export type Snapshot = Pick<MeetingView, 'stage' | 'people' | 'waitingRoom' | 'policy' | 'signaling'>;

export const NOTHING_YET: Snapshot = {
  stage: { at: 'opening' },
  people: [],
  waitingRoom: [],
  policy: NO_POLICY,
  signaling: 'connecting',
};

export function snapshotOf(
  state: MeetingState,
  side: Guest | Host | null,
  signaling: SignalingState,
  own: Roster,
): Snapshot {
  return {
    stage: stageOf(state, side),
    people: side === null ? [] : peopleOf(side, own),
    waitingRoom: side instanceof Host ? waitingOf(side) : [],
    policy: side?.policy ?? NO_POLICY,
    signaling: signalingWord(signaling),
  };
}

function stageOf(state: MeetingState, side: Guest | Host | null): Stage {
  const guest = guestOf(side);
  if (state.at === 'opening') {
    if (state.wantsIn) return { at: 'waiting', reason: 'connecting' };
    // Almost everybody with a link is a guest; the host of the meeting is shown in as soon as the vault knows them.
    return state.hasLink ? { at: 'joining', hostPresent: null } : { at: 'opening' };
  }
  if (state.at === 'joining') return { at: 'joining', hostPresent: guest?.hostPresent ?? null };
  if (state.at === 'ended') return state;
  if (guest === null) return { at: 'here' };
  switch (guest.peer.state.at) {
    case 'open':
    case 'silent':
      return { at: 'here' };
    case 'lobby':
      return { at: 'waiting', reason: 'lobby' };
    case 'away':
      return { at: 'waiting', reason: guest.hostPresent === false ? 'host-away' : 'connecting' };
    default:
      // While a broken connection is rebuilt a guest stays in the conversation.
      return state.hasMet ? { at: 'here' } : { at: 'waiting', reason: 'connecting' };
  }
}

const guestOf = (side: Guest | Host | null): Guest | null =>
  side === null || side instanceof Host ? null : side;

type Roster = { ownName: string; verified: (id: string) => Person['verified'] };

function peopleOf(side: Guest | Host, { ownName, verified }: Roster): readonly Person[] {
  const isHost = side instanceof Host;
  const you: Person = {
    id: 'you',
    name: ownName,
    isHost,
    isYou: true,
    link: 'connected',
    path: null,
    safetyWords: null,
    verified: 'no',
    isTyping: false,
  };
  const other = (
    id: string,
    name: string,
    peer: Peer,
    safetyWords: readonly SafetyWord[] | null,
  ): Person => ({
    id,
    name: nameOr(name, isHost ? 'guest' : 'host'),
    isHost: !isHost,
    isYou: false,
    link: linkWord(peer),
    path: peer.path,
    safetyWords,
    verified: verified(id),
    isTyping: false,
  });
  if (!isHost) return side.isIn ? [other(side.host, side.hostName, side.peer, side.safetyWords), you] : [];
  const admitted = side.visitors.filter(({ status }) => status === 'admitted');
  return [you, ...admitted.map((one) => other(one.participant, one.name, one.peer, one.safetyWords))];
}

/**
 * How somebody else is to be reached now. `lost`: their browser closed the connection and they are not at the server any
 * more, so they closed the page. A network that only went silent says neither.
 */
export function standingOf(
  { people }: Snapshot,
  side: Guest | Host | null,
  id: string,
): 'here' | 'reconnecting' | 'lost' {
  const visitor = side instanceof Host ? side.visitors.find((one) => one.participant === id) : undefined;
  if (side instanceof Host && visitor !== undefined && side.isLost(visitor) && !visitor.peer.isTalking) {
    return 'lost';
  }
  return people.some((person) => person.id === id && person.link === 'reconnecting')
    ? 'reconnecting'
    : 'here';
}

/** What somebody is called, whether they gave a name or not. */
export const nameOr = (name: string, role: 'host' | 'guest'): string =>
  name === '' ? NAMELESS[role]() : name;

function waitingOf(host: Host): readonly Knocker[] {
  return host.visitors
    .filter(({ status }) => status === 'asking')
    .map(({ participant, name, text }) => ({ id: participant, name, text }));
}

function linkWord(peer: Peer): Person['link'] {
  switch (peer.state.at) {
    case 'open':
      return 'connected';
    case 'silent':
      return 'reconnecting';
    case 'away':
    case 'closed':
      return 'gone';
    default:
      return 'connecting';
  }
}

export function signalingWord(state: SignalingState): MeetingView['signaling'] {
  if (state.at === 'open') return state.kind;
  return state.at === 'connecting' && state.failures < 2 ? 'connecting' : 'offline';
}
