import { setTimeout as last } from 'node:timers/promises';
import type { Lab, Person } from './lab';
import type { Site } from './topology';
import { CUT, GOOD } from './wire';

/** What happens to a connection in use. Answers when a path was usable again: milliseconds since 1970. */
export type Fault = (lab: Lab, site: Site) => Promise<number>;

/** As long as a train is in a tunnel. */
const HOLE_MS = 8_000;

const now = (): number => Date.now();

export const FAULTS = {
  /** The phone's network is there before the other goes, and nobody is told: most switches are like that. */
  'Wi-Fi to mobile': async (lab, site) => {
    lab.topology.raiseUplink(site, 'mobile');
    lab.topology.dropUplink(site, 'home');
    return now();
  },
  'mobile to Wi-Fi': async (lab, site) => {
    lab.topology.raiseUplink(site, 'home');
    lab.topology.dropUplink(site, 'mobile');
    return now();
  },
  '8 s black hole': async (_, { wire }) => {
    if (wire === null) throw new Error('there is no wire to cut');
    await wire.become(CUT);
    await last(HOLE_MS);
    await wire.become(GOOD);
    return now();
  },
  'new address': async (lab, site) => {
    lab.topology.renumber(site);
    return now();
  },
  'new address and server restart': async (lab, site) => {
    const restarted = lab.restartServers();
    lab.topology.renumber(site);
    await restarted;
    return now();
  },
} as const satisfies Record<string, Fault>;

/** A guest in a network in which all of that can happen. */
export async function inTrouble(lab: Lab, name: string): Promise<{ guest: Person; host: Person }> {
  const guest = await lab.wired(name, 'prc');
  await lab.topology.addMobile(guest.site, `${name}-mobile`);
  return { guest, host: await lab.person('b', 'prc') };
}
