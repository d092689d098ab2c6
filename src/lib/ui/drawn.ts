/**
 * Which rows of a long list are drawn: those with a number of `from` and more and less than `to`. A few screens of it at
 * most, so that a message costs the same as the five-thousandth as it does as the first. Space stands for all others.
 */
export type Drawn = { readonly from: number; readonly to: number };

/** Where something begins and ends, in pixels down the window. */
type Span = { readonly top: number; readonly bottom: number };

/** Never more than so many screens of rows. */
const MAX_SCREENS = 4;
const MIN_SCREEN = 20;
/** A row is at least so high: a line in its bubble. A lower one would leave a tall screen with blank space. */
const MIN_ROW_PX = 44;
/** So many rows come at a time: on a slow device each takes some milliseconds, and keys must not wait for them. */
const STEP = 6;
/** So many rows go at a time from above the newest. */
const SLACK = 12;

/** The most rows that a screen may hold. */
export const screenOf = (screenPx: number): number => Math.max(MIN_SCREEN, Math.ceil(screenPx / MIN_ROW_PX));

/** The end of the list stays drawn. The highest rows go several at a time: what moves all others is not for every row. */
export function followed(drawn: Drawn, last: number, most: number): Drawn {
  const to = last + 1;
  return { from: to - drawn.from > most ? Math.max(drawn.from, to - most + SLACK) : drawn.from, to };
}

/** What fills a screen, with that row in its middle. */
export function around(at: number, screenPx: number, rowPx: number): Drawn {
  const half = Math.ceil(screenPx / rowPx / 2) + 1;
  return { from: at - half, to: at + half };
}

export function upwards({ from, to }: Drawn, screen: number): Drawn {
  return { from: from - STEP, to: Math.min(to, from - STEP + MAX_SCREENS * screen) };
}

export function downwards({ from, to }: Drawn, screen: number): Drawn {
  return { from: Math.max(from, to + STEP - MAX_SCREENS * screen), to: to + STEP };
}

/** All of both, if they touch. */
export function joined(drawn: Drawn, wanted: Drawn): Drawn {
  const isApart = drawn.to < wanted.from || wanted.to < drawn.from;
  return isApart ? wanted : { from: Math.min(drawn.from, wanted.from), to: Math.max(drawn.to, wanted.to) };
}

/** As many of the rows that there are: at either end, and where the oldest rows went, those beside them are drawn. */
export function within({ from, to }: Drawn, oldest: number, last: number): Drawn {
  const first = Math.max(oldest, Math.min(from, last + 1 - (to - from)));
  return { from: first, to: Math.min(first + (to - from), last + 1) };
}

/** Whether somebody sees space where there are rows. */
export function showsSpace(
  drawn: Drawn,
  { oldest, last }: { oldest: number; last: number },
  { rows, view }: { rows: Span; view: Span },
): boolean {
  return (drawn.from > oldest && rows.top > view.top) || (drawn.to <= last && rows.bottom < view.bottom);
}

/**
 * The next step to a screen ahead on both sides, so that a reader meets no edge; `drawn` itself when there is nothing to
 * do. `rows`: where those are that are drawn. `rowPx`: what the others are taken to be high.
 */
export function scrolledTo(
  drawn: Drawn,
  { oldest, last }: { oldest: number; last: number },
  { rows, view, rowPx }: { rows: Span; view: Span; rowPx: number },
): Drawn {
  const screenPx = view.bottom - view.top;
  const screen = screenOf(screenPx);
  if (rows.top > view.bottom || rows.bottom < view.top) {
    // Far off, with the scroll bar or a swing.
    const startPx = rows.top - (drawn.from - oldest) * rowPx;
    const at = oldest + Math.floor(((view.top + view.bottom) / 2 - startPx) / rowPx);
    return within(around(Math.max(oldest, Math.min(at, last)), screenPx, rowPx), oldest, last);
  }
  if (drawn.from > oldest && rows.top > view.top - screenPx)
    return within(upwards(drawn, screen), oldest, last);
  if (drawn.to <= last && rows.bottom < view.bottom + screenPx)
    return within(downwards(drawn, screen), oldest, last);
  return drawn;
}
