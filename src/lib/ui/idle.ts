/** Where the browser does not say when it has come to rest (Safari), after that long. */
const FALLBACK_MS = 200;

/** Runs what nobody waits for once the page has nothing else to do. */
export function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(work);
  else setTimeout(work, FALLBACK_MS);
}
