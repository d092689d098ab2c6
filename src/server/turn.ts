import { createHmac, randomBytes, type KeyObject } from 'node:crypto';
import { toBase64url } from '../lib/protocol/bytes';
import type { IceSettings } from '../lib/protocol/signaling';

/** The operator's STUN and TURN servers. `secret` is shared with the relay; as a key object no log can show it. */
export type IceServers = {
  readonly stunUrls: readonly string[];
  readonly turn: {
    readonly urls: readonly string[];
    readonly secret: KeyObject;
    readonly ttlS: number;
  } | null;
};

const USER_BYTES = 16;

/**
 * A name for one session, known to nobody else: the relay can connect it with nothing that this server shows. It stays
 * the same in all credentials of the session, because coturn counts a quota by what stands behind the expiry; with
 * a new one each time, asking again would be a way around it.
 */
export function randomRelayUser(): string {
  return toBase64url(randomBytes(USER_BYTES));
}

/**
 * What a session gets, by "A REST API For Access To TURN Services" (draft-uberti-behave-turn-rest-00, section 2.2):
 * the user name is `expiry:user`, in seconds since 1970, the password `base64(HMAC-SHA1(secret, user name))`. The relay
 * checks both from the secret alone and is told nothing. The client is told how long, not until when: its
 * clock may be wrong. `nowMs` is milliseconds since 1970.
 */
export function iceSettingsFor({ stunUrls, turn }: IceServers, user: string, nowMs: number): IceSettings {
  const stun = stunUrls.length === 0 ? [] : [{ urls: [...stunUrls] }];
  if (turn === null) return { servers: stun, expiresInMs: null };
  const username = `${Math.floor(nowMs / 1_000) + turn.ttlS}:${user}`;
  const credential = createHmac('sha1', turn.secret).update(username).digest('base64');
  return {
    servers: [...stun, { urls: [...turn.urls], username, credential }],
    expiresInMs: turn.ttlS * 1_000,
  };
}
