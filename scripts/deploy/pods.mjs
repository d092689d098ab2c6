/** What must hold of the pods in deploy/kubernetes and of what leads to them. */
import { must } from './report.mjs';
import { containerOf, labelsOf, portsOf, same } from './manifests.mjs';

/**
 * @typedef {import('./manifests.mjs').Workload} Workload
 * @typedef {import('./manifests.mjs').Service} Service
 * @typedef {import('./manifests.mjs').NetworkPolicy} NetworkPolicy
 */

/** @param {Workload} workload */
export function mustBeConfined(workload) {
  const name = workload.metadata?.name;
  const pod = workload.spec?.template.spec;
  must(pod?.automountServiceAccountToken === false, `${name} is given a key to the cluster`);
  must(
    pod.securityContext?.runAsNonRoot === true && (pod.securityContext.runAsUser ?? 0) > 0,
    `${name} may be root`,
  );
  must(pod.securityContext.seccompProfile?.type === 'RuntimeDefault', `${name} may make any system call`);
  const { securityContext, resources, image, livenessProbe, readinessProbe } = containerOf(workload);
  must(securityContext?.readOnlyRootFilesystem === true, `${name} can write to its root file system`);
  must(securityContext.allowPrivilegeEscalation === false, `${name} can gain privileges`);
  must(String(securityContext.capabilities?.drop) === 'ALL', `${name} keeps capabilities`);
  must(
    resources?.requests?.['memory'] !== undefined && resources.limits?.['memory'] !== undefined,
    `${name} has no bound`,
  );
  must(/:\d/.test(image ?? ''), `${name} is of no version in particular`);
  must(livenessProbe !== undefined && readinessProbe !== undefined, `nobody looks after ${name}`);
  must(same(workload.spec?.selector.matchLabels, labelsOf(workload)), `${name} does not select its own pods`);
  for (const { name: volume } of containerOf(workload).volumeMounts ?? []) {
    const volumes = [...(pod.volumes ?? []), ...claimsOf(workload)];
    must(
      volumes.some((one) => one.name === volume),
      `${name} has no volume ${volume}`,
    );
  }
}

/** @param {Workload} workload */
function claimsOf(workload) {
  const claims = workload.kind === 'StatefulSet' ? (workload.spec?.volumeClaimTemplates ?? []) : [];
  return claims.map(({ metadata }) => ({ name: metadata?.name ?? '' }));
}

/**
 * @param {Service} service
 * @param {Workload} workload
 */
export function mustMeet(service, workload) {
  const name = service.metadata?.name;
  must(same(service.spec?.selector, labelsOf(workload)), `the service ${name} selects other pods`);
  const offered = containerOf(workload).ports ?? [];
  for (const { port, targetPort = port } of portsOf(service)) {
    const isThere = offered.some((one) => one.name === targetPort || one.containerPort === targetPort);
    must(isThere, `the service ${name} leads to port ${targetPort}, which nobody has`);
  }
}

/** @param {Workload} parley */
export function mustRollOut(parley) {
  must(
    parley.kind === 'Deployment' && (parley.spec?.replicas ?? 0) >= 2,
    'there are fewer than two processes',
  );
  const { rollingUpdate } = parley.spec?.strategy ?? {};
  must(rollingUpdate?.maxUnavailable === 0, 'one goes before another has come');
  const { startupProbe, readinessProbe, livenessProbe, lifecycle } = containerOf(parley);
  must(
    startupProbe?.httpGet?.path === '/readyz',
    'a process counts as started before it has reached the store',
  );
  for (const probe of [readinessProbe, livenessProbe])
    must(probe?.httpGet?.path === '/healthz', 'a lost store ends processes');
  const waitS = Number(lifecycle?.preStop?.exec?.command?.[1]);
  const graceS = parley.spec?.template.spec?.terminationGracePeriodSeconds ?? 30;
  must(waitS > 0 && waitS + 5 < graceS, 'there is no time between leaving the list and the end');
}

/**
 * @param {NetworkPolicy} policy
 * @param {Workload[]} workloads
 */
export function mustName(policy, workloads) {
  const name = policy.metadata?.name;
  const { podSelector, ingress = [], egress = [] } = policy.spec ?? {};
  const labels = podSelector?.matchLabels;
  if (labels === undefined) return;
  const own = workloads.filter((workload) => same(labels, labelsOf(workload)));
  must(own.length === 1, `the policy ${name} is for nobody`);
  for (const { ports = [] } of ingress) mustOffer(own, ports, `the policy ${name}`);
  for (const { to = [], ports = [] } of egress) {
    for (const peer of to) {
      const wanted = peer.podSelector?.matchLabels;
      if (wanted === undefined) continue;
      const others = workloads.filter((workload) => same(wanted, labelsOf(workload)));
      must(others.length === 1, `the policy ${name} leads to nobody`);
      mustOffer(others, ports, `the policy ${name}`);
    }
  }
}

/**
 * @param {Workload[]} workloads
 * @param {readonly { port?: number | string }[]} ports
 * @param {string} who
 */
function mustOffer(workloads, ports, who) {
  const offered = workloads.flatMap((workload) => containerOf(workload).ports ?? []);
  for (const { port } of ports) {
    must(
      offered.some((one) => one.name === port || one.containerPort === port),
      `${who} names port ${port}`,
    );
  }
}
