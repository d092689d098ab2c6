/** Looks for bytes in bytes, however they may have been written down on the way. */

/** A needle as it stands: raw, in hexadecimal, and in base64 at each of the three places a byte can begin at. */
function spellings(needle: Buffer): Buffer[] {
  const hex = needle.toString('hex');
  const base64 = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), needle]).toString('base64');
    // The characters at both ends also hold bits of the neighbours.
    const inner = text.slice(shift === 0 ? 0 : 4, Math.floor(((needle.length + shift) * 8) / 24) * 4);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const escaped = JSON.stringify(needle.toString()).slice(1, -1);
  const texts = [hex, hex.toUpperCase(), escaped, ...base64];
  return [needle, ...new Set(texts)].map((text) => Buffer.from(text));
}

/** Each needle that a haystack holds in any spelling, as `what in where`. */
export function found(needles: Record<string, Buffer>, haystacks: Record<string, Buffer>): string[] {
  return Object.entries(needles).flatMap(([what, needle]) => {
    // What is short is found in noise, and what is nothing is found everywhere.
    if (needle.length < 8) throw new Error(`${what} is too short to be searched for`);
    const spelled = spellings(needle);
    return Object.entries(haystacks).flatMap(([where, haystack]) =>
      spelled.some((spelling) => haystack.includes(spelling)) ? [`${what} in ${where}`] : [],
    );
  });
}
