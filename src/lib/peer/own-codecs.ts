const SECTION = /^(?=m=)/m;
const FORMATS = /^m=\S+ \d+(?:\/\d+)? (?:\S+\/)?RTP\/S?AVPF? (.*)/;
const ABOUT_FORMAT = /^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) .*\r?\n/gm;

/**
 * The description without what it says of codecs that it does not offer. After `setCodecPreferences` Firefox (153) leaves
 * `a=rtcp-fb` lines of the codecs that were left out; Chromium refuses the whole description ("Failed to parse codecs
 * correctly"), and RFC 4585 section 4.2 allows only formats of the `m=` line there, or `*`.
 */
export function withOwnCodecsOnly(sdp: string): string {
  return sdp.split(SECTION).map(sectionWithOwnCodecsOnly).join('');
}

function sectionWithOwnCodecsOnly(section: string): string {
  const formats = FORMATS.exec(section)?.[1]?.trim().split(' ');
  if (formats === undefined) return section;
  return section.replace(ABOUT_FORMAT, (line: string, format: string) =>
    formats.includes(format) ? line : '',
  );
}
