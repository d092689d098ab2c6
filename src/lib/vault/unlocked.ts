import { ParleyError } from '../protocol/errors';
import { MEETING_LOCK } from './meeting-lock';
import type { DeviceKey, LockedKey } from './schema';

/**
 * The key of a locked device while it is open (section 12): in the memory of this browser's windows and nowhere else. A
 * window that opened it answers those that ask, so that one passphrase opens all of them; with the last window it is
 * gone. The handle cannot be exported, and only pages of this origin hear the channel.
 */
const CHANNEL = 'parley.key';
/** A window that holds the key answers at once, unless it is busy. */
const ANSWER_MS = 3_000;
const ACTIVITY = ['pointerdown', 'keydown', 'wheel'] as const;
/** Other windows hear of somebody's doing something this often. */
const TELL_EVERY_MS = 10_000;

/** `page` tells a window's own answer from another's. */
type KeyMessage =
  | { type: 'ask'; id: string }
  | { type: 'key'; id: string; key: CryptoKey; page: number }
  | { type: 'active' }
  | { type: 'after'; minutes: number }
  | { type: 'lock' };

const holding = (id: string): string => `${CHANNEL}.${id}`;

/** From a window that has it, and from then on this one has it too. Throws `vault/locked`. */
export async function unlockedKey({ id, lockAfterMinutes }: LockedKey): Promise<DeviceKey> {
  const { held = [] } = await navigator.locks.query();
  const answer = held.some(({ name }) => name === holding(id)) ? await ask(id) : null;
  if (answer === null) throw new ParleyError('vault/locked');
  const deviceKey = { id, key: answer.key };
  if (answer.page !== performance.timeOrigin) holdKey(deviceKey, lockAfterMinutes);
  return deviceKey;
}

/** Locks every window of this browser: each loads anew, and with its memory everything that was opened is gone. */
export function lockEverywhere(): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage({ type: 'lock' } satisfies KeyMessage);
  channel.close();
}

/** Another wish for the time until it locks by itself, for the windows that are open. */
export function tellLockAfter(minutes: number): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage({ type: 'after', minutes } satisfies KeyMessage);
  channel.close();
}

/** Keeps the key as long as this window lives, or until somebody locks or is away for `lockAfterMinutes`. */
export function holdKey({ id, key }: DeviceKey, lockAfterMinutes: number): void {
  const channel = new BroadcastChannel(CHANNEL);
  const stop = new AbortController();
  const tell = (message: KeyMessage) => channel.postMessage(message);
  void navigator.locks.request(holding(id), { mode: 'shared' }, () => untilAborted(stop.signal));

  let minutes = lockAfterMinutes;
  let activeAtMs = Date.now();
  let toldAtMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const lock = (): void => {
    stop.abort();
    channel.close();
    clearTimeout(timer);
    location.reload();
  };
  const watch = (): void => {
    clearTimeout(timer);
    if (minutes > 0) timer = setTimeout(() => void look(), activeAtMs + minutes * 60_000 - Date.now());
  };
  /** By the clock and not by the timer, which stands still while a device sleeps. */
  const look = async (): Promise<void> => {
    if (minutes === 0 || Date.now() - activeAtMs < minutes * 60_000) return watch();
    const { held = [] } = await navigator.locks.query();
    // Whoever talks presses no keys.
    if (held.some(({ name }) => name?.startsWith(MEETING_LOCK))) {
      activeAtMs = Date.now();
      return watch();
    }
    tell({ type: 'lock' });
    lock();
  };
  const active = (): void => {
    activeAtMs = Date.now();
    if (activeAtMs - toldAtMs < TELL_EVERY_MS) return;
    toldAtMs = activeAtMs;
    tell({ type: 'active' });
    watch();
  };

  channel.onmessage = ({ data }: MessageEvent<KeyMessage>) => {
    switch (data.type) {
      case 'ask':
        if (data.id === id) tell({ type: 'key', id, key, page: performance.timeOrigin });
        return;
      case 'active':
        activeAtMs = Date.now();
        return watch();
      case 'after':
        minutes = data.minutes;
        return watch();
      case 'lock':
        return lock();
      case 'key':
        return;
    }
  };
  for (const type of ACTIVITY) addEventListener(type, active, { signal: stop.signal, passive: true });
  document.addEventListener('visibilitychange', () => void look(), { signal: stop.signal });
  watch();
}

function ask(id: string): Promise<{ key: CryptoKey; page: number } | null> {
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(CHANNEL);
    const end = (answer: { key: CryptoKey; page: number } | null): void => {
      clearTimeout(timer);
      channel.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end(null), ANSWER_MS);
    channel.onmessage = ({ data }: MessageEvent<KeyMessage>) => {
      if (data.type === 'key' && data.id === id) end(data);
    };
    channel.postMessage({ type: 'ask', id } satisfies KeyMessage);
  });
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
