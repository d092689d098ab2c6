import type { IncomingMessage } from 'node:http';
import { isIP, isIPv4 } from 'node:net';

/** Where a request comes from, and how much of that is ever counted or written. */

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * The client's address. Behind proxies, each of the `trustedHops` nearest ones appended what it saw to
 * X-Forwarded-For; what stands left of that was written by the client and is worth nothing.
 */
export function clientAddress(request: IncomingMessage, trustedHops: number): string {
  const direct = request.socket.remoteAddress ?? '';
  if (trustedHops === 0) return unmapped(direct);
  const header = request.headers['x-forwarded-for'];
  const hops = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',');
  const claimed = hops[hops.length - trustedHops]?.trim() ?? '';
  return unmapped(isIP(claimed) === 0 ? direct : claimed);
}

/** The network an address is counted and logged as: IPv4 to /24, IPv6 to /48 (SERVER, limits and log modes). */
export function prefixOf(address: string): string {
  if (isIPv4(address)) return address.replace(/\.\d+$/, '.0');
  if (isIP(address) === 0) return 'unknown';
  // Only the first three groups count; `::` inside them stands for zeros.
  const [head = ''] = address.split('%', 1)[0]?.split('::') ?? [];
  const groups = head.split(':').filter((group) => group !== '');
  const kept = [0, 1, 2].map((i) => Number.parseInt(groups[i] ?? '0', 16).toString(16));
  return `${kept.join(':')}::`;
}

/** A dual-stack socket shows IPv4 clients as `::ffff:a.b.c.d`. */
function unmapped(address: string): string {
  return MAPPED.exec(address)?.[1] ?? address;
}
