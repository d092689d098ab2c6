/**
 * Whether compose.yaml has only what the Compose specification knows, whether everything in it leads somewhere, and
 * whether what is confined stays so.
 */
import { existsSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { parse } from 'yaml';
import { knownSettings } from './known-settings.mjs';
import { DEPLOY, deployed } from './place.mjs';
import { must } from './report.mjs';
import { hasStore, MISSING, startStore } from './store.mjs';

/** What this file may have, in the words of the specification; a misspelt one would be left out in silence. */
const TOP_LEVEL = ['name', 'services', 'networks', 'volumes'];
const OF_A_SERVICE = [
  ...[
    'image',
    'build',
    'command',
    'entrypoint',
    'environment',
    'user',
    'depends_on',
    'healthcheck',
    'restart',
  ],
  ...['ports', 'networks', 'network_mode', 'volumes', 'tmpfs', 'ulimits', 'logging'],
  ...['read_only', 'cap_add', 'cap_drop', 'security_opt'],
];

/** Both processes, as people who read the file see them. */
export const APPS = ['app-1', 'app-2'];
/** Made by who runs it; empty means no TURN over TLS. */
const OPTIONAL_FOLDER = './coturn/certificate';

export const compose = () => parse(deployed('compose.yaml'), { merge: true });

/** @param {import('./report.mjs').Report} report */
export async function checkCompose(report) {
  const file = compose();
  /** @type {[string, any][]} */
  const services = Object.entries(file.services);

  await report.check('compose.yaml is a Compose file', () => {
    for (const key of Object.keys(file)) {
      must(key.startsWith('x-') || TOP_LEVEL.includes(key), `${key} is not of a Compose file`);
    }
    for (const [name, service] of services) {
      const strange = Object.keys(service).find((key) => !OF_A_SERVICE.includes(key));
      must(strange === undefined, `${name} has ${strange}, which is not of a service`);
    }
  });
  await report.check('compose.yaml: what is named is there', () => {
    for (const [name, service] of services) {
      for (const [kind, names] of Object.entries({
        services: service.depends_on,
        networks: service.networks,
      })) {
        for (const one of Array.isArray(names) ? names : Object.keys(names ?? {})) {
          must(file[kind]?.[one] !== undefined, `${name} names ${one}, which is not among the ${kind}`);
        }
      }
      for (const volume of service.volumes ?? []) mustLead(file, name, volume);
    }
    const { context, dockerfile } = file.services[APPS[0] ?? ''].build;
    must(existsSync(join(DEPLOY, context, dockerfile)), `there is no ${dockerfile} in ${context}`);
  });
  await report.check('compose.yaml: everything is confined', () => {
    for (const [name, { read_only, cap_drop, cap_add, security_opt, restart, image, ports }] of services) {
      must(read_only === true, `${name} can write to its root file system`);
      must(String(cap_drop) === 'ALL', `${name} keeps capabilities`);
      must(
        (cap_add ?? []).every((/** @type {string} */ one) => one === 'NET_BIND_SERVICE'),
        `${name} has more`,
      );
      must(security_opt.includes('no-new-privileges:true'), `${name} can gain privileges`);
      must(restart === 'unless-stopped', `${name} does not come back`);
      must(image === 'parley' || /:\d/.test(image), `${name} is of no version in particular`);
      must(ports === undefined || name === 'caddy', `${name} is open to the internet`);
    }
    must(file.networks.store.internal === true, 'the store can be reached from elsewhere');
    const onStore = services.filter(([, { networks }]) => networks?.includes('store')).map(([name]) => name);
    must(onStore.join() === [...APPS, 'valkey'].join(), `on the network of the store are ${onStore.join()}`);
  });
  await report.check('compose.yaml: its settings are the server’s, and who leaves one out is told', () => {
    const known = knownSettings();
    for (const app of APPS) {
      const strange = Object.keys(file.services[app].environment).filter((name) => !known.has(name));
      must(strange.length === 0, `the server knows no ${strange.join(', ')}`);
    }
    const text = deployed('compose.yaml').replaceAll('$$', '');
    const used = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name));
    const answered = new Set([...text.matchAll(/\$\{(\w+):[?-]/g)].map(([, name]) => name));
    for (const name of used) must(answered.has(name), `nobody is told when ${name} is not set`);
    for (const name of answered)
      must(
        text.includes(`#   ${name}`) || text.includes(`; ${name},`) || text.includes(`: ${name},`),
        `${name} is not explained`,
      );
  });
  if (!hasStore) report.leaveOut('compose.yaml: the command of the store', MISSING);
  else {
    await report.check('compose.yaml: the command of the store', async () => {
      const [, path, ...rest] = file.services.valkey.command;
      must(path === '/etc/valkey/valkey.conf', `it begins with ${path}`);
      const { stop } = await startStore([join(DEPLOY, 'valkey.conf'), ...rest]);
      await stop();
    });
  }
}

/**
 * @param {any} file
 * @param {string} service
 * @param {string} volume `source:target[:ro]`
 */
function mustLead(file, service, volume) {
  const [source = '', , mode] = volume.split(':');
  if (!source.startsWith('.')) {
    must(source in (file.volumes ?? {}), `${service} has the volume ${source}, which is nowhere`);
    return;
  }
  must(mode === 'ro', `${service} can write to ${source}`);
  must(source === OPTIONAL_FOLDER || existsSync(normalize(join(DEPLOY, source))), `there is no ${source}`);
}
