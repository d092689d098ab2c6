import type { ErrorCode } from '../protocol/errors';
import { m } from '../words/messages';

/** What happened, why as far as anyone here can know, and what to do next. Each a whole sentence or two. */
export type Words = { readonly what: string; readonly why: string; readonly next: string };
/** Words are made when they are said: before that their area may not be loaded. */
export type Said = () => Words;

/** Codes of what happens on this device alone: their words are loaded when one of them is needed. */
export type DeviceCode = Extract<ErrorCode, `${'file' | 'media' | 'vault' | 'backup'}/${string}`>;

/** Where this browser keeps the answer about microphone, camera and screen: the part that people cannot find. */
export function whereToAllow(userAgent: string): string {
  if (/iPhone|iPad/.test(userAgent)) return m.trouble_allow_iphone();
  if (userAgent.includes('Firefox/')) return m.trouble_allow_firefox();
  if (/Chrome\/|CriOS\//.test(userAgent)) return m.trouble_allow_chrome();
  return m.trouble_allow_safari();
}

/** Words for what happens on this device: its files, its devices, and what it keeps. */
export const DEVICE_WORDS: Readonly<Record<DeviceCode, Said>> = {
  'vault/unreadable': () => ({
    what: m.trouble_vault_unreadable(),
    why: m.trouble_vault_unreadable_why(),
    next: m.trouble_vault_unreadable_next(),
  }),
  'vault/unavailable': () => ({
    what: m.trouble_vault_unavailable(),
    why: m.trouble_vault_unavailable_why(),
    next: m.trouble_vault_unavailable_next(),
  }),
  'vault/not-found': () => ({
    what: m.trouble_vault_not_found(),
    why: m.trouble_vault_not_found_why(),
    next: m.trouble_vault_not_found_next(),
  }),
  'file/no-room': () => ({
    what: m.trouble_file_no_room(),
    why: m.trouble_file_no_room_why(),
    next: m.trouble_file_no_room_next(),
  }),
  'file/unreadable': () => ({
    what: m.trouble_file_unreadable(),
    why: m.trouble_file_unreadable_why(),
    next: m.trouble_file_unreadable_next(),
  }),
  'file/damaged': () => ({
    what: m.trouble_file_damaged(),
    why: m.trouble_file_damaged_why(),
    next: m.trouble_file_damaged_next(),
  }),
  'file/write-failed': () => ({
    what: m.trouble_file_write_failed(),
    why: m.trouble_file_write_failed_why(),
    next: m.trouble_file_write_failed_next(),
  }),
  'media/not-allowed': () => ({
    what: m.trouble_media_not_allowed(),
    why: m.trouble_media_not_allowed_why(),
    next: whereToAllow(globalThis.navigator?.userAgent ?? ''),
  }),
  'media/no-device': () => ({
    what: m.trouble_media_no_device(),
    why: m.trouble_media_no_device_why(),
    next: m.trouble_media_no_device_next(),
  }),
  'media/busy': () => ({
    what: m.trouble_media_busy(),
    why: m.trouble_media_busy_why(),
    next: m.trouble_media_busy_next(),
  }),
  'media/no-screen': () => ({
    what: m.trouble_media_no_screen(),
    why: m.trouble_media_no_screen_why(),
    next: m.trouble_media_no_screen_next(),
  }),
  'media/not-sealed': () => ({
    what: m.trouble_media_not_sealed(),
    why: m.trouble_media_not_sealed_why(),
    next: m.trouble_media_not_sealed_next(),
  }),
  'vault/locked': () => ({
    what: m.trouble_vault_locked(),
    why: m.trouble_vault_locked_why(),
    next: m.trouble_vault_locked_next(),
  }),
  'vault/wrong-passphrase': () => ({
    what: m.trouble_vault_wrong_passphrase(),
    why: m.trouble_vault_wrong_passphrase_why(),
    next: m.trouble_vault_wrong_passphrase_next(),
  }),
  'vault/too-many-tries': () => ({
    what: m.trouble_vault_too_many_tries(),
    why: m.trouble_vault_too_many_tries_why(),
    next: m.trouble_vault_too_many_tries_next(),
  }),
  'vault/passkey-failed': () => ({
    what: m.trouble_vault_passkey_failed(),
    why: m.trouble_vault_passkey_failed_why(),
    next: m.trouble_vault_passkey_failed_next(),
  }),
  'vault/full': () => ({
    what: m.trouble_vault_full(),
    why: m.trouble_vault_full_why(),
    next: m.trouble_vault_full_next(),
  }),
  'backup/malformed': () => ({
    what: m.trouble_backup_malformed(),
    why: m.trouble_backup_malformed_why(),
    next: m.trouble_backup_malformed_next(),
  }),
  'backup/damaged': () => ({
    what: m.trouble_backup_damaged(),
    why: m.trouble_backup_damaged_why(),
    next: m.trouble_backup_damaged_next(),
  }),
  'backup/too-costly': () => ({
    what: m.trouble_backup_too_costly(),
    why: m.trouble_backup_too_costly_why(),
    next: m.trouble_backup_too_costly_next(),
  }),
  'backup/outdated': () => ({
    what: m.trouble_backup_outdated(),
    why: m.trouble_backup_outdated_why(),
    next: m.trouble_backup_outdated_next(),
  }),
};

/** Why a file did not arrive. */
const FILE_ENDINGS = {
  cancelled: { me: () => m.trouble_end_cancelled_me(), them: () => m.trouble_end_cancelled_them() },
  declined: { me: () => m.trouble_end_declined_me(), them: () => m.trouble_end_declined_them() },
  'no-room': { me: () => m.trouble_end_no_room_me(), them: () => m.trouble_end_no_room_them() },
  unreadable: { me: () => m.trouble_end_unreadable_me(), them: () => m.trouble_end_unreadable_them() },
  damaged: { me: () => m.trouble_end_damaged_me(), them: () => m.trouble_end_damaged_them() },
  'write-failed': {
    me: () => m.trouble_end_write_failed_me(),
    them: () => m.trouble_end_write_failed_them(),
  },
} as const;

export function fileEnding(reason: keyof typeof FILE_ENDINGS, by: 'me' | 'them'): string {
  return FILE_ENDINGS[reason][by]();
}
