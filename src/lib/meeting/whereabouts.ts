import type { MeetingView, PathInfo } from './view';

/** In the order of the page How it works; its ninth, leaving, is not followed. */
export const STEPS = ['make', 'send', 'open', 'claim', 'greet', 'admit', 'path', 'talk'] as const;
export type Step = (typeof STEPS)[number];

/**
 * How far a meeting of this browser is and how its packets travel, for the page How it works in another window. Nothing
 * else goes over the channel: no name, no id and no key.
 */
export type Whereabouts = { step: Step; path: PathInfo['kind'] | null };

export const CHANNEL = 'parley.whereabouts';
/** Said by a page that has just been opened. */
export const ASK = 'where';

type Seen = Pick<MeetingView, 'stage' | 'role' | 'people' | 'waitingRoom' | 'signaling'>;

/** `null`: there is nothing to be in yet, or no more. */
export function whereaboutsOf({ stage, role, people, waitingRoom, signaling }: Seen): Whereabouts | null {
  const others = people.filter(({ isYou, link }) => !isYou && link !== 'gone');
  const heard = others.find(({ link }) => link === 'connected');
  const at = (step: Step): Whereabouts => ({ step, path: null });
  switch (stage.at) {
    case 'opening':
    case 'ended':
      return null;
    case 'joining':
      return at('open');
    case 'waiting':
      return at(({ 'host-away': 'claim', lobby: 'admit', connecting: 'greet' } as const)[stage.reason]);
    case 'here':
      if (heard !== undefined) return { step: 'talk', path: heard.path?.kind ?? null };
      if (others.length > 0 || role === 'guest') return at('path');
      if (waitingRoom.length > 0) return at('admit');
      return at(signaling === 'connecting' || signaling === 'offline' ? 'make' : 'send');
  }
}

/**
 * Tells it, for as long as the meeting is open. What a window says as it closes may not arrive, so it holds a lock with the
 * name of the channel too, which the browser gives back for it.
 */
export class Beacon {
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #over = new AbortController();
  #said = 'null';

  constructor() {
    const { signal } = this.#over;
    const isOver = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    void navigator.locks.request(CHANNEL, { mode: 'shared' }, () => isOver);
    this.#channel.onmessage = ({ data }) => {
      if (data === ASK && this.#said !== 'null') this.#channel.postMessage(this.#said);
    };
  }

  show(now: Whereabouts | null): void {
    const text = JSON.stringify(now);
    if (text === this.#said) return;
    this.#said = text;
    this.#channel.postMessage(text);
  }

  close(): void {
    this.show(null);
    this.#over.abort();
    this.#channel.close();
  }
}
