import type { ErrorCode } from '../protocol/errors';

/** What happened, why as far as anyone here can know, and what to do next. Each a whole sentence or two. */
export type Words = { readonly what: string; readonly why: string; readonly next: string };

/** Codes of what happens on this device alone: their words are loaded when one of them is needed. */
export type DeviceCode = Extract<ErrorCode, `${'file' | 'media' | 'vault' | 'backup'}/${string}`>;

/** Where this browser keeps the answer about microphone, camera and screen: the part that people cannot find. */
export function whereToAllow(userAgent: string): string {
  if (/iPhone|iPad/.test(userAgent)) {
    return 'Press the sign beside the address, then Website Settings, allow it, and try again.';
  }
  if (userAgent.includes('Firefox/')) {
    return 'Press the crossed-out sign at the left of the address, take the block away, and try again.';
  }
  if (/Chrome\/|CriOS\//.test(userAgent)) {
    return 'Press the sign at the left of the address, switch it on, and try again.';
  }
  return 'In the menu Safari, choose Settings for this website, allow it, and try again.';
}

/** Words for what happens on this device: its files, its devices, and what it keeps. */
export const DEVICE_WORDS: Readonly<Record<DeviceCode, Words>> = {
  'vault/unreadable': {
    what: 'The meetings saved on this device cannot be read.',
    why: 'The key that seals them is missing or does not fit. Nothing was deleted.',
    next: 'Reload the page. If it stays, Settings can forget everything on this device, so that you can start afresh.',
  },
  'vault/unavailable': {
    what: 'This browser keeps nothing for Parley.',
    why: 'A private window or a setting blocks storage. Meetings work, but they are gone when you close the tab.',
    next: 'To keep a meeting, open it in a normal window and allow storage for this site.',
  },
  'vault/not-found': {
    what: 'This meeting is not saved on this device.',
    why: 'It was forgotten here, or it was saved in another browser.',
    next: 'Open it with its link, or on the device where it is saved.',
  },
  'file/no-room': {
    what: 'There is not enough room for this file.',
    why: 'This device has less free space for Parley than the file needs.',
    next: 'Free some space, then ask for the file again.',
  },
  'file/unreadable': {
    what: 'The file can no longer be read.',
    why: 'It was moved, changed or deleted on the sender’s device while it was being sent.',
    next: 'Pick the file again and send it anew.',
  },
  'file/damaged': {
    what: 'The file that arrived is not the file that was sent.',
    why: 'Its checksum does not fit, so it was deleted and never handed to you.',
    next: 'Ask for the file to be sent again.',
  },
  'file/write-failed': {
    what: 'The file could not be written on this device.',
    why: 'The browser’s storage refused, often because the disk is full.',
    next: 'Free some space or restart the browser, then ask for the file again.',
  },
  'media/not-allowed': {
    what: 'Your microphone, camera or screen was not allowed.',
    why: 'You, an earlier answer or the system said no.',
    next: whereToAllow(globalThis.navigator?.userAgent ?? ''),
  },
  'media/no-device': {
    what: 'No microphone or camera was found.',
    why: 'None is connected.',
    next: 'Plug one in, or choose another under Devices.',
  },
  'media/busy': {
    what: 'Your microphone or camera is in use.',
    why: 'Another program holds it.',
    next: 'Close it, or choose another under Devices.',
  },
  'media/no-screen': {
    what: 'This browser cannot share a screen.',
    why: 'Most phones cannot.',
    next: 'Share from a computer.',
  },
  'media/not-sealed': {
    what: 'No call is possible here.',
    why: 'This meeting wants sealed calls, and one of the two browsers cannot.',
    next: 'Use a current browser on both sides.',
  },
  'vault/locked': {
    what: 'What this device keeps is locked.',
    why: 'You set a lock, so names, links and keys can be read only after it is opened.',
    next: 'Unlock it to see your meetings here.',
  },
  'vault/wrong-passphrase': {
    what: 'That is not the passphrase.',
    why: 'Nothing could be opened with it. Capital letters and spaces count.',
    next: 'Try once more. Nobody can reset it for you.',
  },
  'vault/too-many-tries': {
    what: 'That was several wrong passphrases in a row.',
    why: 'Each further try has to wait a little, so that nobody can guess quickly.',
    next: 'Wait until the time is over, then try again.',
  },
  'vault/passkey-failed': {
    what: 'The passkey did not unlock anything.',
    why: 'It was not used in time, or this browser or key cannot unlock with one.',
    next: 'Try again, or use the recovery passphrase instead.',
  },
  'vault/full': {
    what: 'There is no room left on this device.',
    why: 'The browser refused to keep more for Parley. What was kept before is unchanged.',
    next: 'Free some space on the disk, then try again.',
  },
  'backup/malformed': {
    what: 'This file is not a backup of Parley.',
    why: 'It is something else, or it was made by a later version.',
    next: 'Choose a file that ends in .parley, and update Parley if it is newer than this app.',
  },
  'backup/damaged': {
    what: 'This backup is damaged.',
    why: 'Its bytes are not those that were written. Nothing on this device was changed.',
    next: 'Use another copy of it.',
  },
  'backup/too-costly': {
    what: 'This file asks for too much of your device.',
    why: 'It wants far more memory or time than any backup that Parley makes, so it was not opened.',
    next: 'Do not trust whoever gave it to you. Use a backup that you made yourself.',
  },
  'backup/outdated': {
    what: 'Your meetings changed while you were looking.',
    why: 'Another window of Parley wrote to this device, so nothing was imported.',
    next: 'Choose the file again and look once more.',
  },
};

/** Why a file did not arrive. */
const FILE_ENDINGS = {
  cancelled: { me: 'You cancelled it.', them: 'The other side cancelled it.' },
  declined: { me: 'You declined it.', them: 'It was declined.' },
  'no-room': {
    me: 'There is not enough room on this device. Free some, then ask for the file again.',
    them: 'The other device has not enough room for it.',
  },
  unreadable: {
    me: 'The file can no longer be read: it was moved, changed or deleted. Pick it again.',
    them: 'The sender’s device can no longer read it. Ask for it to be sent again.',
  },
  damaged: {
    me: 'What arrived is not what was sent, so it was deleted. Ask for it to be sent again.',
    them: 'It did not arrive whole, so it was deleted there. Send it again.',
  },
  'write-failed': {
    me: 'This device could not store it. Free some space, then ask for the file again.',
    them: 'The other device could not store it.',
  },
} as const;

export function fileEnding(reason: keyof typeof FILE_ENDINGS, by: 'me' | 'them'): string {
  return FILE_ENDINGS[reason][by];
}
