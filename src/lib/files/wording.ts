import { m } from '../words/messages';
import { durationText, sizeText, speedText } from './figures';
import type { FileTransfer } from './listing';
import type { Ending, Side } from './transfer';

/** Why a transfer ended, in words; made where the app keeps its words for what goes wrong. */
export type EndingWords = (reason: Ending, by: Side) => string;

/** What a button says, and what it is called where only its name is heard. */
export const verbs = () =>
  ({
    accept: [m.file_accept(), m.file_accept_name],
    decline: [m.file_decline(), m.file_decline_name],
    resume: [m.file_resume(), m.file_resume_name],
    pause: [m.file_pause(), m.file_pause_name],
    cancel: [m.cancel(), m.file_cancel_name],
    save: [m.save(), m.file_save_name],
    import: [m.file_import(), m.file_import_name],
  }) as const;

/** Where a transfer stands, in one line. */
export function standing(transfer: FileTransfer, words: EndingWords): string {
  const { stage, reason, endedBy } = transfer;
  const size = sizeText(transfer.size);
  const person = transfer.personName === '' ? m.file_other_person() : transfer.personName;
  switch (stage) {
    case 'offered':
      return m.file_offered({ size, person });
    case 'asked':
      return m.file_asked({ size, person });
    case 'preparing':
      return m.file_preparing({ size });
    case 'sending':
    case 'receiving':
      return moving(transfer);
    case 'paused':
      return paused(transfer, person);
    case 'interrupted':
      return m.file_interrupted({ done: sizeText(transfer.doneBytes), size, person });
    case 'done':
      return m.file_done({ size, person });
    case 'received':
      return m.file_received({ size, person });
    case 'saved':
      return m.file_saved({ size, person });
    case 'ended':
      return reason === null || endedBy === null ? '' : words(reason, endedBy);
  }
}

/** Without a speed nobody knows how long it takes. */
function moving({ size, doneBytes, bytesPerSecond, secondsLeft }: FileTransfer): string {
  const known = { done: sizeText(doneBytes), size: sizeText(size) };
  if (bytesPerSecond === null) return m.file_moving(known);
  const speed = speedText(bytesPerSecond);
  if (secondsLeft === null) return m.file_moving_speed({ ...known, speed });
  return m.file_moving_left({ ...known, speed, time: durationText(secondsLeft) });
}

function paused({ size, doneBytes, pausedByMe, pausedByThem }: FileTransfer, person: string): string {
  const known = { done: sizeText(doneBytes), size: sizeText(size) };
  if (!pausedByThem) return m.file_paused(known);
  return pausedByMe ? m.file_paused_by_both({ ...known, person }) : m.file_paused_by({ ...known, person });
}

/** What is said aloud when a transfer reaches this stage; null where the progress tells enough. */
export function news(transfer: FileTransfer, words: EndingWords): string | null {
  const { stage, name, size, personName } = transfer;
  switch (stage) {
    case 'asked':
      return m.file_news_asked({ person: personName, name, size: sizeText(size) });
    case 'done':
      return m.file_news_done({ name });
    case 'received':
      return m.file_news_received({ name });
    case 'ended':
      return m.file_news_ended({ name, why: standing(transfer, words) });
    case 'offered':
    case 'preparing':
    case 'sending':
    case 'receiving':
    case 'paused':
    case 'interrupted':
    case 'saved':
      return null;
  }
}
