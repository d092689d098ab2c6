/**
 * Waits for what `begin` hands to `done`, later than it returns; `null` when the signal ends first. The function that
 * `begin` returns closes what it opened, and runs in either case.
 */
export function until<T>(
  signal: AbortSignal,
  begin: (done: (value: T) => void) => () => void,
): Promise<T | null> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(null);
    let isOver = false;
    const end = (value: T | null) => {
      if (isOver) return;
      isOver = true;
      signal.removeEventListener('abort', onAbort);
      close();
      resolve(value);
    };
    const onAbort = () => end(null);
    signal.addEventListener('abort', onAbort);
    const close = begin(end);
  });
}

/** Runs `work` with a signal that ends after `limitMs` or with `outer`. (`AbortSignal.any` is not in Safari 17.0.) */
export async function within<T>(
  limitMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, limitMs);
  outer.addEventListener('abort', abort);
  if (outer.aborted) abort();
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', abort);
    controller.abort();
  }
}
