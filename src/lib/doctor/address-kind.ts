/** Sorts of address, which say something of a network and nothing of whose it is. */
export const ADDRESS_KINDS = [
  'public IPv4',
  'private IPv4',
  'IPv4 shared by the provider',
  'link-local IPv4',
  'loopback',
  'public IPv6',
  'private IPv6',
  'link-local IPv6',
  'hidden by the browser',
  'unknown',
] as const;

export type AddressKind = (typeof ADDRESS_KINDS)[number];

/** `null` and the empty text, as a browser may give for an address, are unknown. Never throws, whatever the text is. */
export function addressKind(address: string | null): AddressKind {
  const text = (address ?? '').toLowerCase();
  // A name that only this browser can resolve stands for the address (draft-ietf-mmusic-mdns-ice-candidates).
  if (text.endsWith('.local')) return 'hidden by the browser';
  const mapped = /^::ffff:([0-9.]+)$/.exec(text)?.[1];
  const octets = octetsOf(mapped ?? text);
  if (octets !== null) return kindOfIpv4(octets);
  return /^[0-9a-f:.]*:[0-9a-f:.]*(?:%.*)?$/.test(text) ? kindOfIpv6(text) : 'unknown';
}

function octetsOf(text: string): readonly [number, number] | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const octets = match?.slice(1).map(Number) ?? [];
  const [first, second] = octets;
  if (first === undefined || second === undefined || octets.some((octet) => octet > 255)) return null;
  return [first, second];
}

/** RFC 6890. */
function kindOfIpv4([first, second]: readonly [number, number]): AddressKind {
  if (first === 0) return 'hidden by the browser';
  if (first === 127) return 'loopback';
  if (first === 169 && second === 254) return 'link-local IPv4';
  if (first === 100 && second >= 64 && second < 128) return 'IPv4 shared by the provider';
  const isPrivate =
    first === 10 || (first === 172 && second >= 16 && second < 32) || (first === 192 && second === 168);
  return isPrivate ? 'private IPv4' : 'public IPv4';
}

function kindOfIpv6(text: string): AddressKind {
  if (text === '::') return 'hidden by the browser';
  if (text === '::1') return 'loopback';
  if (/^fe[89ab]/.test(text)) return 'link-local IPv6';
  return /^f[cd]/.test(text) ? 'private IPv6' : 'public IPv6';
}
