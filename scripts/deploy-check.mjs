/**
 * Is deploy/ right? Its files are read by the programs that they are for, and then the same topology is started from
 * them on this machine: a proxy with TLS, two processes of the server, the store where they meet, a relay.
 *
 *   npm run deploy:check             the last line reads "N passed, N failed"
 *   npm run deploy:check -- files    without starting the topology
 *
 * What a missing program leaves out is said in a line; with DEPLOY=required it counts as failed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { hasCoturn, MISSING as NO_COTURN } from './coturn.mjs';
import { checkCompose } from './deploy/compose.mjs';
import { checkImage } from './deploy/image.mjs';
import { checkKubernetes } from './deploy/kubernetes.mjs';
import { ROOT } from './deploy/place.mjs';
import { CADDY, checkProxies, MISSING, NGINX } from './deploy/proxies.mjs';
import { checkRelay } from './deploy/relay.mjs';
import { Report } from './deploy/report.mjs';
import { hasStore, MISSING as NO_STORE } from './deploy/store.mjs';
import { checkUnits } from './deploy/units.mjs';
import { requireChromium } from './find-chromium.mjs';

const isFilesOnly = process.argv.includes('files');
const report = new Report({ isAllRequired: process.env.DEPLOY === 'required' });

/** The end-to-end tests in tests/deploy, which count for themselves. */
function runTopology() {
  for (const [isHere, why] of /** @type {const} */ ([
    [NGINX !== null, MISSING.nginx],
    [CADDY !== null, MISSING.caddy],
    [hasStore, NO_STORE],
    [hasCoturn(), NO_COTURN],
  ])) {
    if (!isHere) report.leaveOut('the topology', why);
  }
  if (!hasStore || !hasCoturn() || (NGINX === null && CADDY === null)) return;
  requireChromium();
  const folder = mkdtempSync(join(tmpdir(), 'parley-reports-'));
  const path = join(folder, 'topology.json');
  try {
    const playwright = join(ROOT, 'node_modules', '@playwright', 'test', 'cli.js');
    const config = join('tests', 'deploy', 'playwright.config.ts');
    spawnSync(process.execPath, [playwright, 'test', '--config', config], {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, LAB_REPORT: path },
    });
    report.add(JSON.parse(readFileSync(path, 'utf8')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

try {
  const { status } = spawnSync(process.execPath, [join('scripts', 'ready.mjs'), '--build'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('There is no build to check.');
  for (const check of [checkProxies, checkUnits, checkCompose, checkRelay, checkKubernetes, checkImage]) {
    await check(report);
  }
  if (!isFilesOnly) runTopology();
  process.stdout.write(`\n${report.passed} passed, ${report.failed} failed\n`);
  process.exitCode = report.failed === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
