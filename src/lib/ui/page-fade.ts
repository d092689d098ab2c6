import type { OnNavigate } from '@sveltejs/kit';

/**
 * One page gives way to the next in a calm fade (View Transitions; how long, says base.css). Nobody waits for it on the
 * way into a meeting or out of one, and who wants less motion sees none.
 */
export function pageFade({ from, to, complete }: OnNavigate): Promise<void> | undefined {
  const isMeeting = [from, to].some((end) => end?.route.id === '/m');
  const isUnwanted = matchMedia('(prefers-reduced-motion: reduce)').matches;
  if (isMeeting || isUnwanted || typeof document.startViewTransition !== 'function') return undefined;
  return new Promise((begin) => {
    const { ready } = document.startViewTransition(async () => {
      begin();
      // Given up for another page: that one fades in.
      await complete.catch(() => undefined);
    });
    // The same, or a window that nobody sees: the page is there without a fade.
    ready.catch(() => undefined);
  });
}
