/** How fast a file moves: the mean over the last seconds, so that the figure can be read and still follows. */
export type Sample = { readonly atMs: number; readonly bytes: number };

const SPAN_MS = 3_000;

/** Adds where the transfer stands now. One sample older than the span stays, so that slow files have a speed too. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const recent = samples.findIndex(({ atMs }) => sample.atMs - atMs <= SPAN_MS);
  const kept = samples.slice(recent === -1 ? -1 : Math.max(0, recent - 1));
  return [...kept, sample];
}

/** Null until two moments can be compared. */
export function bytesPerSecond(samples: readonly Sample[]): number | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.atMs === first.atMs) return null;
  return ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs);
}
