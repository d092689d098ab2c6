import { equalBytes, utf8, concat, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { idBytes, toId, type MeetingId } from '../protocol/ids';
import { checkedBytes, decodeFragment, encodeFragment, LINK_CHECK_LABEL } from '../protocol/link';
import { sha256 } from './hash';

/** The link's check value (section 1): catches a link that was cut or mistyped before anything is sent. */

const SECRET_BYTES = 32;
const CHECK_BYTES = 2;

/** The 32 random bytes that make a link private. */
export function createSecret(): Bytes {
  return crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
}

/** The fragment, without `#`, of a meeting's link: 68 characters. */
export async function makeFragment(id: MeetingId, secret: Bytes): Promise<string> {
  const checked = checkedBytes(idBytes(id), secret);
  return encodeFragment(checked, await checkOf(checked));
}

/** Throws `link/malformed`. */
export async function openFragment(fragment: string): Promise<{ id: MeetingId; secret: Bytes }> {
  const { id, secret, checked, check } = decodeFragment(fragment);
  if (!equalBytes(await checkOf(checked), check)) throw new ParleyError('link/malformed');
  return { id: toId<MeetingId>(id), secret };
}

/** The first 2 bytes of `H("parley1 link" | version | id | secret)`. */
async function checkOf(checked: Bytes): Promise<Bytes> {
  return (await sha256(concat(utf8(LINK_CHECK_LABEL), checked))).slice(0, CHECK_BYTES);
}
