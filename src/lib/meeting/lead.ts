import { ParleyError } from '../protocol/errors';
import { MEETING_LOCK } from '../vault/meeting-lock';

/** A window that is just going away (a reload, a tab being closed) lets go within this time. */
const PATIENCE_MS = 1_000;

/**
 * One window of this browser leads a meeting, so that nothing is said or kept twice: a Web Lock that ends with the
 * window. `lost` is called when another window takes over. Throws `meeting/elsewhere`.
 * @returns what lets go of it
 */
export function lead(meeting: string, takesOver: boolean, lost: () => void): Promise<() => void> {
  const options = takesOver ? { steal: true } : { signal: AbortSignal.timeout(PATIENCE_MS) };
  return new Promise((resolve, reject) => {
    let isLeading = false;
    const leads = () => {
      isLeading = true;
      return new Promise<void>((release) => resolve(release));
    };
    navigator.locks
      .request(MEETING_LOCK + meeting, options, leads)
      // Stolen, or never given.
      .catch((cause: unknown) =>
        isLeading ? lost() : reject(new ParleyError('meeting/elsewhere', { cause })),
      );
  });
}
