import { forgetFlows, MIDDLE_RULES, readFlows, type Flow } from './flows';
import { rulesOf, type Profile } from './profiles';
import { run, runIn } from './program';
import { sweep } from './sweep';
import { Wire } from './wire';

/** Documentation addresses (RFC 5737, RFC 3849): public to everybody who looks at them, and nobody's. */
export const APP = { name: 'meet.example', v4: '203.0.113.10', v6: '2001:db8:ff::10' } as const;
export const BARE = { name: 'bare.example', v4: '203.0.113.11', v6: '2001:db8:ff::11' } as const;
export const TURN = { name: 'turn.example', v4: '203.0.113.20', v6: '2001:db8:ff::20' } as const;
/** Another relay, which allows next to nothing. */
export const TIGHT_TURN = { name: 'tight.example', v4: '203.0.113.21', v6: '2001:db8:ff::21' } as const;
const SERVERS = [APP, BARE, TURN, TIGHT_TURN];
const MIDDLE = '203.0.113.1';
const LINK_LOCAL = { middle: 'fe80::1', router: 'fe80::2' } as const;

/** A home network. Both ends have the same one on purpose: what should stay in it cannot work by accident. */
const HOME = { client: '192.168.1.2', router: '192.168.1.1', net: '192.168.1.0/24' } as const;
/** What a phone gives to those who go online through it. */
const MOBILE = { client: '192.168.43.2', router: '192.168.43.1', net: '192.168.43.0/24' } as const;
const CARRIER = { client: '100.64.0.2', router: '100.64.0.1', net: '100.64.0.0/24' } as const;
/** The first one counts while both are up. */
const UPLINKS = {
  home: { device: 'eth0', lan: HOME, metric: 100 },
  mobile: { device: 'eth1', lan: MOBILE, metric: 200 },
} as const;
type Lan = typeof HOME | typeof MOBILE | typeof CARRIER;

/** One person's network: their device and what is between it and the middle. */
export type Site = {
  readonly profile: Profile;
  /** Namespaces. */
  readonly client: string;
  readonly router: string;
  /** The cable from the device to the router, where it was asked for. */
  readonly wire: Wire | null;
};

