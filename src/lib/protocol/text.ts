import { MAX_FILE_NAME_BYTES, MAX_NAME_BYTES } from './limits';
import { utf8 } from './bytes';

/**
 * Text from the other side, made safe to show: it can be any length the message allows and any sequence of code
 * points, and must not be able to reorder, hide or overflow what stands around it (SERVER, hostile input).
 */

/** Bidirectional embeddings, overrides and isolates: the tools of `gpj.exe`. */
const BIDI = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;
/** Control characters but tab and line feed; lone surrogates; zero-width and other invisible formatting; tags. */
const INVISIBLE =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u200B\u2060-\u2064\u206A-\u206F\uFEFF\uFFF9-\uFFFB\p{Cs}\u{E0000}-\u{E0FFF}]/gu;
/** More than 4 combining marks in a row never belong to a word of any script in use; towers of thousands do harm. */
const MARK_TOWERS = /(\p{M}{4})\p{M}+/gu;

/** A message's text: line breaks stay, bidi isolates are the view's job (`unicode-bidi: plaintext`). */
export function cleanText(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(INVISIBLE, '').replace(BIDI, '').replace(MARK_TOWERS, '$1');
}

/** A person's or a meeting's name: one line, no longer than the wire allows. `''` where nothing is left. */
export function cleanName(text: string): string {
  return fitBytes(cleanText(text.normalize('NFC')).replace(/\s+/gu, ' ').trim(), MAX_NAME_BYTES).trim();
}

/** Names that Windows keeps for devices, with any extension. */
const RESERVED =
  /^(con|prn|aux|nul|com[0-9\u00B9\u00B2\u00B3]|lpt[0-9\u00B9\u00B2\u00B3]|conin\$|conout\$)(\.|$)/i;

/**
 * A file name that is only a name: no path, no control, bidi or invisible character, nothing reserved on any system,
 * no leading dot, no trailing dot or space. The extension is kept when the rest is cut.
 */
export function safeFileName(name: string): string {
  const base = name.replaceAll('\\', '/').split('/').pop() ?? '';
  let safe = cleanText(base.normalize('NFC'))
    .replace(/[\n\t]/g, ' ')
    .replace(/[<>:"|?*~]/g, '_')
    .replace(/^[.\s]+/, '')
    .replace(/[.\s]+$/, '');
  if (RESERVED.test(safe)) safe = `_${safe}`;
  if (safe === '') return 'file';
  const dot = safe.lastIndexOf('.');
  const extension = dot > 0 && utf8(safe.slice(dot)).length <= 32 ? safe.slice(dot) : '';
  const stem = safe.slice(0, safe.length - extension.length);
  return fitBytes(stem, MAX_FILE_NAME_BYTES - utf8(extension).length) + extension;
}

/** The longest prefix of whole characters within a number of UTF-8 bytes. */
export function fitBytes(text: string, maxBytes: number): string {
  if (utf8(text).length <= maxBytes) return text;
  let out = '';
  let used = 0;
  for (const char of text) {
    used += utf8(char).length;
    if (used > maxBytes) break;
    out += char;
  }
  return out;
}
