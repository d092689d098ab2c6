/** The manifests of deploy/kubernetes, and what of them is said more than once. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import { DEPLOY, ROOT } from './place.mjs';
import { must } from './report.mjs';

/**
 * @typedef {import('kubernetes-types/apps/v1').Deployment | import('kubernetes-types/apps/v1').StatefulSet} Workload
 * @typedef {import('kubernetes-types/core/v1').Service} Service
 * @typedef {import('kubernetes-types/core/v1').ConfigMap} ConfigMap
 * @typedef {import('kubernetes-types/networking/v1').NetworkPolicy} NetworkPolicy
 * @typedef {{ file: string, kind: string, apiVersion: string, metadata: { name: string, namespace?: string } } & any} Manifest
 */

const FOLDER = join(DEPLOY, 'kubernetes');

/** @returns {Manifest[]} */
export function readManifests() {
  return readdirSync(FOLDER)
    .sort()
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8')).map((document) => {
        const [error] = document.errors;
        if (error !== undefined) throw new Error(`${file}: ${error.message}`);
        return { file, ...document.toJS() };
      }),
    );
}

/**
 * @param {Manifest[]} all
 * @returns {(kind: string, name: string) => any}
 */
export function finder(all) {
  return (kind, name) => {
    const found = all.filter((manifest) => manifest.kind === kind && manifest.metadata.name === name);
    must(found.length === 1, `there are ${found.length} of ${kind} ${name}`);
    return found[0];
  };
}

/**
 * Each manifest as a constant of its kind's type: what the type does not have is an error of the compiler.
 * @param {Manifest[]} all
 * @returns {string[]}
 */
export function faultsIn(all) {
  const lines = all.map(({ file, ...manifest }, i) => {
    const [group = '', version = ''] = manifest.apiVersion.includes('/')
      ? manifest.apiVersion.replace('.k8s.io', '').split('/')
      : ['core', manifest.apiVersion];
    const type = `import('kubernetes-types/${group}/${version}').${manifest.kind}`;
    return `/* ${file} */ export const manifest${i}: ${type} = ${JSON.stringify(manifest)};`;
  });
  // Beside node_modules, where the types are found.
  const path = join(ROOT, 'node_modules', '.parley-manifests.ts');
  writeFileSync(path, lines.join('\n'));
  try {
    const options = { strict: true, noEmit: true, types: [], skipLibCheck: true };
    const program = ts.createProgram([path], {
      ...options,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
    });
    return ts.getPreEmitDiagnostics(program).map(({ messageText, start = 0 }) => {
      const line = lines.join('\n').slice(0, start).split('\n').length - 1;
      const { file, kind, metadata } = all[line] ?? { file: '?', kind: '?', metadata: { name: '?' } };
      return `${file}, ${kind} ${metadata.name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  } finally {
    rmSync(path);
  }
}

/** @param {Workload} workload */
export function containerOf(workload) {
  const [container, ...others] = workload.spec?.template.spec?.containers ?? [];
  must(
    container !== undefined && others.length === 0,
    `${workload.metadata?.name} has ${others.length + 1} containers`,
  );
  return container;
}

/** @param {Service} service */
export const portsOf = (service) => service.spec?.ports ?? [];

/** @param {Workload} workload */
export const labelsOf = (workload) => workload.spec?.template.metadata?.labels;

/**
 * @param {unknown} one
 * @param {unknown} other
 */
export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
