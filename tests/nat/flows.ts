import * as z from 'zod';
import { runIn } from './program';

/** One direction of one conversation between two routers, and how much of it there was. */
export type Flow = { protocol: string; from: string; to: string; packets: number };

const SETS = ['flows4', 'flows6', 'others4', 'others6'] as const;

/**
 * The rules of the network in the middle. What goes from one router to another passes its forward hook, and is noted
 * there before anything else: servers are local to it, so nothing of theirs is.
 */
export const MIDDLE_RULES = `
  table inet middle {
    set flows4 {
      type inet_proto . ipv4_addr . inet_service . ipv4_addr . inet_service
      flags dynamic; size 65535; counter
    }
    set flows6 {
      type inet_proto . ipv6_addr . inet_service . ipv6_addr . inet_service
      flags dynamic; size 65535; counter
    }
    set others4 { type inet_proto . ipv4_addr . ipv4_addr; flags dynamic; size 65535; counter; }
    set others6 { type inet_proto . ipv6_addr . ipv6_addr; flags dynamic; size 65535; counter; }
    set private {
      type ipv4_addr; flags interval
      elements = { 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16 }
    }
    chain onward {
      type filter hook forward priority filter; policy accept;
      meta l4proto { tcp, udp } add @flows4 { meta l4proto . ip saddr . th sport . ip daddr . th dport }
      meta l4proto { tcp, udp } add @flows6 { meta l4proto . ip6 saddr . th sport . ip6 daddr . th dport }
      meta l4proto != { tcp, udp } add @others4 { meta l4proto . ip saddr . ip daddr }
      meta l4proto != { tcp, udp } add @others6 { meta l4proto . ip6 saddr . ip6 daddr }
      ip daddr @private drop
      ip saddr @private drop
    }
  }`;

const part = z.union([z.string(), z.number()]).transform(String);
const element = z.object({
  elem: z.object({ val: z.object({ concat: z.array(part) }), counter: z.object({ packets: z.number() }) }),
});
const listing = z.object({
  nftables: z.array(z.object({ set: z.object({ elem: z.array(element).default([]) }).optional() })),
});

/** Everything that has gone from router to router since `forgetFlows`. */
export function readFlows(namespace: string): Flow[] {
  return SETS.flatMap((name) => {
    const text = runIn(namespace, 'nft', ['-j', 'list', 'set', 'inet', 'middle', name]);
    const sets = listing.parse(JSON.parse(text)).nftables.flatMap(({ set }) => set?.elem ?? []);
    return sets.map(({ elem: { val, counter } }) => flowOf(val.concat, counter.packets));
  });
}

/** Those that were answered: what a path from router to router looks like, where an attempt has one direction only. */
export function answered(flows: readonly Flow[]): Flow[] {
  return flows.filter((flow) =>
    flows.some(
      (other) => other.from === flow.to && other.to === flow.from && other.protocol === flow.protocol,
    ),
  );
}

export function forgetFlows(namespace: string): void {
  runIn(namespace, 'nft', ['-f', '-'], SETS.map((name) => `flush set inet middle ${name}`).join('\n'));
}

function flowOf(parts: readonly string[], packets: number): Flow {
  const [protocol = '', ...rest] = parts;
  const half = rest.length / 2;
  return { protocol, from: rest.slice(0, half).join(':'), to: rest.slice(half).join(':'), packets };
}
