/**
 * Pictures are shown by what their bytes are, never by what the other side calls them. Only formats that can hold
 * nothing but a picture: an SVG or an HTML file is a program.
 */
const MAX_PREVIEW_BYTES = 32 * 1024 * 1024;
/** As far as the longest signature below reaches. */
const SIGNATURE_BYTES = 12;

/** The file as a picture that is safe to show, or null if it is none. */
export async function asPicture(contents: Blob): Promise<Blob | null> {
  if (contents.size > MAX_PREVIEW_BYTES) return null;
  const type = pictureType(new Uint8Array(await contents.slice(0, SIGNATURE_BYTES).arrayBuffer()));
  return type === null ? null : contents.slice(0, contents.size, type);
}

/** Signatures: PNG §5.2, JPEG B.1.1.3, GIF89a §17, WebP (RIFF container), AVIF (ISO BMFF file type box). */
export function pictureType(head: Uint8Array): string | null {
  const text = String.fromCharCode(...head.subarray(0, SIGNATURE_BYTES));
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (/^GIF8[79]a/.test(text)) return 'image/gif';
  if (/^RIFF[^]{4}WEBP/.test(text)) return 'image/webp';
  if (/^[^]{4}ftypavi[fs]/.test(text)) return 'image/avif';
  return null;
}
