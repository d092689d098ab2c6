import { m } from '../words/messages';
import type { Message } from './reading';

/** What each call and each event of `protocol/signaling.ts` is for, and what the transport says by itself. */
const SENT: Readonly<Record<string, () => string>> = {
  connect: m.record_connect,
  status: m.record_status,
  watch: m.record_watch,
  claim: m.record_claim,
  release: m.record_release,
  knock: m.record_knock,
  leave: m.record_leave,
  ice: m.record_ice,
  relay: m.record_relay,
  retire: m.record_retire,
  tell: m.record_tell,
  untell: m.record_untell,
  serverInfo: m.record_server_info,
  beat: m.record_alive,
  PING: m.record_alive,
  PONG: m.record_alive,
  ping: m.record_alive,
  'subscription.stop': m.record_stop,
};
const RECEIVED: Readonly<Record<string, () => string>> = {
  hello: m.record_hello,
  presence: m.record_presence,
  knock: m.record_knocked,
  relay: m.record_relayed,
  gone: m.record_gone,
  superseded: m.record_superseded,
  retired: m.record_retired,
  PING: m.record_alive,
  PONG: m.record_alive,
  ping: m.record_alive,
};

/** In words; empty where there is nothing to add to the name. */
export function meaningsOf({ names, isSent, isAnswer }: Message): string[] {
  if (isAnswer) return [m.record_answer()];
  const words = isSent ? SENT : RECEIVED;
  return [...new Set(names.map((name) => words[name]?.() ?? '').filter((text) => text !== ''))];
}