/** A whole internet in network namespaces: devices behind routers around a middle that holds the servers. */
export class Topology {
  readonly #prefix: string;
  readonly middle: string;
  readonly #wires: Wire[] = [];
  readonly #devices = new Map<string, string>();
  #routers = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.middle = this.#add('middle');
    forward(this.middle);
    ip(this.middle, [
      'link set lo up',
      ...SERVERS.flatMap(({ v4, v6 }) => [`addr add ${v4}/32 dev lo`, `addr add ${v6}/128 dev lo nodad`]),
    ]);
    load(this.middle, MIDDLE_RULES);
  }

  /** A device behind a router of that kind; with `isWired`, on a cable that can be made worse. */
  async site(name: string, profile: Profile, isWired = false): Promise<Site> {
    const client = this.#add(`${name}-client`);
    ip(client, ['link set lo up']);
    if (profile === 'v6') return { profile, client, router: this.#behindFirewall(name, client), wire: null };
    // Without it the device would have addresses of a protocol that its network does not speak.
    sysctl(client, 'net.ipv6.conf.all.disable_ipv6=1');
    const { router, wire } = await this.#uplink(name, client, 'eth0', HOME, profile, isWired);
    const site = { profile, client, router, wire };
    this.raiseUplink(site, 'home');
    return site;
  }

  /** Another way out for the same device, a phone's. It is down until it is raised. */
  async addMobile(site: Site, name: string): Promise<void> {
    await this.#uplink(name, site.client, UPLINKS.mobile.device, MOBILE, 'prc', false);
    this.dropUplink(site, 'mobile');
  }

  /** As a device does that joins a network: it has an address there from now on. */
  raiseUplink(site: Site, uplink: keyof typeof UPLINKS): void {
    const { device, lan, metric } = UPLINKS[uplink];
    ip(site.client, [
      `link set ${device} up`,
      `addr replace ${lan.client}/24 dev ${device}`,
      `route replace default via ${lan.router} dev ${device} metric ${metric}`,
    ]);
  }

  /** And no longer: an address that stayed behind would be offered to others for ever. */
  dropUplink(site: Site, uplink: keyof typeof UPLINKS): void {
    const { device } = UPLINKS[uplink];
    ip(site.client, [`addr flush dev ${device}`, `link set ${device} down`]);
  }

  /** The router's provider gives it another address; all that it kept in mind is void. */
  renumber(site: Site): void {
    const address = this.#nextAddress();
    const device = this.#deviceOf(site.router);
    ip(this.middle, [`addr flush dev ${device}`, `addr add ${MIDDLE} peer ${address} dev ${device}`]);
    ip(site.router, [
      'addr flush dev wan',
      `addr add ${address} peer ${MIDDLE} dev wan`,
      `route add default via ${MIDDLE} dev wan`,
    ]);
    runIn(site.router, 'conntrack', ['-F']);
  }

  flows(): Flow[] {
    return readFlows(this.middle);
  }

  forgetFlows(): void {
    forgetFlows(this.middle);
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#wires.map((wire) => wire.remove()));
    sweep(this.#prefix);
  }

  #add(name: string): string {
    const namespace = `${this.#prefix}-${name}`;
    run('ip', ['netns', 'add', namespace]);
    return namespace;
  }

  #nextAddress(): string {
    return `198.51.100.${++this.#routers}`;
  }

  /** What the middle calls its end of a router's cable. */
  #deviceOf(router: string): string {
    const device = this.#devices.get(router) ?? `router${this.#devices.size}`;
    this.#devices.set(router, device);
    return device;
  }

  /** A router in front of `device` of the client, and its own way to the middle. */
  async #uplink(
    name: string,
    client: string,
    device: string,
    lan: Lan,
    profile: Profile,
    isWired: boolean,
  ): Promise<{ router: string; wire: Wire | null }> {
    const router = this.#add(name);
    const inner = profile === 'double' ? 'prc' : profile;
    forward(router);
    load(router, rulesOf(inner, lan.client, lan.net));
    const wire = isWired ? await Wire.lay([client, device], [router, 'lan']) : null;
    if (wire === null) connect([client, device], [router, 'lan']);
    else this.#wires.push(wire);
    ip(client, [`addr add ${lan.client}/24 dev ${device}`, `link set ${device} up`]);
    ip(router, ['link set lo up', `addr add ${lan.router}/24 dev lan`, 'link set lan up']);
    if (profile !== 'double') {
      this.#reachMiddle(router);
      return { router, wire };
    }
    const { router: outer } = await this.#uplink(`${name}-carrier`, router, 'wan', CARRIER, 'prc', false);
    ip(router, [`route add default via ${CARRIER.router} dev wan`]);
    return { router: outer, wire };
  }

  #reachMiddle(router: string): void {
    const address = this.#nextAddress();
    const device = this.#deviceOf(router);
    connect([router, 'wan'], [this.middle, device]);
    ip(this.middle, [`addr add ${MIDDLE} peer ${address} dev ${device}`, `link set ${device} up`]);
    ip(router, [
      `addr add ${address} peer ${MIDDLE} dev wan`,
      'link set wan up',
      `route add default via ${MIDDLE} dev wan`,
    ]);
  }

  /** No IPv4 at all, a prefix of its own, and a firewall that lets answers in. */
  #behindFirewall(name: string, client: string): string {
    const router = this.#add(name);
    const net = `2001:db8:${(++this.#routers).toString(16)}:`;
    const device = this.#deviceOf(router);
    forward(router);
    load(router, rulesOf('v6', '', ''));
    connect([client, 'eth0'], [router, 'lan']);
    connect([router, 'wan'], [this.middle, device]);
    ip(router, [
      'link set lo up',
      `addr add ${net}:1/64 dev lan nodad`,
      'link set lan up',
      `addr add ${LINK_LOCAL.router}/64 dev wan nodad`,
      'link set wan up',
      `-6 route add default via ${LINK_LOCAL.middle} dev wan`,
    ]);
    ip(client, [
      `addr add ${net}:2/64 dev eth0 nodad`,
      'link set eth0 up',
      `-6 route add default via ${net}:1 dev eth0`,
    ]);
    ip(this.middle, [
      `addr add ${LINK_LOCAL.middle}/64 dev ${device} nodad`,
      `link set ${device} up`,
      `-6 route add ${net}:/64 via ${LINK_LOCAL.router} dev ${device}`,
    ]);
    return router;
  }
}

/** What names mean in that network, as Chromium's `--host-resolver-rules`. */
export function namesIn({ profile }: Site): string {
  const address = ({ v4, v6 }: { v4: string; v6: string }) => (profile === 'v6' ? `[${v6}]` : v4);
  // WebRTC asks for names with a full stop at the end.
  const names = SERVERS.flatMap((server) => [server, { ...server, name: `${server.name}.` }]);
  return names.map((server) => `MAP ${server.name} ${address(server)}`).join();
}

function connect(one: [namespace: string, device: string], other: [string, string]): void {
  const peer = ['peer', 'name', other[1], 'netns', other[0]];
  run('ip', ['link', 'add', one[1], 'netns', one[0], 'type', 'veth', ...peer]);
}

function ip(namespace: string, commands: readonly string[]): void {
  // A batch knows no change of family in between.
  for (const family of ['', '-6 ']) {
    const lines = commands.filter((command) => command.startsWith('-6 ') === (family !== ''));
    if (lines.length === 0) continue;
    const batch = lines.map((line) => line.slice(family.length)).join('\n');
    run('ip', [...(family === '' ? [] : ['-6']), '-n', namespace, '-batch', '-'], `${batch}\n`);
  }
}

function load(namespace: string, rules: string): void {
  runIn(namespace, 'nft', ['-f', '-'], rules);
}

function sysctl(namespace: string, ...settings: string[]): void {
  runIn(namespace, 'sysctl', ['-q', '-w', ...settings]);
}

function forward(namespace: string): void {
  sysctl(namespace, 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
}
