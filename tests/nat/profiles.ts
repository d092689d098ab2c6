/** Kinds of network that people sit in, by what their router lets through. */
export const PROFILES = ['cone', 'arc', 'prc', 'sym', 'noudp', 'tcp443', 'double', 'v6'] as const;
export type Profile = (typeof PROFILES)[number];

/** Straight from browser to browser, or through the TURN server at either end. */
export type PathClass = 'direct' | 'relayed';

/** Ports that TURN and the app listen on. */
const OPEN_PORTS = { noudp: '{ 443, 3478 }', tcp443: '443' } as const;

/** What two such networks can do at best. */
export function expectedClass(one: Profile, other: Profile): PathClass {
  const pair = [one, other];
  if (pair.some((profile) => profile === 'noudp' || profile === 'tcp443')) return 'relayed';
  if (pair.includes('v6')) return one === other ? 'direct' : 'relayed';
  const strict = pair.filter((profile) => profile === 'prc' || profile === 'double' || profile === 'sym');
  // A symmetric router's next port cannot be known, so the other one must let any port of its address in.
  return pair.includes('sym') && strict.length === 2 ? 'relayed' : 'direct';
}

/** Every pair once: 36. */
export function everyPair(): [Profile, Profile][] {
  return PROFILES.flatMap((one, index) =>
    PROFILES.slice(index).map((other): [Profile, Profile] => [one, other]),
  );
}

/** The router's rules, for `nft -f -`: `lan` is towards `client`, in `clients`; `wan` is the way out. */
export function rulesOf(profile: Profile, client: string, clients: string): string {
  if (profile === 'v6') return FIREWALL_V6;
  const isTcpOnly = profile === 'noudp' || profile === 'tcp443';
  const isOpen = profile === 'cone' || profile === 'arc';
  const sources = profile === 'arc' ? 'ip saddr @known' : '';
  return `
    table inet router {
      set known { type ipv4_addr; flags dynamic, timeout; timeout 60s; }
      chain before {
        type nat hook prerouting priority dstnat;
        ${isOpen ? `iifname "wan" ${sources} meta l4proto udp dnat ip to ${client}` : ''}
      }
      chain after {
        type nat hook postrouting priority srcnat;
        oifname "wan" masquerade ${profile === 'sym' ? 'fully-random' : ''}
      }
      # A tracked packet from outside that is first would take the port that its answer will need.
      chain inbound {
        type filter hook input priority filter;
        iifname "wan" ct state new drop
      }
      chain onward {
        type filter hook forward priority filter; policy drop;
        ${profile === 'arc' ? 'oifname "wan" meta l4proto udp update @known { ip daddr }' : ''}
        ct state established,related accept
        ct status dnat accept
        ${isTcpOnly ? `iifname "lan" tcp dport != ${OPEN_PORTS[profile]} drop` : ''}
        ${isTcpOnly ? 'iifname "lan" meta l4proto != tcp drop' : ''}
        iifname "lan" ip saddr ${clients} accept
      }
    }`;
}

const FIREWALL_V6 = `
  table inet router {
    chain onward {
      type filter hook forward priority filter; policy drop;
      ct state established,related accept
      iifname "lan" accept
    }
  }`;
