import { durationText, sizeText, speedText } from './figures';
import type { FileTransfer } from './listing';
import type { Ending, Side } from './transfer';

/** Why a transfer ended, in words; made where the app keeps its words for what goes wrong. */
export type EndingWords = (reason: Ending, by: Side) => string;

/** Where a transfer stands, in one line. */
export function standing(transfer: FileTransfer, words: EndingWords): string {
  const { stage, size, doneBytes, bytesPerSecond, secondsLeft, reason, endedBy } = transfer;
  const name = transfer.personName === '' ? 'the other person' : transfer.personName;
  switch (stage) {
    case 'offered':
      return `${sizeText(size)} · waiting for ${name} to accept`;
    case 'asked':
      return `${sizeText(size)} · ${name} wants to send you this`;
    case 'preparing':
      return `${sizeText(size)} · making room`;
    case 'sending':
    case 'receiving':
      return [
        `${sizeText(doneBytes)} of ${sizeText(size)}`,
        ...(bytesPerSecond === null ? [] : [speedText(bytesPerSecond)]),
        ...(secondsLeft === null ? [] : [`${durationText(secondsLeft)} left`]),
      ].join(' · ');
    case 'paused':
      return `${sizeText(doneBytes)} of ${sizeText(size)} · ${pausedBy(transfer, name)}`;
    case 'interrupted':
      return `${sizeText(doneBytes)} of ${sizeText(size)} · goes on when ${name} is connected`;
    case 'done':
      return `${sizeText(size)} · delivered to ${name}`;
    case 'received':
      return `${sizeText(size)} from ${name} · not saved yet`;
    case 'saved':
      return `${sizeText(size)} from ${name} · saved`;
    case 'ended':
      return reason === null || endedBy === null ? '' : words(reason, endedBy);
  }
}

function pausedBy({ pausedByMe, pausedByThem }: FileTransfer, name: string): string {
  if (!pausedByThem) return 'paused';
  return pausedByMe ? `paused by you and ${name}` : `paused by ${name}`;
}

/** What is said aloud when a transfer reaches this stage; null where the progress tells enough. */
export function news(transfer: FileTransfer, words: EndingWords): string | null {
  const { stage, name, size, personName } = transfer;
  switch (stage) {
    case 'asked':
      return `${personName} wants to send you ${name}, ${sizeText(size)}`;
    case 'done':
      return `${name} was delivered`;
    case 'received':
      return `${name} was received`;
    case 'ended':
      return `${name}: ${standing(transfer, words)}`;
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
