import { ASK, CHANNEL, STEPS, type Whereabouts } from '$lib/meeting/whereabouts';

/** Follows a meeting that is open in another window of this browser, the one heard of last. The answer ends it. */
export function follow(tell: (now: Whereabouts | null) => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  const unfollowed = new AbortController();
  let isWaiting = false;
  const ended = (): void => {
    tell(null);
    // Another may go on.
    if (!unfollowed.signal.aborted) channel.postMessage(ASK);
  };
  /** The lock is free when no window of a meeting is left, however it went. */
  const waitForEnd = async (): Promise<void> => {
    if (isWaiting) return;
    isWaiting = true;
    const lock = navigator.locks.request(CHANNEL, { signal: unfollowed.signal }, () => undefined);
    // Not followed any more.
    const isFree = await lock.then(
      () => true,
      () => false,
    );
    isWaiting = false;
    if (isFree) ended();
  };
  channel.onmessage = ({ data }) => {
    if (data === ASK) return;
    const now = read(data);
    if (now === null) return ended();
    tell(now);
    void waitForEnd();
  };
  channel.postMessage(ASK);
  return () => {
    unfollowed.abort();
    channel.close();
  };
}

/** The other window may have another version of the app: what is not known is not followed. */
function read(data: unknown): Whereabouts | null {
  const said = JSON.parse(String(data)) as Partial<Record<keyof Whereabouts, unknown>> | null;
  const step = STEPS.find((one) => one === said?.step);
  if (step === undefined) return null;
  const path = said?.path === 'direct' || said?.path === 'relayed' ? said.path : null;
  return { step, path };
}
