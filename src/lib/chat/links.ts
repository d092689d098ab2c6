/**
 * A message's text as pieces to show: plain text, code, and links. Only http and https addresses become links, and
 * what a link shows is where it leads: the host is the one that the browser will ask, never a look-alike.
 */
export type Piece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'code'; readonly text: string; readonly isBlock: boolean }
  | { readonly type: 'link'; readonly text: string; readonly href: string };

/** ```block```, `inline`, or an address up to white space or a quotation mark. One pass, no backtracking. */
const SPECIAL =
  /```\n?([^]*?)```|(?<!`)`([^`\n]+)`(?!`)|(?<![\p{L}\p{N}])(https?:\/\/[^\s<>"`\u201C\u201D]+)/giu;

export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(SPECIAL)) {
    const [whole, block, inline, address] = match;
    const trimmed = address === undefined ? whole : trimEnd(address);
    const piece = pieceOf(block, inline, trimmed);
    if (piece === null) continue;
    if (match.index > at) found.push({ type: 'text', text: text.slice(at, match.index) });
    found.push(piece);
    at = match.index + trimmed.length;
  }
  if (at < text.length) found.push({ type: 'text', text: text.slice(at) });
  return found;
}

function pieceOf(block: string | undefined, inline: string | undefined, address: string): Piece | null {
  if (block !== undefined) return { type: 'code', text: block.replace(/\n$/, ''), isBlock: true };
  if (inline !== undefined) return { type: 'code', text: inline, isBlock: false };
  return linkOf(address);
}

const PUNCTUATION = `.,;:!?'*_~\u2026\u2019\u3002\u3001`;
const BRACKETS = new Map([
  [')', '('],
  [']', '['],
  ['}', '{'],
]);

/** Punctuation at the end belongs to the sentence, and so does a closing bracket that the address did not open. */
function trimEnd(address: string): string {
  const open = new Map<string, number>();
  for (const char of address) open.set(char, (open.get(char) ?? 0) + 1);
  const count = (char: string): number => open.get(char) ?? 0;
  let end = address.length;
  for (; end > 0; end--) {
    const last = address.charAt(end - 1);
    const opening = BRACKETS.get(last);
    const isStray = opening !== undefined && count(last) > count(opening);
    if (!isStray && !PUNCTUATION.includes(last)) break;
    open.set(last, count(last) - 1);
  }
  return address.slice(0, end);
}

function linkOf(address: string): Piece | null {
  const parts = /^https?:\/\/([^/\\?#]+)(.*)$/i.exec(address);
  if (parts === null || !URL.canParse(address)) return null;
  const url = new URL(address);
  // What stands before an @ looks like the host and is not; nobody needs it in a message.
  url.username = '';
  url.password = '';
  const [, authority = '', rest = ''] = parts;
  const port = url.port === '' ? '' : `:${url.port}`;
  const text = `${url.protocol}//${shownHost(authority, url.hostname)}${port}${rest}`;
  return { type: 'link', text, href: url.href };
}

const ASCII = /^[a-z\d.-]*$/;
/** Latin letters that readers tell apart from plain ones: no dotless i, no kra, no letters with stray dots. */
const LATIN = /^[a-z\d.\-\u00DF-\u00F6\u00F8-\u0130\u0132-\u0137\u0139-\u013E\u0141-\u0148\u014A-\u017E]+$/u;
/** One label in a script of East Asia: never mixed with Latin, because `ノ` looks like a slash. */
const EAST_ASIAN =
  /^[\d\-\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u30FC\u3005]+$/u;
/** All else must be of one script from the first label to the last: no Cyrillic name under `.com`. */
const ONE_SCRIPT = [
  'Cyrillic',
  'Greek',
  'Arabic',
  'Hebrew',
  'Devanagari',
  'Thai',
  'Armenian',
  'Georgian',
].map((script) => new RegExp(String.raw`^[\p{Script=${script}}\p{M}\d.\-]+$`, 'u'));

/** The host as its readers write it where that cannot mislead, else as the browser asks for it (`xn--...`). */
function shownHost(authority: string, hostname: string): string {
  const written = authority
    .slice(authority.lastIndexOf('@') + 1)
    .replace(/:\d*$/, '')
    .toLowerCase()
    .normalize('NFC');
  if (ASCII.test(written) || !isClear(written)) return hostname;
  const address = `http://${written}`;
  return URL.canParse(address) && new URL(address).hostname === hostname ? written : hostname;
}

const isClear = (host: string): boolean =>
  LATIN.test(host) ||
  ONE_SCRIPT.some((script) => script.test(host)) ||
  host.split('.').every((label) => ASCII.test(label) || EAST_ASIAN.test(label));
