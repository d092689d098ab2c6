/** Where the browser does not say when it has come to rest (Safari), after that long. */
const FALLBACK_MS = 200;
/** A page that never rests, or one in the background, gets what is left all the same. */
const LATEST_MS = 1_000;

/** Runs what nobody waits for once the page has nothing else to do, or a second from now. */
export function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(work, { timeout: LATEST_MS });
  else setTimeout(work, FALLBACK_MS);
}
