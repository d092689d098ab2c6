import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

/**
 * Which pages may speak to this server: an exact list. It is also what a host signs into its proofs (section 2), so a
 * claim made at another site is worth nothing here.
 */
export type Origins = ReadonlySet<string>;

const LOOPBACK = ['localhost', '127.0.0.1', '::1'];
/** Listening on every interface includes this machine's own. */
const WILDCARD = ['0.0.0.0', '::'];

export function allowedOrigins(listening: { host: string; port: number; origin: string | null }): Origins {
  if (listening.origin !== null) return new Set([listening.origin]);
  const isLocal = LOOPBACK.includes(listening.host) || WILDCARD.includes(listening.host);
  const hosts = isLocal ? [listening.host, ...LOOPBACK] : [listening.host];
  return new Set(hosts.map((host) => httpOrigin(host, listening.port)));
}

export function httpOrigin(host: string, port: number): string {
  return new URL(`http://${isIPv6(host) ? `[${host}]` : host}:${port}`).origin;
}

/** The allowed origin a request names itself, or `null`: none, foreign, or the opaque `null`. */
export function statedOrigin(request: IncomingMessage, origins: Origins): string | null {
  const { origin } = request.headers;
  return origin !== undefined && origins.has(origin) ? origin : null;
}

/**
 * The origin of an event stream. A browser sends no Origin with a same-origin GET; then its own word for it
 * (Sec-Fetch-Site, which no page can set) must say so, and the Host must be one of ours.
 */
export function streamOrigin(request: IncomingMessage, origins: Origins): string | null {
  const { origin, host } = request.headers;
  if (origin !== undefined) return statedOrigin(request, origins);
  if (request.headers['sec-fetch-site'] !== 'same-origin' || host === undefined) return null;
  return [...origins].find((allowed) => new URL(allowed).host === host) ?? null;
}
