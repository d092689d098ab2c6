/**
 * Takes away what a run of the lab leaves behind: its network namespaces, with every process in them and every
 * interface. Everything of a run carries its prefix, and the prefix its process id.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

/** Where `ip netns` keeps them. */
const NAMESPACES = '/run/netns';
const PREFIX = /^(parley-nat-(\d+))-/;

/** @param {number} pid of the run's first process */
export const prefixOf = (pid) => `parley-nat-${pid}`;

/** @param {string} prefix */
export function sweep(prefix) {
  for (const name of namespaces().filter((one) => one.startsWith(`${prefix}-`))) {
    const pids = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).stdout.split('\n');
    for (const pid of pids.map(Number).filter((one) => one > 0)) end(pid);
    spawnSync('ip', ['netns', 'delete', name]);
  }
}

/** What runs left behind that were killed before they could sweep. */
export function sweepDead() {
  const found = namespaces().map((name) => PREFIX.exec(name));
  for (const [, prefix = '', pid = ''] of found.filter((match) => match !== null)) {
    if (!existsSync(`/proc/${pid}`)) sweep(prefix);
  }
}

function namespaces() {
  return existsSync(NAMESPACES) ? readdirSync(NAMESPACES) : [];
}

/** @param {number} pid */
function end(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (cause) {
    const isGone = cause instanceof Error && 'code' in cause && cause.code === 'ESRCH';
    if (!isGone) throw cause;
  }
}
