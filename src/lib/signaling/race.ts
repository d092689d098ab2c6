import type { Transport, TransportHandlers } from './transport';

type Open = (handlers: TransportHandlers, patienceMs: number) => Transport;

/** As many connections are awaited at a time; the oldest gives way. */
const PENDING = 4;
/** Then it is lost, and the caller decides how to go on. */
const ATTEMPTS = 8;

/**
 * Opens one connection after the other until one greets; the others are closed. Where a network was silent, what was
 * sent into it is said again by the system after 1, 3 and 7 s (RFC 6298 §5.5): a connection that is begun when the
 * network is back is there sooner than one that has waited for it.
 */
export function race(open: Open, everyMs: number): Open {
  return (handlers) => {
    const pending = new Set<Transport>();
    let winner: Transport | null = null;
    let begun = 0;
    let isOver = false;
    let next: ReturnType<typeof setTimeout> | undefined;

    const end = (): boolean => {
      if (isOver) return false;
      isOver = true;
      clearTimeout(next);
      for (const transport of [...pending, winner]) transport?.close();
      pending.clear();
      return true;
    };
    const begin = (): void => {
      begun += 1;
      const attempt: Transport = open(
        {
          event(event) {
            if (isOver || (winner !== null && winner !== attempt)) return;
            if (winner === null) {
              winner = attempt;
              clearTimeout(next);
              pending.delete(attempt);
              for (const other of pending) other.close();
              pending.clear();
            }
            handlers.event(event);
          },
          lost() {
            pending.delete(attempt);
            if (winner === attempt || (winner === null && pending.size === 0)) {
              if (end()) handlers.lost();
            }
          },
        },
        PENDING * everyMs,
      );
      pending.add(attempt);
      const [oldest] = pending;
      if (pending.size > PENDING && oldest !== undefined) {
        pending.delete(oldest);
        oldest.close();
      }
      if (begun < ATTEMPTS) next = setTimeout(begin, everyMs);
    };
    begin();
    return {
      get api() {
        const [first] = pending;
        const transport = winner ?? first;
        if (transport === undefined) throw new Error('the race is over');
        return transport.api;
      },
      close: () => void end(),
    };
  };
}
