/**
 * The NAT lab: real browsers behind real routers, all on this machine, in network namespaces of their own.
 *
 *   node tests/nat/run.js [smoke|matrix|faults|bare|recovery] [--runs N] [--only TEXT]
 *
 * smoke (what most changes need), matrix (36 pairs of networks, writes docs/nat-matrix.md), faults (what happens to
 * a connection in use), bare (the lab itself, with a plain page), recovery (the benchmark). The last line reads "N passed, N failed".
 *
 * Needs Linux, root and a few tools. Without them it says what is missing and succeeds, unless NAT_LAB=required.
 * LAB_REPORT names a file for the counts, PARLEY_BUILD another build than the project's.
 */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, writeFileSync } from 'node:fs';
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
  if (!hasTun()) return 'it needs /dev/net/tun';
  const packages = Object.entries(TOOLS).flatMap(([program, name]) => (isInstalled(program) ? [] : [name]));
  if (packages.length > 0)
    return `it needs ${packages.join(', ')} (apt-get install -y ${packages.join(' ')})`;
  if (findChromium() === null) return 'it needs Chromium (apt-get install -y chromium)';
  const refusal = whatIsRefused();
  return refusal === null ? null : `it needs to make networks of its own, and this machine says: ${refusal}`;
}

function hasTun() {
  try {
    closeSync(openSync('/dev/net/tun', 'r+'));
    return true;
  } catch {
    return false; // not there, or not for this container
  }
}

/** Root in a container may have everything and be allowed nothing: each thing that a network is made of is tried once. */
function whatIsRefused() {
  const prefix = prefixOf(process.pid);
  const name = `${prefix}-probe`;
  const nat =
    'table inet probe { chain after { type nat hook postrouting priority srcnat; masquerade fully-random; }; }';
  const steps = [
    ['ip', 'netns', 'add', name],
    ['ip', '-n', name, 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'other'],
    ['ip', 'netns', 'exec', name, 'sysctl', '-q', '-w', 'net.ipv4.ip_forward=1'],
    ['ip', 'netns', 'exec', name, 'nft', nat],
  ];
  try {
    for (const [program = '', ...args] of steps) {
      const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
      if (status !== 0) return `${program}: ${stderr.trim().split('\n')[0] || 'no'}`;
    }
    return null;
  } finally {
    sweep(prefix);
  }
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
  const path = process.env['LAB_REPORT'];
  if (path !== undefined) writeFileSync(path, JSON.stringify({ passed: 0, failed: 0 }));
  process.exitCode = isRequired ? 1 : 0;
}
