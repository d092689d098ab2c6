/**
 * The page is in sight again, thawed, or on a network again (Page Lifecycle; HTML `online`). Answers what ends the
 * listening.
 */
export function onWake(woken: () => void): () => void {
  const ending = new AbortController();
  const wake = (): void => {
    if (document.visibilityState === 'visible') woken();
  };
  const { signal } = ending;
  document.addEventListener('visibilitychange', wake, { signal });
  document.addEventListener('resume', wake, { signal });
  addEventListener('online', wake, { signal });
  networkInformation()?.addEventListener('change', wake, { signal });
  return () => ending.abort();
}

/** Chromium tells of a change of networks (Network Information API); others have only `online`. */
function networkInformation(): EventTarget | undefined {
  return (navigator as { connection?: EventTarget }).connection;
}

/** Calls back when the page goes away; answers what stops that. */
export function onPageHide(gone: () => void): () => void {
  addEventListener('pagehide', gone);
  return () => removeEventListener('pagehide', gone);
}
