/**
 * Whether the manifests are what Kubernetes knows (by its API's own shapes, as TypeScript has them, so that a field that
 * does not exist is an error here and not passed over there), and whether they fit together.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { knownSettings } from './known-settings.mjs';
import { containerOf, faultsIn, finder, labelsOf, portsOf, readManifests, same } from './manifests.mjs';
import { deployed } from './place.mjs';
import { mustBeConfined, mustMeet, mustName, mustRollOut } from './pods.mjs';
import { must } from './report.mjs';
import { hasStore, MISSING, startStore } from './store.mjs';

/**
 * @typedef {import('./manifests.mjs').Workload} Workload
 * @typedef {import('./manifests.mjs').ConfigMap} ConfigMap
 */

const PROFILE = 'pod-security.kubernetes.io/enforce';

/** @param {import('./report.mjs').Report} report */
export async function checkKubernetes(report) {
  const all = readManifests();
  const one = finder(all);
  /** @type {Workload} */
  const parley = one('Deployment', 'parley');
  /** @type {Workload} */
  const valkey = one('StatefulSet', 'valkey');

  await report.check('kubernetes: every field exists and is of its kind', () => {
    const faults = faultsIn(all);
    must(faults.length === 0, faults.join('; '));
    return `${all.length} objects`;
  });
  await report.check('kubernetes: one namespace, made first', () => {
    const [first, ...rest] = all;
    must(first?.kind === 'Namespace', `the first is a ${first?.kind}`);
    must(first.metadata.labels[PROFILE] === 'restricted', 'its profile is not the strictest');
    for (const { file, kind, metadata } of rest) {
      must(metadata.namespace === first.metadata.name, `${kind} ${metadata.name} in ${file} is elsewhere`);
    }
  });
  await report.check('kubernetes: pods are confined', () => {
    for (const workload of [parley, valkey]) mustBeConfined(workload);
  });
  await report.check('kubernetes: selectors and ports meet', () => {
    for (const [service, workload] of /** @type {const} */ ([
      ['parley', parley],
      ['valkey', valkey],
    ])) {
      mustMeet(one('Service', service), workload);
    }
    const { selector, minAvailable } = one('PodDisruptionBudget', 'parley').spec;
    must(same(selector.matchLabels, labelsOf(parley)), 'the budget is for other pods');
    must(minAvailable < (parley.spec?.replicas ?? 0), 'the budget lets no machine be emptied');
    const [rule] = one('Ingress', 'parley').spec.rules;
    const { service } = rule.http.paths[0].backend;
    const isOpen = portsOf(one('Service', service.name)).some(({ name }) => name === service.port.name);
    must(isOpen, 'the ingress leads to no port');
    must(
      one('ConfigMap', 'parley').data.ORIGIN === `https://${rule.host}`,
      'ORIGIN is not the host of the ingress',
    );
  });
  await report.check('kubernetes: an update replaces nobody who is needed', () => mustRollOut(parley));
  await report.check('kubernetes: metrics are inside only', () => {
    /** @type {ConfigMap} */
    const { data = {} } = one('ConfigMap', 'parley');
    const port = containerOf(parley).ports?.find(({ name }) => name === 'metrics')?.containerPort;
    must(String(port) === data['METRICS_PORT'], 'METRICS_PORT is not the port named metrics');
    const ports = portsOf(one('Service', 'parley')).map(({ targetPort }) => targetPort);
    must(!ports.includes('metrics') && !ports.includes(port), 'the Service hands out the metrics');
  });
  await report.check('kubernetes: policies name pods and ports that are there', () => {
    for (const policy of all.filter(({ kind }) => kind === 'NetworkPolicy'))
      mustName(policy, [parley, valkey]);
    const nobody = one('NetworkPolicy', 'nobody').spec;
    must(same(nobody.podSelector, {}) && nobody.ingress === undefined, 'not everything else is refused');
  });
  await report.check('kubernetes: its settings are the server’s', () => {
    const known = knownSettings();
    const strange = Object.keys(one('ConfigMap', 'parley').data).filter((name) => !known.has(name));
    must(strange.length === 0, `the server knows no ${strange.join(', ')}`);
  });
  await checkStore(report, one('ConfigMap', 'valkey'), valkey);
}

/**
 * @param {import('./report.mjs').Report} report
 * @param {ConfigMap} configuration
 * @param {Workload} valkey
 */
async function checkStore(report, configuration, valkey) {
  const own = configuration.data?.['valkey.conf'] ?? '';
  await report.check('kubernetes: the store is configured as everywhere', () => {
    must(same(directives(own), directives(deployed('valkey.conf'))), 'it is not what valkey.conf says');
  });
  if (!hasStore) return report.leaveOut('kubernetes: the command of the store', MISSING);
  await report.check('kubernetes: the command of the store', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-store-'));
    const [paths, files] = [
      ['/etc/valkey/valkey.conf', '/run/secrets/valkey/password.conf'],
      [join(folder, 'valkey.conf'), join(folder, 'password.conf')],
    ];
    try {
      writeFileSync(files[0] ?? '', own);
      writeFileSync(files[1] ?? '', 'requirepass a-password-of-this-check\n');
      const { command = [], args = [] } = containerOf(valkey);
      const said = [...command.slice(1), ...args].map(
        (argument) => files[paths.indexOf(argument)] ?? argument,
      );
      const { stop } = await startStore(said);
      await stop();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

/** @param {string} text */
const directives = (text) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
