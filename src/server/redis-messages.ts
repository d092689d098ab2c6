import type { MeetingId, PeerId } from '../lib/protocol/ids';

/** Who is at a meeting, wherever; `order` grows with every change (redis-scripts.ts). */
export type State = {
  readonly order: number;
  readonly host: { readonly node: string; readonly peer: PeerId } | null;
  /** The node of each. */
  readonly guests: ReadonlyMap<PeerId, string>;
};

export type Message = { readonly id: MeetingId } & (
  | { readonly kind: 'state'; readonly state: State }
  | { readonly kind: 'knock'; readonly state: State; readonly peer: PeerId; readonly envelope: string | null }
  | {
      readonly kind: 'relay';
      readonly to: PeerId | null;
      readonly from: PeerId | null;
      readonly envelope: string;
    }
  | { readonly kind: 'open'; readonly guest: PeerId; readonly other: PeerId; readonly node: string }
  | { readonly kind: 'retired' }
);

/** `ORDER NODE PEER PEER:NODE,PEER:NODE`; ids, names of processes and envelopes hold neither space nor `:` nor `,`. */
export function readState([order = '', node = '', peer = '', all = '']: readonly string[]): State {
  const guests = new Map<PeerId, string>();
  if (all !== '-') {
    for (const entry of all.split(',')) {
      const at = entry.indexOf(':');
      guests.set(entry.slice(0, at) as PeerId, entry.slice(at + 1));
    }
  }
  return { order: Number(order), host: node === '-' ? null : { node, peer: peer as PeerId }, guests };
}

/** What one process says to another. Both are ours, of one version or two: what is not understood is a fault. */
export function readMessage(text: string): Message {
  const [kind, id, ...rest] = text.split(' ') as [string, MeetingId, ...string[]];
  const [first = '', second = '', third = ''] = rest;
  switch (kind) {
    case 'S':
      return { kind: 'state', id, state: readState(rest) };
    case 'K': {
      const [peer, envelope = '-'] = rest.slice(4) as [PeerId, string?];
      return { kind: 'knock', id, state: readState(rest), peer, envelope: orNull(envelope) };
    }
    case 'R':
      return {
        kind: 'relay',
        id,
        to: orNull(first as PeerId),
        from: orNull(second as PeerId),
        envelope: third,
      };
    case 'O':
      return { kind: 'open', id, guest: first as PeerId, other: second as PeerId, node: third };
    case 'X':
      return { kind: 'retired', id };
    default:
      throw new TypeError('a message between processes of a kind that this one does not know');
  }
}

const orNull = <T extends string>(text: T): T | null => (text === '-' ? null : text);
