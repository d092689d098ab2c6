import { ASK, CHANNEL, STEPS, type Whereabouts } from '$lib/meeting/whereabouts';

/** Follows a meeting that is open in another window of this browser, the one heard of last. The answer ends it. */
export function follow(tell: (now: Whereabouts | null) => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }) => {
    if (data === ASK) return;
    const now = read(data);
    tell(now);
    // One ended; another may go on.
    if (now === null) channel.postMessage(ASK);
  };
  channel.postMessage(ASK);
  return () => channel.close();
}

/** The other window may have another version of the app: what is not known is not followed. */
function read(data: unknown): Whereabouts | null {
  const said = JSON.parse(String(data)) as Partial<Record<keyof Whereabouts, unknown>> | null;
  const step = STEPS.find((one) => one === said?.step);
  if (step === undefined) return null;
  const path = said?.path === 'direct' || said?.path === 'relayed' ? said.path : null;
  return { step, path };
}
