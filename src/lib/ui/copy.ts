import { ParleyError } from '../protocol/errors';

/** Puts text on the clipboard, or throws `ui/copy-failed`: no permission, no focus, or no clipboard at all. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch (cause) {
    throw new ParleyError('ui/copy-failed', { cause });
  }
}

/** What became of the wish to share: the sheet took it, the person closed it, or this browser has none. */
export type ShareOutcome = 'shared' | 'closed' | 'no-sheet';

/** Opens the system's share sheet (Web Share §2.1). Throws `ui/copy-failed` when the system refuses. */
export async function shareLink(url: string): Promise<ShareOutcome> {
  if (!('share' in navigator)) return 'no-sheet';
  try {
    await navigator.share({ title: 'Parley', url });
    return 'shared';
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') return 'closed';
    throw new ParleyError('ui/copy-failed', { cause });
  }
}
