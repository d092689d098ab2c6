/** Between the service worker, which takes what other apps share, and the page that asks where to send it. */

/** The address in the manifest's `share_target`. */
export const SHARE_PATH = '/share';
export const TAKE_SHARED = 'take-shared';

export type Shared = { texts: string[]; files: File[] };

/** A service worker that is busy answers a moment later; one that knows nothing of it never. */
const ANSWER_MS = 5_000;

/** What the service worker holds for this page; `null`: nothing, or no longer. */
export function takeShared(container: ServiceWorkerContainer | undefined): Promise<Shared | null> {
  const worker = container?.controller;
  if (worker == null) return Promise.resolve(null);
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const end = (shared: Shared | null): void => {
      clearTimeout(timer);
      port1.close();
      resolve(shared);
    };
    const timer = setTimeout(() => end(null), ANSWER_MS);
    port1.onmessage = ({ data }: MessageEvent<Shared | null>) => end(data);
    worker.postMessage(TAKE_SHARED, [port2]);
  });
}
