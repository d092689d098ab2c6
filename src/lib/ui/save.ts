/**
 * Hands a file to the browser's own download, under a name made safe before. Never with the type that the
 * sender claimed: the browser must store it, not open it (section 8).
 *
 * @returns the object URL, which the download may still be reading; the caller revokes it later.
 */
export function saveFile(contents: Blob, name: string): string {
  const url = URL.createObjectURL(contents.slice(0, contents.size, 'application/octet-stream'));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  return url;
}
