/**
 * The NAT lab: real browsers behind real routers, all on this machine, in network namespaces of their own.
 *
 *   node tests/nat/run.js [smoke|matrix|faults|bare|recovery] [--runs N] [--only TEXT]
 *
 * smoke (what most changes need), matrix (36 pairs of networks, writes docs/nat-matrix.md), faults (what happens to
 * a connection in use), bare (the lab itself, with a plain page), recovery (the benchmark). The last line reads "N passed, N failed".
 *
 * Needs Linux, root and a few tools. Without them it says what is missing and succeeds, unless NAT_LAB=required.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findChromium } from '../../scripts/find-chromium.mjs';
import { prefixOf, sweep, sweepDead } from './sweep.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONFIG = fileURLToPath(new URL('playwright.config.ts', import.meta.url));
const PLAYWRIGHT = join(ROOT, 'node_modules/@playwright/test/cli.js');
const TIERS = ['smoke', 'matrix', 'faults', 'bare', 'recovery'];
/** The program, and Debian's package that has it. */
const TOOLS = {
  ip: 'iproute2',
  nft: 'nftables',
  sysctl: 'procps',
  conntrack: 'conntrack',
  turnserver: 'coturn',
  openssl: 'openssl',
  python3: 'python3',
};

/** @param {string} program */
function isInstalled(program) {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false; // not there, or not ours to run
    }
  });
}

/** One sentence, or `null` where the lab can run. */
function whatIsMissing() {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root';
  if (!existsSync('/dev/net/tun')) return 'it needs /dev/net/tun';
  const packages = Object.entries(TOOLS).flatMap(([program, name]) => (isInstalled(program) ? [] : [name]));
  if (packages.length > 0)
    return `it needs ${packages.join(', ')} (apt-get install -y ${packages.join(' ')})`;
  return findChromium() === null ? 'it needs Chromium (apt-get install -y chromium)' : null;
}

/**
 * @param {string} tier
 * @param {string} runs
 * @param {string | undefined} only
 */
function play(tier, runs, only) {
  const prefix = prefixOf(process.pid);
  sweepDead();
  const filter = only === undefined ? [] : ['--grep', only];
  const child = spawn(
    process.execPath,
    [PLAYWRIGHT, 'test', '--config', CONFIG, '--project', tier, ...filter],
    {
      cwd: ROOT,
      env: { ...process.env, LAB_PREFIX: prefix, LAB_RUNS: runs },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal));
  }
  child.once('exit', (code) => {
    process.exitCode = code ?? 1;
  });
  // However it ends, nothing of it stays behind.
  process.once('exit', () => {
    child.kill('SIGKILL');
    sweep(prefix);
  });
}

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string', default: '1' }, only: { type: 'string' } },
  allowPositionals: true,
});
const [tier = 'smoke'] = positionals;
const missing = whatIsMissing();
if (!TIERS.includes(tier) || !/^[1-9]\d*$/.test(values.runs)) {
  process.stderr.write(`Usage: node tests/nat/run.js [${TIERS.join('|')}] [--runs N] [--only TEXT]\n`);
  process.exitCode = 2;
} else if (missing === null) {
  play(tier, values.runs, values.only);
} else {
  const isRequired = process.env['NAT_LAB'] === 'required';
  process.stdout.write(`The NAT lab was left out: ${missing}.\n`);
  process.exitCode = isRequired ? 1 : 0;
}
