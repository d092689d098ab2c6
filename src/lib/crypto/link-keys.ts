import { concat, utf8, type Bytes } from '../protocol/bytes';
import { idBytes, type MeetingId } from '../protocol/ids';
import { expand, extract, importHmacKey } from './hash';

const PSK_BYTES = 32;
const PUSH_TAG_BYTES = 16;

/**
 * What the link's secret is used for (section 4): `psk` opens and seals handshake message 1 and nothing else, so a link
 * that leaks later opens no recorded session. `pushTag` names the meeting in a push message to those who know the link.
 */
export async function linkKeys(id: MeetingId, secret: Bytes): Promise<{ psk: Bytes; pushTag: Bytes }> {
  const prk = await extract(utf8('parley1'), secret);
  const key = await importHmacKey(prk);
  prk.fill(0);
  const meeting = idBytes(id);
  const [psk, pushTag] = await Promise.all([
    expand(key, concat(utf8('parley1 psk'), meeting), PSK_BYTES),
    expand(key, concat(utf8('parley1 push'), meeting), PUSH_TAG_BYTES),
  ]);
  return { psk, pushTag };
}
